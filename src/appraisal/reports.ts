/**
 * The newest report of each agent on a claim: its verdict and class, until when it counts, and why it may not be
 * believed. The log admits proofs whose challenge, clock or signatures are wrong; readers find these faults here, from
 * the entries alone.
 */
import { formatHex } from '../bytes/text.ts';
import { formatTime } from '../bytes/time.ts';
import { isOpen, readsPrev } from '../claim/prev.ts';
import { answerable, delegationFault, endedSince, reachRemark } from '../registration/delegated.ts';
import type { Claim } from '../statement/commitment.ts';
import type { Result, RuntimeProof } from '../statement/proof.ts';
import type { Verdict } from '../statement/vocabulary.ts';
import {
  countsFrom,
  deployedAt,
  isAttestor,
  observationTimes,
  nextDue,
  type Basis,
  type Observation,
} from './due.ts';
import type { Weighed } from '../evidence/weigh.ts';
import { deploymentsOf, type Declared, type EntryOf, type History } from './history.ts';

/** The entry of a look, and between which times it was made, by the reader's witnesses. POSIX seconds. */
export interface SeenIn {
  readonly index: number;
  readonly id: string;
  readonly notBefore: number | undefined;
  readonly notAfter: number | undefined;
}

/** What the verdict on a claim that reads `prev` rests on. */
export interface Rests {
  /** Earlier looks that were read. */
  readonly looks: number;
  /** Seconds up to the look that are covered: without an uncovered span longer than the misses allowed; without any. */
  readonly covered: number;
  readonly unbroken: number;
  /** Why there may have been other looks; undefined where the reader has all of them. */
  readonly missing: string | undefined;
  /** Different facts that were seen: the look that showed them first, and the one that showed them last. */
  readonly seen: readonly {
    readonly first: SeenIn;
    readonly last: SeenIn;
    /** Whether the verdict rests on them. */
    readonly decides: boolean;
  }[];
}

/** What a reader makes of a look at a claim that reads `prev`. */
export interface Judged {
  readonly verdict: Extract<Verdict, 'PROVEN' | 'VIOLATED' | 'UNKNOWN'>;
  readonly explain: string | undefined;
  readonly rests: Rests | undefined;
}

/** Judges a look at a claim that reads `prev`. Undefined if the earlier looks were not read. */
export type OverTime = (
  claim: Pick<Claim, 'id'>,
  proof: Pick<EntryOf<'proof'>, 'index' | 'id' | 'parsed' | 'time'>,
) => Judged | undefined;

/** What the appraiser knows besides the entries. Times are POSIX seconds. */
export interface AppraisalContext {
  /** POSIX seconds; not before the time that the log or its witnesses signed (clock.ts). */
  readonly now: number;
  /** Seconds that the clock of this machine is behind that time. If more than 0, no claim is PROVEN. Default: 0. */
  readonly behind?: number;
  /** When the newest checkpoint was signed, by a clock that counts; undefined if no such time is known. */
  readonly headTime?: number | undefined;
  /** Name of the log. A challenge from another log does not show that a proof is fresh. */
  readonly origin: string;
  /** Whether the log had this root at this size. If not, the agent invented the challenge. */
  readonly wasHead: (size: number, root: Uint8Array) => boolean;
  /** When the log outgrew a tree size: the time of the entry with that index; undefined if it is not known. */
  readonly outgrownAt: (size: number) => number | undefined;
  /** Index from which on statements of a key do not count (registration policy, `revoked`). */
  readonly revokedSince: (kid: string) => number | undefined;
  /**
   * The result of checking the signatures in a proof's attachments, which the log does not check. If a result of class
   * E3 or E4 was not checked, it counts as E1: the agent's statement alone.
   */
  readonly weighed?: (result: Result) => Weighed | undefined;
  /** What earlier looks show, of claims that read `prev` (past/over.ts). Without it, they are UNKNOWN. */
  readonly over?: OverTime | undefined;
  /**
   * Only of the past (past/known.ts): POSIX seconds from which an observation counts, if its time is not known any closer
   * and that is earlier than what the agent states; else undefined. Undefined for a failure.
   */
  readonly heldFrom?: (proof: EntryOf<'proof'>, claim: Claim) => number | undefined;
}

