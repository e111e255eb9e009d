/** A kind of source: a text, or several, that `commit` reads into leaves (spec/claims.md, "Sources"). */
import type { Declarable, Exclusion } from '../leaf.ts';

/** A file of a source, or standard input. */
export interface SourceText {
  /** As it was named. Of a kind with `mains`: where the file stands for the program, `/etc/ssh/sshd_config`. */
  readonly name: string;
  /** May be read when it is asked for. Refuses `malformed-text`, `too-large` and what cannot be read. */
  readonly text: string;
}

/** Options for reading a source. A kind ignores options of other kinds. */
export interface SourceOptions {
  /** env: the value is the rest of the line, unchanged. */
  readonly literal: boolean;
  /** kubernetes: paths left out besides those that the kind itself leaves out, and why. */
  readonly ignore: readonly Exclusion[];
  /** Kinds with `mains`: directories all of whose files are given, so that a pattern that finds none there finds nothing. */
  readonly whole?: readonly string[];
  /** Files of folders that are not read, and that the program may read (`besides`). */
  readonly besides?: readonly string[];
}

export interface Source {
  /** The first operand of `commit`, and what the commitment says under `source.kind`. */
  readonly kind: string;
  /** Names of files that may be read together as one source, from folders too. Absent: one source is one text. */
  readonly together?: RegExp;
  /** Names of files below a folder that are not read, and are named as left out. */
  readonly besides?: RegExp;
  /** True if folders are read with all that is below them, `--recursive` or not. */
  readonly recursive?: true;
  /**
   * Of a kind whose main file includes others: where it lies in a folder that is named, and which directory that folder then
   * stands for; empty: for itself, since the main file names others relative to it. The first text is the main file. All files of such folders are given, and read when they are included.
   */
  readonly mains?: ReadonlyMap<string, string>;
  /** True if a byte order mark is left in the text for `declare`. */
  readonly keepsMark?: boolean;
  /** True for a declared leaf, its value as a plain one, of which a listing by the program itself tells nothing (`sshd -T`). */
  readonly isUnlisted?: (path: string, value: unknown) => boolean;
  /** Leaves of the texts. Refuses `malformed-text`, `malformed-payload`, `too-large`. */
  readonly declare: (texts: readonly SourceText[], options: SourceOptions) => Declarable;
}
