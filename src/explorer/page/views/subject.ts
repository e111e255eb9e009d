/** The page /s/SUBJECT. */
import type { VNode } from 'preact';
import { html } from '../html.ts';
import type { ViewProps } from '../view.ts';

export function Subject({ place }: ViewProps<'subject'>): VNode {
  return html`<h1>${place.subject}</h1>`;
}
