/** What a publisher needs, and its time limits. */
import type { TrustPolicy } from '../note/trust.ts';
import type { AskerParts } from './witness-client.ts';
import type { SealedHead } from './ports.ts';
import type { AskTiming } from './witnessstate.ts';

/** Milliseconds. */
export interface PublisherTiming extends AskTiming {
  /** Shortest time between the starts of two rounds. Public witnesses accept one checkpoint a second. */
  readonly intervalMs: number;
  /** Greatest age of a witness's line on the newest head. */
  readonly refreshMs: number;
  /**
   * After the start, no round is published before every witness has answered, or this time has passed. If the store was
   * restored from an old backup, the witness that knows a larger tree can then object before the others make a quorum.
   */
  readonly hearingMs: number;
  /** How long a log that is closing tries to publish its last head. */
  readonly closingMs: number;
}

export const PUBLISHER_TIMING: PublisherTiming = {
  intervalMs: 1000,
  refreshMs: 600_000,
  hearingMs: 5000,
  closingMs: 6000,
  firstBackoffMs: 1000,
  longestBackoffMs: 300_000,
  neededBackoffMs: 30_000,
  perMinute: 60,
};

export interface PublisherParts extends AskerParts {
  readonly policy: TrustPolicy;
  readonly timing: PublisherTiming;
  readonly setTimer: (run: () => void, ms: number) => void;
  /** Makes a note readable. */
  readonly publish: (note: Uint8Array, head: SealedHead) => void;
  /** Stores a cosigned note for the next start. */
  readonly keep: (note: Uint8Array, head: SealedHead) => Promise<void>;
  /** Stores the proof that this log went back or forked, with which it must not start again. */
  readonly keepProof: (note: Uint8Array) => Promise<void>;
}