/** The newest statement of one key about a claim. */
export interface Report extends Observation {
  readonly entry: EntryOf<'proof'>;
  readonly result: Pick<Result, 'verdict' | 'evidence' | 'explain' | 'leaves'>;
  /** Latest POSIX seconds at which the agent can have observed it. */
  readonly seen: number;
  /** POSIX seconds by which the agent must have reported again. After that this report no longer counts. */
  readonly due: number;
  readonly revoked: boolean;
  /** Why the observation may be older than the agent states; undefined if it is not. */
  readonly outdated: string | undefined;
  /**
   * The fault for which the report is not believed: it then counts as UNKNOWN, whatever verdict and class it states.
   */
  readonly why: string | undefined;
}

/** Seconds by which a proof may end after the log took it, since clocks differ. */
export const CLOCK_TOLERANCE = 300;

/**
 * What the due times of a commitment depend on. `now` is used in place of the time at which it takes effect, if it has
 * not yet.
 */
export function basisOf(
  { entry, declaration, effective }: Declared,
  history: Pick<History, 'deployments'>,
  now: number,
): Basis {
  return {
    from: countsFrom(effective ?? now, declaration),
    needed: declaration.attestors?.threshold ?? 1,
    deployments: deploymentsOf(history, entry.id).map(({ time, parsed }) =>
      deployedAt(time, parsed.deployment),
    ),
  };
}

/**
 * The newest report of each agent, ordered by place in the log, oldest first. If the commitment names attestors, only
 * theirs.
 */
export function newestReports(
  claim: Claim,
  { entry, declaration }: Declared,
  { proofs }: Pick<History, 'proofs'>,
  basis: Basis,
  context: AppraisalContext,
): readonly Report[] {
  const newest = new Map<string, Report>();
  for (const proof of proofs) {
    const { kid, proof: payload } = proof.parsed;
    if (formatHex(payload.commitment) !== entry.id || !isAttestor(declaration, proof.parsed)) continue;
    const result = payload.results.find((each) => each.claim === claim.id);
    if (result === undefined) continue;
    const looked = observationTimes(
      claim,
      result.evidence,
      payload,
      proof,
      context.outgrownAt(payload.challenge.size),
    );
    const times = heldBack(looked, context.heldFrom?.(proof, claim));
    const { fault, unchecked, bothEnds = false } = context.weighed?.(result) ?? unweighed(result);
    newest.delete(kid);
    newest.set(kid, {
      ...times,
      entry: proof,
      agent: answerable(proof.parsed),
      result: withReach(
        overEarlier(claim, proof, bothEnds ? result : credited(result, unchecked), context),
        proof,
      ),
      due: nextDue(claim, times, basis),
      revoked: (endedSince(proof.parsed, context.revokedSince) ?? Infinity) <= proof.index,
      why: faultOf(payload, proof, result, context) ?? presumption(claim, result) ?? fault,
    });
  }
  return [...newest.values()];
}

/** The times of an observation that counts from `held` if that is earlier than it would otherwise. */
function heldBack(
  looked: ReturnType<typeof observationTimes>,
  held = Infinity,
): ReturnType<typeof observationTimes> {
  if (held >= looked.counted) return looked;
  const outdated = `nobody can say when it was made since ${formatTime(held)}`;
  const earlier = (time: number): number => Math.min(time, held);
  return {
    started: earlier(looked.started),
    seen: earlier(looked.seen),
    counted: held,
    outdated,
  };
}

/** Whether a verdict says that a target does not hold what is declared. */
export function isFailure(verdict: Verdict): boolean {
  return verdict === 'VIOLATED' || verdict === 'CONTRADICTED';
}

