/** A kind of source: a text, or several, that `commit` reads into leaves (spec/claims.md, "Sources"). */
import type { Declarable, Exclusion } from '../leaf.ts';

/** Options for reading a source. A kind ignores options of other kinds. */
export interface SourceOptions {
  /** env: the value is the rest of the line, unchanged. */
  readonly literal: boolean;
  /** kubernetes: paths left out besides those that the kind itself leaves out, and why. */
  readonly ignore: readonly Exclusion[];
}

export interface Source {
  /** The first operand of `commit`, and what the commitment says under `source.kind`. */
  readonly kind: string;
  /** Names of files that may be read together as one source, from folders too. Absent: one source is one text. */
  readonly together?: RegExp;
  /** True if a byte order mark is left in the text for `declare`. */
  readonly keepsMark?: boolean;
  /** Leaves of the texts. Refuses `malformed-text`, `malformed-payload`, `too-large`. */
  readonly declare: (texts: readonly string[], options: SourceOptions) => Declarable;
}
