/** Spans before it is known why no proof came (silence.ts). */
import type { Span, Uncovered } from './known-types.ts';

/** A span whose reason is not final. `silent`: a proof was due and did not come; silence.ts finds out why. */
export type Draft = Omit<Span, 'why'> & { readonly why: Uncovered | 'silent' | undefined };

/** What a span of nothing known has. */
export const NOTHING = {
  hides: undefined,
  why: undefined,
  verdict: undefined,
  evidence: undefined,
  commitment: undefined,
  entry: undefined,
  startedAfter: undefined,
  waiver: undefined,
} as const;
