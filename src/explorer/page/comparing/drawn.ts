/** Two heads drawn: one line where their trees are the same, two where they part. */
import type { VNode } from 'preact';
import { html } from '../html.ts';
import type { ComparedShown, HeadCompared } from './protocol.ts';

const [WIDTH, STEM, END] = [640, 40, 600] as const;

export function Drawn({ compared }: { readonly compared: ComparedShown }): VNode | null {
  const [one, other] = compared.heads;
  if (one === undefined || other === undefined) return null;
  return compared.relation === 'split'
    ? html`<${Split} one=${one} other=${other} common=${compared.common} />`
    : html`<${One} one=${one} other=${other} />`;
}

interface Pair {
  readonly one: HeadCompared;
  readonly other: HeadCompared;
}

function One({ one, other }: Pair): VNode {
  const most = Math.max(one.size, other.size, 1);
  const at = (size: number): number => STEM + ((END - STEM) * size) / most;
  return html`<svg class="compared" viewBox=${`0 0 ${WIDTH} 110`} role="img" aria-label="One line of entries">
    <path class="stem" d=${`M${STEM} 55H${END}`} />
    <${Head} x=${at(one.size)} y=${55} text=${`first: ${count(one.size)}`} above />
    <${Head} x=${at(other.size)} y=${55} text=${`second: ${count(other.size)}`} />
  </svg>`;
}

function Split({ one, other, common }: Pair & { readonly common: number | null }): VNode {
  const most = Math.max(one.size, other.size, 1);
  const known = common ?? Math.floor(Math.min(one.size, other.size) / 2);
  // The place where they part is never at an end: both lines are to be seen.
  const parts = Math.min(STEM + ((END - STEM) * known) / most, END - 120);
  const at = (size: number): number => Math.max(parts + 60, STEM + ((END - STEM) * size) / most);
  const text = common === null ? 'where they part is not known' : `the same up to entry ${count(common)}`;
  return html`<svg
    class="compared"
    viewBox=${`0 0 ${WIDTH} 170`}
    role="img"
    aria-label=${`Two histories: ${text}`}
  >
    <path class=${common === null ? 'stem unsure' : 'stem'} d=${`M${STEM} 85H${parts}`} />
    <path class="branch" d=${`M${parts} 85L${parts + 30} 45H${at(one.size)}`} />
    <path class="branch" d=${`M${parts} 85L${parts + 30} 125H${at(other.size)}`} />
    <text x=${STEM} y="105">${text}</text>
    <${Head} x=${at(one.size)} y=${45} text=${`first: ${count(one.size)}`} above />
    <${Head} x=${at(other.size)} y=${125} text=${`second: ${count(other.size)}`} />
  </svg>`;
}

interface HeadProps {
  readonly x: number;
  readonly y: number;
  readonly text: string;
  readonly above?: boolean;
}

function Head({ x, y, text, above = false }: HeadProps): VNode {
  return html`<g>
    <circle cx=${x} cy=${y} r="6" />
    <text x=${x} y=${above ? y - 14 : y + 24} text-anchor=${x > WIDTH / 2 ? 'end' : 'start'}>${text}</text>
  </g>`;
}

function count(value: number): string {
  return value.toLocaleString('en');
}
