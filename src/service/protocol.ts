/** The messages between the HTTP thread and the sequencer's thread. */
import type { CheckedBatch } from '../log/batch.ts';
import type { SealedHead } from '../log/ports.ts';
import type { Appended } from '../log/sequencer.ts';
import type { packed } from '../workers/rpc.ts';

/** Paths and names; secrets are read from their files on the other side. */
export interface SequencerOptions {
  readonly origin: string;
  /** `iss` of receipts. */
  readonly issuer: string;
  readonly storePath: string;
  readonly guardPath: string;
  /** Entry 0, for a log that has none yet. */
  readonly genesisPath: string;
  readonly ed25519Path: string;
  readonly mldsa44Path: string;
  readonly receiptPath: string;
  /** The key of the log's notary; read when it is used, so that it can be made while the log runs. */
  readonly notaryPath: string;
  readonly checkpointIntervalMs: number;
  /** Seconds the clock may lag behind the last batch. */
  readonly clockTolerance: number;
}

export type SequencerQuestion =
  | { readonly kind: 'append'; readonly batches: readonly CheckedBatch[] }
  /** Signs a notice `witnessed` that holds this note. */
  | { readonly kind: 'witnessed'; readonly note: Uint8Array }
  /** `probe`: whether the next batch could be logged. `flush`: signs and sends the newest head. */
  | { readonly kind: 'probe' | 'flush' | 'close' };

/** Answers `append` with what was appended, `witnessed` with the statement, the others with undefined. */
export type SequencerAnswer = Appended | { readonly statement: Uint8Array } | undefined;

export type Failure = ReturnType<typeof packed>;

export type SequencerEvent =
  | {
      readonly kind: 'started';
      readonly head: SealedHead;
      readonly note: Uint8Array;
      readonly policyEntry: Uint8Array;
    }
  | { readonly kind: 'failed'; readonly failure: Failure }
  | { readonly kind: 'signed'; readonly note: Uint8Array; readonly head: SealedHead }
  | { readonly kind: 'signing-failed'; readonly failure: Failure };
