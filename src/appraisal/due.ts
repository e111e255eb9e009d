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
import type { Claim, Declaration } from '../statement/commitment.ts';
import type { RuntimeProof } from '../statement/proof.ts';
import type { EvidenceClass } from '../statement/vocabulary.ts';

/** What a claim says of time. */
export type Terms = Pick<Claim, 'id' | 'cadence' | 'deadline' | 'grace'>;

/** What the dues of a commitment rest on, besides its claims. */
export interface Basis {
  /** When it began to count: `countsFrom`. */
  readonly from: number;
  /** Agents that must be in time: the attestors' threshold, else one. */
  readonly needed: number;
  /** Times of its deployments: `deployedAt`. */
  readonly deployments: readonly number[];
}

/** The times of one look at a target, as far as a due rests on them. */
export interface Looked {
  /** When it began. */
  readonly started: number;
  /** From when the next one is due. */
  readonly counted: number;
}

/** Seconds that a challenge may trail the log and count as new: agents look at it every half minute, witnesses take time. */
const CHALLENGE_TOLERANCE = 300;

/** Seconds from a proof to the next: the cadence, and the misses that are allowed. */
export function periodOf({ cadence, grace = 0 }: Pick<Claim, 'cadence' | 'grace'>): number {
  return cadence * (1 + grace);
}

/** When a commitment that took effect at `effective` begins to count: not before its validity does. */
export function countsFrom(effective: number, { validity }: Pick<Declaration, 'validity'>): number {
  return Math.max(effective, validity?.notBefore ?? 0);
}

/** When a deployment that was logged at `time` is taken to have been: as it says, and no later than it was logged. */
export function deployedAt(time: number, deployment: { readonly deployed: number }): number {
  return Math.min(time, deployment.deployed);
}

/** Whether reports of a key count: of attestors alone, where the commitment names some. */
export function isAttestor({ attestors }: Pick<Declaration, 'attestors'>, kid: string): boolean {
  return attestors === undefined || attestors.kids.some((each) => formatHex(each) === kid);
}

/**
 * When a look began and was seen: the agent's word, and no later than the log took it. A signature of the target (E3)
 * may be as old as its challenge, so it counts from when the log outgrew the tree that the challenge names: whoever kept
 * it since could have had a newer one. Trailing a little is normal. `entry`: place and time of the proof; `outgrown`: when
 * the entry with the index `challenge.size` was logged, undefined where nobody says.
 */
export function lookOf(
  terms: Terms,
  evidence: EvidenceClass,
  { challenge, window }: Pick<RuntimeProof, 'challenge' | 'window'>,
  entry: { readonly index: number; readonly time: number },
  outgrown: number | undefined,
): Looked & { readonly seen: number; readonly outdated: string | undefined } {
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

/** Time of the earliest deployment that a look which began at `started` does not answer; Infinity without one. */
export function openDeployment(started: number, deployments: readonly number[]): number {
  return deployments.reduce((first, each) => (each >= started ? Math.min(first, each) : first), Infinity);
}

/** When an agent must first have spoken of a claim. */
export function firstDue(terms: Terms, basis: Basis): number {
  const first = basis.from + Math.max(periodOf(terms), terms.deadline ?? 0);
  return Math.min(first, deadlineAfter(-Infinity, terms, basis));
}

/** When an agent must have said something newer than this look. */
export function nextDue(terms: Terms, { started, counted }: Looked, basis: Basis): number {
  return Math.min(counted + periodOf(terms), deadlineAfter(started, terms, basis));
}

/** The due of a claim, and the report that it is the next one of; undefined for the first. */
export interface ClaimDue<L extends Looked> {
  readonly due: number;
  readonly after: L | undefined;
}

/**
 * When fewer agents than are needed will have spoken in time. `newest`: of each agent that counts, its newest look. One
 * that was over before the commitment began to count is none: its agent has until the first due.
 */
export function claimDue<L extends Looked>(terms: Terms, basis: Basis, newest: readonly L[]): ClaimDue<L> {
  const dues = newest
    .map((after) => ({ due: nextDue(terms, after, basis), after }))
    .filter(({ due }) => due >= basis.from);
  const decisive = dues.toSorted((a, b) => b.due - a.due)[basis.needed - 1];
  return decisive ?? { due: firstDue(terms, basis), after: undefined };
}

/** A deployment from before the commitment counted is to be answered as soon as one when it began to. */
function deadlineAfter(started: number, { deadline }: Terms, { from, deployments }: Basis): number {
  if (deadline === undefined) return Infinity;
  return Math.max(from, openDeployment(started, deployments)) + deadline;
}
