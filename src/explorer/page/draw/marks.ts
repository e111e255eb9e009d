/** The shapes of verdicts and of evidence classes, as SVG: no verdict is told by its colour alone. */
import type { VNode } from 'preact';
import type { EvidenceClass, Verdict } from '../../../statement/vocabulary.ts';
import { CLASS_WORDS } from '../../../words/results.ts';
import { html } from '../html.ts';

/** Paths in a box of 16 by 16. */
const VERDICT_PATHS: Readonly<Record<Verdict, string>> = {
  PROVEN: 'M8 2a6 6 0 1 0 0 12a6 6 0 1 0 0-12z',
  VIOLATED: 'M2 2h12v12h-12z',
  CONTRADICTED: 'M8 1l7 7l-7 7l-7-7z',
  STALE: 'M10 2.3a6 6 0 0 1 2.4 9.8M6 2.3a6 6 0 0 0-2.4 9.8M6 13.7a6 6 0 0 0 4 0',
  UNKNOWN: 'M8 2a6 6 0 1 0 0 12a6 6 0 1 0 0-12z',
  WAIVED: 'M8 2l6.5 12h-13z',
  REVOKED: 'M3 3l10 10M13 3l-10 10',
  SUPERSEDED: 'M2 8h9M8 4l4 4l-4 4',
};

/** Verdicts that are drawn by a line, whether verified or not. */
const LINES: ReadonlySet<Verdict> = new Set(['STALE', 'UNKNOWN', 'REVOKED', 'SUPERSEDED']);

export interface VerdictProps {
  readonly verdict: Verdict;
  /** What a waiver hides. */
  readonly hidden?: Verdict | null | undefined;
  /** Whether this browser computed it from entries that it verified. Without, nothing is filled, and nothing is green. */
  readonly verified: boolean;
  /** Whether it is so only if the server left nothing newer out. */
  readonly listed?: boolean;
}

/** A verdict by shape, word and colour. `WAIVED (VIOLATED)`: what is hidden stands beside it. */
export function VerdictMark({ verdict, hidden, verified: computed, listed = false }: VerdictProps): VNode {
  const verified = computed && !listed;
  const under =
    hidden === undefined || hidden === null
      ? null
      : html` <span class=${verified ? hidden.toLowerCase() : 'hollow'}>(${hidden})</span>`;
  return html`<span class=${`verdict ${verified ? verdict.toLowerCase() : 'hollow'}`}>
    <${VerdictShape} verdict=${verdict} />${verdict}${under}${
      verified
        ? null
        : html`<span class="said">
            ${computed ? 'if the server left nothing newer out' : 'says the server'}</span
          >`
    }
  </span>`;
}

/** In place of PROVEN, once the proof after it is due. */
export function Lapsed(): VNode {
  return html`<span class="verdict stale"><${VerdictShape} verdict="STALE" />was PROVEN</span>
    <button class="small" type="button" onClick=${() => location.reload()}>Look again</button>`;
}

export function VerdictShape({ verdict }: { readonly verdict: Verdict }): VNode {
  const kind = LINES.has(verdict) ? 'mark lined' : 'mark';
  return html`<svg class=${kind} viewBox="0 0 16 16" aria-hidden="true">
    <path d=${VERDICT_PATHS[verdict]} />
  </svg>`;
}

/** Paths around (0, 0), about 8 across: who would have to lie has a shape. */
export const CLASS_PATHS: Readonly<Record<EvidenceClass, string>> = {
  E0: 'M-4-1h8v2h-8z',
  E1: 'M0-4a4 4 0 1 0 0 8a4 4 0 1 0 0-8z',
  E2: 'M-2-3.5a3.5 3.5 0 1 0 0 7a3.5 3.5 0 1 0 0-7zM2-3.5a3.5 3.5 0 1 1 0 7a3.5 3.5 0 1 1 0-7z',
  E3: 'M0-5l4 1.6v3.2c0 2.6-1.8 4.2-4 5.2c-2.2-1-4-2.6-4-5.2v-3.2z',
  E4: 'M0-5l1.5 3.2l3.5.4l-2.6 2.4l.7 3.5l-3.1-1.8l-3.1 1.8l.7-3.5l-2.6-2.4l3.5-.4z',
};

/** `E3 target-signed`, with its shape. */
export function ClassMark({ evidence }: { readonly evidence: EvidenceClass }): VNode {
  return html`<span class="class">
    <svg class="mark" viewBox="-6 -6 12 12" aria-hidden="true"><path d=${CLASS_PATHS[evidence]} /></svg>
    ${evidence} ${CLASS_WORDS[evidence]}
  </span>`;
}
