/** The page /e/INDEX. */
import type { VNode } from 'preact';
import { html } from '../html.ts';
import type { ViewProps } from '../view.ts';

export function Entry({ place }: ViewProps<'entry'>): VNode {
  return html`<h1>Entry ${place.index}</h1>`;
}
