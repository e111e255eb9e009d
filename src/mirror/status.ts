/** How a mirror is doing, in numbers, and as reasons for people. */
import type { Readiness } from '../log/ports.ts';

/** How the mirror is doing, for readiness, metrics and its page. Times: milliseconds since the epoch. */
export interface MirrorStatus {
  /** Size of the newest accepted head of the origin. */
  originSize: number | undefined;
  /** Entries in place, while a sync is under way. */
  syncing: { done: number; total: number } | undefined;
  lastSync: number | undefined;
  unreachableSince: number | undefined;
  /** Code of the refusal that the last sync ended with; its words may name paths of this machine. */
  problem: string | undefined;
  /** The right edge of the copy did not make its root: the next sync looks at everything. */
  damaged: boolean;
  /** Why nothing is followed any more. */
  halted: string | undefined;
  incidents: number;
  fetched: number;
  repaired: number;
  readonly failures: Map<string, number>;
}

/** The status of a mirror that has asked for nothing yet. */
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
 * Ready as soon as there is something verified to serve, and for as long: a mirror that left its load balancer
 * when the log went away would be of no use. What is not as it should be stands in the reasons all the same.
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
    reasons.push(`the log cannot be reached since ${new Date(unreachableSince).toISOString()}`);
  else if (problem !== undefined) reasons.push(`the last sync failed: ${problem}`);
  return { ready: size !== undefined && !damaged, reasons };
}
