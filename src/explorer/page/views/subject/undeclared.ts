/** A subject about which nothing was declared: the log itself, say, or a name that somebody typed. */
import type { VNode } from 'preact';
import type { Boot } from '../../../shared/boot.ts';
import { html } from '../../html.ts';
import type { Session } from '../../state/session.ts';
import { Found, ROWS } from '../search.ts';

export function Undeclared({
  boot,
  session,
  subject,
}: {
  readonly boot: Boot;
  readonly session: Session;
  readonly subject: string;
}): VNode {
  const why =
    subject === session.site.origin
      ? 'This is the log itself. It declares no claim, so it has no verdict: its entries are its registration policies, and what was logged about it.'
      : 'Nothing was declared about this subject, so there is nothing to be proven, and no verdict.';
  return html`<h1>${subject}</h1>
    <p>${why}</p>
    <h2>Its entries</h2>
    <${Found}
      boot=${boot}
      session=${session}
      asked=${{ kind: 'search', limit: ROWS, whole: false, subject }}
    />`;
}
