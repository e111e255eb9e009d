/** The page /compare. */
import type { VNode } from 'preact';
import { TITLES } from '../../shared/place.ts';
import { html } from '../html.ts';
import type { ViewProps } from '../view.ts';

export function Compare({ place }: ViewProps<'compare'>): VNode {
  return html`<h1>${TITLES[place.kind]}</h1>`;
}
