/**
 * When a claim is proven: neither the agent chooses it nor can the target foresee it (spec/agent.md §5). Time is cut
 * into slots; where in its slot a proof falls, a secret seed says, committed to in advance, together with the log's
 * root of when the slot began. Once the seed is revealed, everyone can recompute it.
 */
import { createHmac } from 'node:crypto';
import type { Digest } from '../bytes/brand.ts';
import { concatBytes } from '../bytes/compare.ts';
import { bigEndian } from '../bytes/cursor.ts';
import { encodeUtf8 } from '../bytes/text.ts';
import { sha256 } from './hash.ts';

/** A slot: its number, and the seconds [start, end) that belong to it. */
export interface Slot {
  readonly number: number;
  readonly length: number;
  readonly start: number;
  readonly end: number;
}

/**
 * Seconds of the slots of a claim: 9/20 of its cadence, rounded down, one at least. One proof falls into each slot, so
 * two of them are less than two slots apart: nine tenths of the cadence, which leaves time to prove and to log.
 */
export function slotLength(cadence: number): number {
  return Math.max(1, Math.floor((cadence * 9) / 20));
}

/** The slot that a time (POSIX seconds) is in: number = floor(time ÷ length). */
export function slotAt(time: number, length: number): Slot {
  const number = Math.floor(time / length);
  return { number, length, start: number * length, end: (number + 1) * length };
}

/**
 * When the proof of a slot is due, POSIX seconds: start + (the first 6 bytes of HMAC-SHA-256(seed, number ‖ root) as a
 * big-endian integer) mod length; the number as 8 bytes big-endian. `root`: of the beacon, 32 bytes.
 */
export function dueIn({ number, length, start }: Slot, seed: Uint8Array, root: Digest): number {
  const mac = createHmac('sha256', seed).update(bigEndian(number, 8)).update(root).digest();
  return start + (mac.readUIntBE(0, 6) % length);
}

/** Seconds that one seed serves, unless a slot is longer. */
const DAY = 86_400;

/** Seconds of the epochs of a subject: whole days, and no shorter than its longest slot. */
export function epochLength(longestSlot: number): number {
  return Math.max(1, Math.ceil(longestSlot / DAY)) * DAY;
}

/** The seeds of one subject, each for one epoch, all from one secret: HMAC-SHA-256(master, label ‖ epoch ‖ subject). */
export class Seeds {
  readonly #master: Uint8Array;
  readonly #subject: string;
  readonly epoch: number;

  /** `epoch`: seconds, of `epochLength`. */
  constructor(master: Uint8Array, subject: string, epoch: number) {
    this.#master = master;
    this.#subject = subject;
    this.epoch = epoch;
  }

  /** The seed for slots that start at `time`. */
  seedAt(time: number): Uint8Array {
    return this.#seed(Math.floor(time / this.epoch));
  }

  /**
   * What a proof made at `time` says of them: the seed in force and the next one by their SHA-256, and the seed of two
   * epochs ago, which no slot is left of.
   */
  told(time: number): {
    readonly seedCommitment: Digest;
    readonly next: Digest;
    readonly revealed: Uint8Array;
  } {
    const number = Math.floor(time / this.epoch);
    return {
      seedCommitment: sha256(this.#seed(number)),
      next: sha256(this.#seed(number + 1)),
      revealed: this.#seed(number - 2),
    };
  }

  #seed(number: number): Uint8Array {
    const message = concatBytes(
      encodeUtf8('tallystick agent seed v1\0'),
      bigEndian(this.epoch, 8),
      bigEndian(number, 8),
      encodeUtf8(this.#subject),
    );
    return new Uint8Array(createHmac('sha256', this.#master).update(message).digest());
  }
}
