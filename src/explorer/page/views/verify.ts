/** The page /verify: files are examined as in verify.html, by a page that this server gave. */
import type { VNode } from 'preact';
import { useMemo } from 'preact/hooks';
import { TITLES } from '../../shared/place.ts';
import { Examiner } from '../examining/remote.ts';
import { Examine } from '../examining/view.ts';
import { html } from '../html.ts';
import { keptTrust } from '../state/reader-trust.ts';
import type { ViewProps } from '../view.ts';
import { startWorker } from '../worker/start.ts';

export function Verify({ place, boot }: ViewProps<'verify'>): VNode {
  const examiner = useMemo(() => new Examiner(() => startWorker({ worker: boot.files })), [boot]);
  const kept = boot.site === null ? undefined : keptTrust(boot.site.origin);
  return html`<h1>${TITLES[place.kind]}</h1>
    <p class="note">
      This page came from <b>${location.host}</b>. Whoever lies to you about files can serve a page that lies,
      too: for evidence, save <a href="/verify.html" download="verify.html">verify.html</a> once, compare its
      SHA-256 with the one of the release, and use that file. It works without a network.
    </p>
    <dl class="facts">
      <dt>SHA-256 of verify.html, as this server has it</dt>
      <dd><code>${boot.saved === '' ? 'not built here' : boot.saved}</code></dd>
    </dl>
    <${Examine} examiner=${examiner} kept=${kept} />`;
}
