/** The page /e/INDEX. */
import type { VNode } from 'preact';
import { html } from '../html.ts';
import { useSession } from '../state/session.ts';
import type { ViewProps } from '../view.ts';
import { EntryShow } from './entry/shown.ts';

export function Entry({ place, boot }: ViewProps<'entry'>): VNode {
  const session = useSession(boot);
  return html`<h1>Entry ${place.index}</h1>
    ${session && html`<${EntryShow} boot=${boot} session=${session} name=${String(place.index)} />`}`;
}
