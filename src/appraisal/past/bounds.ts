/**
 * Bounds the time at which an entry was logged, and at which its content was made, by the reader's witnesses (spec/audit.md,
 * "Bounds in time"):
 *
 *     logged not after    a quorum had cosigned a head that holds the entry
 *     logged not before   the entry comes after a notice `witnessed`, whose checkpoint a quorum cosigned before
 *     made not before     its challenge is of a tree that holds such a notice
 *
 * The times that the log states are not used. Pure.
 */
import { countWhile } from '../../bytes/ascending.ts';
import type { OpenedCheckpoint } from '../../note/checkpoint.ts';
import { quorumTimes } from '../../note/quorum-time.ts';
import type { TrustPolicy } from '../../note/trust.ts';
import type { Bounds, WitnessedHead } from './types.ts';

/**
 * A checkpoint that was opened with the reader's policy, as a witnessed head. Undefined if no quorum cosigned it.
 * `index`: of the notice that holds it.
 */
export function witnessedHead(
  { checkpoint, cosignatures }: Pick<OpenedCheckpoint, 'checkpoint' | 'cosignatures'>,
  policy: TrustPolicy,
  index: number | undefined,
): WitnessedHead | undefined {
  const times = quorumTimes(policy, cosignatures);
  if (times === undefined) return undefined;
  const { size, root } = checkpoint;
  // A notice cannot hold a head of a tree that contains the notice itself. One that does so shows nothing about time.
  if (index !== undefined && size > index) return undefined;
  return { index, size, root, notAfter: times.earliest, notBefore: times.latest };
}

/** What the witnessed heads of a log show about the time of its entries. */
export interface TimeBounds {
  /** When the entry with this index was logged. */
  boundsOf(index: number): Bounds;
  /** When something that names the tree of this size was made, at the earliest. */
  madeNotBefore(challengeSize: number): number | undefined;
}

/** Bounds by heads that are shared: of one log and one period, every subject has the same. */
const KNOWN = new WeakMap<readonly WitnessedHead[], TimeBounds>();

/** As `timeBounds`, for a list that does not change: whoever asks again gets the same answer without sorting again. */
export function sharedBounds(heads: readonly WitnessedHead[]): TimeBounds {
  const bounds = KNOWN.get(heads) ?? timeBounds(heads);
  KNOWN.set(heads, bounds);
  return bounds;
}

/** The bounds by these heads. The heads are sorted once, so each later question costs a binary search. */
export function timeBounds(heads: readonly WitnessedHead[]): TimeBounds {
  const bySize = heads.toSorted((a, b) => a.size - b.size);
  const sizes = bySize.map(({ size }) => size);
  const earliest = runningMin(bySize.map(({ notAfter }) => notAfter).toReversed()).toReversed();
  const noticed = heads
    .flatMap(({ index, notBefore }) => (index === undefined ? [] : [{ index, notBefore }]))
    .toSorted((a, b) => a.index - b.index);
  const indices = noticed.map(({ index }) => index);
  const latest = runningMin(noticed.map(({ notBefore }) => -notBefore)).map((each) => -each);
  const newestBelow = (index: number): number | undefined => latest[countBelow(indices, index) - 1];
  return {
    boundsOf: (index) => ({
      notBefore: newestBelow(index),
      notAfter: earliest[countBelow(sizes, index + 1)],
    }),
    madeNotBefore: newestBelow,
  };
}

/** The least of the numbers so far, at each place. */
function runningMin(numbers: readonly number[]): readonly number[] {
  let least = Infinity;
  return numbers.map((each) => (least = Math.min(least, each)));
}

/** How many of the ascending numbers are less than `limit`. */
export function countBelow(ascending: readonly number[], limit: number): number {
  return countWhile(ascending, (each) => each < limit);
}
