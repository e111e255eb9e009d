/** Says that a page is about a moment of the past: a link may hold one, and what is green there may be red now. */
import type { VNode } from 'preact';
import { html } from '../../html.ts';

/** `at`: as `--at` takes it; undefined: now. */
export function AsItStood({ at }: { readonly at: string | undefined }): VNode | null {
  if (at === undefined) return null;
  return html`<p class="note past-moment" role="status">
    <b>This is the past: as it stood at <code>${at}</code>, not as it stands now.</b> Whatever was logged
    later is left out.${' '} <a href=${location.pathname}>As it stands now</a>
  </p>`;
}
