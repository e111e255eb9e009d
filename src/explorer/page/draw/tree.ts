/** The way from an entry to the signed root, drawn: each level a row, the entry's nodes filled, those from the proof hollow. */
import type { VNode } from 'preact';
import { html } from '../html.ts';
import type { NodeShown, PlaceShown } from '../worker/protocol.ts';

const ROW = 44;
const WIDTH = 360;

export function TreePath({ place }: { readonly place: PlaceShown }): VNode {
  const { steps, size, index } = place;
  const top = { start: 0, end: size, hash: place.root };
  const rows = steps.toReversed();
  const height = (rows.length + 1) * ROW;
  const xOf = (depth: number): number => WIDTH / 2 - (depth % 2 === 0 ? 0 : 12);
  return html`<svg
    class="tree"
    viewBox=${`0 0 ${WIDTH} ${height}`}
    role="img"
    aria-label=${`Entry ${index} is ${steps.length} hashes below the root of ${size} entries; the list below names them`}
  >
    <${TreeNode} node=${top} x=${xOf(0)} y=${14} what="root, signed" own=${true} />
    ${rows.map(({ child, sibling }, i) => {
      const y = (i + 1) * ROW + 14;
      const left = child.start < sibling.start;
      const [own, other] = [xOf(i + 1) + (left ? -70 : 70), xOf(i + 1) + (left ? 70 : -70)];
      const from = i === 0 ? xOf(0) : ownX(rows[i - 1], xOf(i));
      return html`<g key=${y}>
        <line x1=${from} y1=${y - ROW + 6} x2=${own} y2=${y - 6} />
        <line class="given" x1=${from} y1=${y - ROW + 6} x2=${other} y2=${y - 6} />
        <${TreeNode}
          node=${child}
          x=${own}
          y=${y}
          own=${true}
          what=${i === rows.length - 1 ? 'this entry' : ''}
        />
        <${TreeNode} node=${sibling} x=${other} y=${y} own=${false} what="" />
      </g>`;
    })}
  </svg>`;
}

function ownX(step: PlaceShown['steps'][number] | undefined, middle: number): number {
  return step !== undefined && step.child.start < step.sibling.start ? middle - 70 : middle + 70;
}

function TreeNode({
  node,
  x,
  y,
  own,
  what,
}: {
  readonly node: NodeShown;
  readonly x: number;
  readonly y: number;
  readonly own: boolean;
  readonly what: string;
}): VNode {
  return html`<g class=${own ? 'node own' : 'node given'}>
    <title>${`${rangeText(node)}: ${node.hash}`}</title>
    <circle cx=${x} cy=${y} r="6" />
    <text x=${x} y=${y + 20} text-anchor="middle">${rangeText(node)}${what === '' ? '' : `, ${what}`}</text>
  </g>`;
}

/** `leaf 12`, `leaves 8–15`. */
export function rangeText({ start, end }: NodeShown): string {
  return end - start === 1 ? `leaf ${start}` : `leaves ${start}–${end - 1}`;
}
