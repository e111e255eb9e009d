/** What a publisher needs, and its times. */
import type { TrustPolicy } from '../note/trust.ts';
import type { AskerParts } from './witness-client.ts';
import type { SealedHead } from './ports.ts';
import type { AskTiming } from './witnessstate.ts';

/** Milliseconds. */
export interface PublisherTiming extends AskTiming {
  /** Shortest time between the starts of two rounds. Public witnesses take one checkpoint a second. */
  readonly intervalMs: number;
  /** How old a witness's line on the newest head may grow. */
  readonly refreshMs: number;
  /**
   * After the start, every witness is heard before the first round counts, for at most so long: a store that
   * went back does so at a restart, and the witness that knows must not be outrun by those that do not.
   */
  readonly hearingMs: number;
  /** How long a closing log tries to publish its last head. */
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
  /** Keeps a cosigned note for the next start. */
  readonly keep: (note: Uint8Array, head: SealedHead) => Promise<void>;
  /** Keeps the proof that this log went back or forked: it must not start again with it. */
  readonly keepProof: (note: Uint8Array) => Promise<void>;
}
