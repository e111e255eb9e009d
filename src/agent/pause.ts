/**
 * How long to wait while something cannot be reached: longer with every failure, and random, so that not everyone
 * returns at once.
 */

/** Milliseconds: bounds of the first pause and of every pause. */
const FIRST_MS = 2_000;
const LONGEST_MS = 300_000;

/** Milliseconds after so many failures before; `drawn` is uniform in [0, 1). */
export function pauseAfter(failures: number, drawn: number): number {
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures, 20));
  return Math.round(ceiling / 2 + (drawn * ceiling) / 2);
}

/** Shortest sleep of a daemon, milliseconds. */
export const SHORTEST_MS = 20;