/** The result for a proof whose signatures were not checked. */
function unweighed({ evidence }: Result): Weighed {
  const unchecked = evidence === 'E3' || evidence === 'E4' ? 'its signatures were not checked' : undefined;
  return { fault: undefined, unchecked };
}

/**
 * The newest proof of each agent for each claim of a commitment. Verdicts rest on these alone, so only their signatures
 * must be checked. `commitment`: entry id.
 */
export function decisiveProofs(
  proofs: readonly EntryOf<'proof'>[],
  commitment: string,
): readonly EntryOf<'proof'>[] {
  const newest = new Map<string, EntryOf<'proof'>>();
  for (const each of proofs) {
    const { kid, proof } = each.parsed;
    if (formatHex(proof.commitment) === commitment)
      for (const { claim } of proof.results) newest.set(`${kid} ${claim}`, each);
  }
  return [...new Set(newest.values())];
}

/**
 * Lowers the class to E1 where nothing but the agent's statement supports it: a class that could not be checked, and
 * E2, which several agents reach together and none can claim alone.
 */
function credited(result: Result, why: string | undefined): Report['result'] {
  const unchecked = result.evidence === 'E2' ? 'whether others agree, readers see' : why;
  if (unchecked === undefined) return result;
  const explain = `${result.evidence} on the agent's word alone: ${unchecked}`;
  return { ...result, evidence: 'E1', explain };
}

const UNREAD = 'its earlier proofs were not read: there are more of this subject than a reader takes';

/** The result with the reader's own verdict, of a claim that reads `prev`: its agent knows its own look alone. */
function overEarlier(
  claim: Claim,
  proof: EntryOf<'proof'>,
  result: Report['result'],
  { over }: AppraisalContext,
): Report['result'] {
  if (!isOpen(claim, result)) return result;
  const judged = over?.(claim, proof);
  if (judged === undefined) return { ...result, explain: UNREAD };
  const { explain: _, ...rest } = result;
  return {
    ...rest,
    verdict: judged.verdict,
    ...(judged.explain !== undefined && { explain: judged.explain }),
  };
}

/** Why an agent's word is not believed that it cannot know: only readers prove a claim that reads `prev`. */
function presumption(claim: Claim, { verdict }: Result): string | undefined {
  return readsPrev(claim) && verdict === 'PROVEN'
    ? 'it says PROVEN of earlier looks, which readers judge: its agent does not know how such a claim is judged'
    : undefined;
}

/** Says beside a result that its agent is within reach of its cluster's API, after whatever the agent says of it. */
function withReach(result: Report['result'], { parsed }: EntryOf<'proof'>): Report['result'] {
  const remark = reachRemark(parsed);
  if (remark === undefined) return result;
  return { ...result, explain: result.explain === undefined ? remark : `${result.explain}; ${remark}` };
}

/** Why a proof that the log admitted is not believed, by checks that only readers make; undefined if it is. */
function faultOf(
  { challenge, window }: RuntimeProof,
  { index, time, parsed }: EntryOf<'proof'>,
  { evidence, verdict }: Result,
  { origin, wasHead, outgrownAt, headTime = Infinity }: AppraisalContext,
): string | undefined {
  if (challenge.origin !== origin) return `its challenge is of another log, ${challenge.origin}`;
  if (challenge.size > index) return 'its challenge names a tree that did not exist yet';
  if (!wasHead(challenge.size, challenge.root)) return 'its challenge names a root that the log never had';
  const mayBeOld = evidence === 'E3' && challenge.size < index && outgrownAt(challenge.size) === undefined;
  // A failure that may be old is still one. Only what would make a claim green has to be young.
  if (mayBeOld && !isFailure(verdict))
    return 'nobody says when the log outgrew its challenge, and so how old it is';
  const late = isFailure(verdict) ? undefined : delegationFault(parsed, time);
  if (late !== undefined) return late;
  if (window.end > Math.min(time, headTime) + CLOCK_TOLERANCE)
    return 'it was made after it was logged: the clock of the agent is wrong';
  return undefined;
}
