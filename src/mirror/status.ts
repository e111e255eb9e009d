/** The status of a mirror as numbers, and as reasons for people. */
import type { Readiness } from '../log/ports.ts';
import { formatMilliseconds } from '../bytes/time.ts';

/** The status, for readiness, metrics and the mirror's page. Times are milliseconds since the epoch. */
export interface MirrorStatus {
  /** Size of the newest accepted head of the origin. */
  originSize: number | undefined;
  /** Entries in place, while a sync is under way. */
  syncing: { done: number; total: number } | undefined;
  lastSync: number | undefined;
  unreachableSince: number | undefined;
  /** Code of the refusal that ended the last sync. The message is left out, since it may name paths of this machine. */
  problem: string | undefined;
  /** True if the right edge of the copy did not fold to its root; the next sync checks every file. */
  damaged: boolean;
  /** Why the mirror follows the log no more; undefined if it does. */
  halted: string | undefined;
  incidents: number;
  fetched: number;
  repaired: number;
  readonly failures: Map<string, number>;
}

/** The status of a mirror before its first request. */
export function startingStatus(found: Pick<MirrorStatus, 'damaged' | 'halted' | 'incidents'>): MirrorStatus {
  const { damaged, halted, incidents } = found;
  return {
    damaged,
    originSize: undefined,
    syncing: undefined,
    lastSync: undefined,
    unreachableSince: undefined,
    problem: undefined,
    halted,
    incidents,
    fetched: 0,
    repaired: 0,
    failures: new Map(),
  };
}

/**
 * Ready as long as there is verified data to serve. A mirror should stay in service when its log cannot be reached, so
 * problems are listed as reasons and do not change readiness.
 */
export function readinessOf(status: MirrorStatus, size: number | undefined): Readiness {
  const { originSize, syncing, unreachableSince, problem, damaged, halted } = status;
  const reasons: string[] = [];
  if (size === undefined) reasons.push('nothing is mirrored yet');
  if (damaged) reasons.push('the copy is damaged: its right edge does not make the signed root');
  if (syncing !== undefined)
    reasons.push(`syncing: ${syncing.done} of ${syncing.total} entries are in place`);
  if (size !== undefined && originSize !== undefined && originSize > size)
    reasons.push(`the copy has ${size} of ${originSize} entries`);
  if (halted !== undefined) reasons.push(halted);
  else if (unreachableSince !== undefined)
    reasons.push(`the log cannot be reached since ${formatMilliseconds(unreachableSince)}`);
  else if (problem !== undefined) reasons.push(`the last sync failed: ${problem}`);
  return { ready: size !== undefined && !damaged, reasons };
}
