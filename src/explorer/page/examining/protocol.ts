/**
 * What a page asks of the thread that examines files, and what that answers. One question at a time: a page that wants no more ends
 * the thread. Both are built together, and all of it is plain data.
 */
import type { CompareAsk, ComparedShown } from '../comparing/protocol.ts';
import type { CheckShown, Fault, PlaceShown, TrustShown } from '../worker/protocol.ts';

/** A file that was dropped or chosen. `name`: with the folder that it was in: `proofs/web/statement.cose`. */
export interface GivenFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export type FilesAsk =
  | CompareAsk
  /** Reads whom the reader goes by. */
  | ({ readonly kind: 'trust' } & GoneBy)
  /** `trust`: the reader's; null without one. */
  | { readonly kind: 'files'; readonly files: readonly GivenFile[]; readonly trust: GoneBy | null };

/** A trust policy, or verifier keys; and the log's keys for receipts, a COSE key or a set of them. One of the two may be empty. */
export interface GoneBy {
  readonly text: string;
  readonly keys: Uint8Array | null;
}

export type FilesReply =
  | { readonly say: 'progress'; readonly what: string; readonly done: number; readonly of: number }
  | { readonly say: 'trust'; readonly trust: TrustShown }
  | { readonly say: 'files'; readonly verdicts: readonly FileVerdict[] }
  | { readonly say: 'compared'; readonly compared: ComparedShown }
  | { readonly say: 'failed'; readonly fault: Fault };

/** What evidence came to. Only `good` is green, and nothing is `good` without a trust policy of the reader's own. */
export type Tone = 'good' | 'bad' | 'unsure';

export interface FileVerdict {
  /** Of the file, the files or the folder. */
  readonly name: string;
  /** `a bundle`, `an incident`, `a commitment about web/shop` … */
  readonly what: string;
  readonly tone: Tone;
  /** As the command says it: `VERIFIED`, `NOT VERIFIED`, `REPORTED, NOT PROVEN` … */
  readonly word: string;
  readonly lines: readonly string[];
  readonly checks: readonly CheckShown[];
  /** Further lines under a title: what entries say, what is not proven. */
  readonly sections: readonly {
    readonly title: string;
    readonly lines: readonly { readonly tone: Tone | 'plain'; readonly text: string }[];
  }[];
  /** Rows of what a statement says, for people. */
  readonly rows: readonly (readonly [name: string, text: string])[];
  readonly place: PlaceShown | null;
}
