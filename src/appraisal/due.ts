/**
 * When a runtime proof of a claim is due: the one rule, which readers, monitors and agents call (spec/status.md, "Due").
 * It rests on numbers alone, so that a monitor can store what it rests on. Times: POSIX seconds.
 *
 *     first   from when the commitment counts: a period, or the claim's deadline if that is longer
 *     next    a period after what an agent reported last
 *     sooner  the deadline after each deployment that no look answered
 *
 * A period is the cadence, and the misses that are allowed.
 */
import { formatHex } from '../bytes/text.ts';
import { answerable, type Speaker } from '../registration/delegated.ts';
import type { Claim, Declaration } from '../statement/commitment.ts';
import type { RuntimeProof } from '../statement/proof.ts';
import type { EvidenceClass } from '../statement/vocabulary.ts';

/**
 * The terms of a claim that decide when its proof is due. `cadence` and `deadline` in seconds; `grace`: misses allowed.
 */
export type Terms = Pick<Claim, 'id' | 'cadence' | 'deadline' | 'grace'>;

/** What the due times of a commitment depend on besides its claims. */
export interface Basis {
  /** POSIX seconds at which the commitment began to count (`countsFrom`). */
  readonly from: number;
  /** Number of agents that must report in time: the threshold of the attestors if the commitment names some, else 1. */
  readonly needed: number;
  /** POSIX seconds of the deployments of this commitment (`deployedAt`). */
  readonly deployments: readonly number[];
}

/** The times of one observation that the next due time depends on. POSIX seconds. */
export interface ObservationTimes {
  /** When the agent began to observe. */
  readonly started: number;
  /** From when the period to the next proof runs. */
  readonly counted: number;
}

/**
 * Seconds that a challenge may be older than the newest entry without making the observation older: agents fetch the
 * tree head every half minute, and witnesses take time to cosign.
 */
const CHALLENGE_TOLERANCE = 300;

/** Seconds from one proof to the next: the cadence times one more than the misses allowed. */
export function periodOf({ cadence, grace = 0 }: Pick<Claim, 'cadence' | 'grace'>): number {
  return cadence * (1 + grace);
}

/**
 * POSIX seconds at which a commitment that took effect at `effective` begins to count: the later of that and the begin
 * of its validity.
 */
export function countsFrom(effective: number, { validity }: Pick<Declaration, 'validity'>): number {
  return Math.max(effective, validity?.notBefore ?? 0);
}

/**
 * POSIX seconds of a deployment: the time that its statement names, or the time at which it was logged (`time`) if that
 * is earlier.
 */
export function deployedAt(time: number, deployment: { readonly deployed: number }): number {
  return Math.min(time, deployment.deployed);
}

/**
 * Whether a proof counts. If the commitment names attestors, only theirs do, and those of nodes to which an attestor
 * delegated.
 */
export function isAttestor({ attestors }: Pick<Declaration, 'attestors'>, said: Speaker): boolean {
  return (
    attestors === undefined ||
    attestors.kids.some((each) => [said.kid, answerable(said)].includes(formatHex(each)))
  );
}

/**
 * When an observation began and ended. For most classes the agent's statement decides, but not later than the time at
 * which the log took the proof. A target's signature (E3) may be as old as its challenge, because whoever held the
 * challenge could have had it signed at once. So E3 counts from the time at which the log outgrew the tree that the
 * challenge names, plus a tolerance (`CHALLENGE_TOLERANCE`, or the cadence or deadline if shorter).
 *
 * `entry`: index and time of the proof. `outgrown`: when the entry with the index `challenge.size` was logged;
 * undefined if that is not known. `outdated`: why the observation counts as older than the agent states.
 */
export function observationTimes(
  terms: Terms,
  evidence: EvidenceClass,
  { challenge, window }: Pick<RuntimeProof, 'challenge' | 'window'>,
  entry: { readonly index: number; readonly time: number },
  outgrown: number | undefined,
): ObservationTimes & { readonly seen: number; readonly outdated: string | undefined } {
  const end = Math.min(window.end, entry.time);
  const byWord = { started: window.start, seen: end, counted: end, outdated: undefined };
  if (evidence !== 'E3') return byWord;
  const left = challenge.size < entry.index ? outgrown : entry.time;
  if (left === undefined) return byWord;
  const latest = left + Math.min(CHALLENGE_TOLERANCE, terms.cadence, terms.deadline ?? Infinity);
  return {
    started: Math.min(window.start, latest),
    seen: Math.min(end, left),
    counted: Math.min(end, latest),
    outdated:
      latest < end
        ? `the log had outgrown its challenge ${end - left} s before: the target may have signed it then`
        : undefined,
  };
}

/**
 * Time of the earliest deployment at or after `started`, which an observation that began at `started` does not cover;
 * Infinity if there is none.
 */
export function openDeployment(started: number, deployments: readonly number[]): number {
  return deployments.reduce((first, each) => (each >= started ? Math.min(first, each) : first), Infinity);
}

/** POSIX seconds by which an agent must have reported for the first time. */
export function firstDue(terms: Terms, basis: Basis): number {
  const first = basis.from + Math.max(periodOf(terms), terms.deadline ?? 0);
  return Math.min(first, deadlineAfter(-Infinity, terms, basis));
}

/**
 * POSIX seconds by which an agent must have reported again after this observation: a period later, or the deadline
 * after the earliest deployment that the observation does not cover, whichever is sooner.
 */
export function nextDue(terms: Terms, { started, counted }: ObservationTimes, basis: Basis): number {
  return Math.min(counted + periodOf(terms), deadlineAfter(started, terms, basis));
}

/** The due time of a claim, and the observation that it follows; `after` is undefined if it is the first due time. */
export interface ClaimDue<L extends ObservationTimes> {
  readonly due: number;
  readonly after: L | undefined;
}

/** An observation of an agent. */
export interface Observation extends ObservationTimes {
  /** Thumbprint of the key that answers for it (`answerable`): the keys to which one key delegated are one agent, since its owner can make any number of them. */
  readonly agent: string;
}

/** How many agents stand behind observations or reports. Thresholds and E2 count by this alone. */
export function agentsIn(all: readonly Pick<Observation, 'agent'>[]): number {
  return new Set(all.map(({ agent }) => agent)).size;
}

/**
 * The time after which fewer agents than needed have reported in time. `newest`: the newest observation of each key
 * that counts; of keys that one agent answers for, the one that is due last counts. An observation whose next due time is before the
 * commitment began to count is ignored; its agent has until the first due.
 */
export function claimDue<L extends Observation>(
  terms: Terms,
  basis: Basis,
  newest: readonly L[],
): ClaimDue<L> {
  const dues = newest
    .map((after) => ({ due: nextDue(terms, after, basis), after }))
    .filter(({ due }) => due >= basis.from)
    .toSorted((a, b) => b.due - a.due);
  const agents = new Set<string>();
  for (const each of dues) if (agents.add(each.after.agent).size === basis.needed) return each;
  return { due: firstDue(terms, basis), after: undefined };
}

/** A deployment from before the commitment began to count is treated as one at the moment when it began to count. */
function deadlineAfter(started: number, { deadline }: Terms, { from, deployments }: Basis): number {
  if (deadline === undefined) return Infinity;
  return Math.max(from, openDeployment(started, deployments)) + deadline;
}
