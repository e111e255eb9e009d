/**
 * When a claim is proven: at a time that the agent does not choose and the target cannot foresee (spec/agent.md §5).
 * Time is divided into slots of equal length, one proof in each. The time within a slot derives from a secret seed of
 * the agent, to which it committed in advance, and from the log's root when the slot began. Once the seed is revealed,
 * everyone can recompute the time (sampling.ts).
 */
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes } from '../bytes/compare.ts';
import { bigEndian } from '../bytes/cursor.ts';
import type { Claim } from '../statement/commitment.ts';

/** A slot: its number, and the seconds [start, end) that belong to it. */
export interface Slot {
  readonly number: number;
  readonly length: number;
  readonly start: number;
  readonly end: number;
}

/**
 * Seconds of a claim's slots: 9/20 of its cadence, rounded down, at least 1. Each slot has one proof, so two proofs are
 * less than two slots apart: nine tenths of the cadence. The last tenth is the time to make and log the proof.
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
export function dueIn({ number, length, start }: Slot, seed: Uint8Array, root: Uint8Array): number {
  const mac = hmac(sha256, seed, concatBytes(bigEndian(number, 8), root));
  const drawn = mac.subarray(0, 6).reduce((sum, byte) => sum * 256 + byte, 0);
  return start + (drawn % length);
}

/** Seconds that one seed serves, unless a slot is longer. */
const DAY = 86_400;

/** Seconds of the epochs of a subject: whole days, and no shorter than its longest slot. */
export function epochLength(longestSlot: number): number {
  return Math.max(1, Math.ceil(longestSlot / DAY)) * DAY;
}

/** Seconds of the epochs for these claims. */
export function epochFor(claims: readonly Pick<Claim, 'cadence'>[]): number {
  return epochLength(claims.reduce((longest, { cadence }) => Math.max(longest, slotLength(cadence)), 0));
}
