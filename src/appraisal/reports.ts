/**
 * What each agent last reported of a claim: until when that counts, and what of it is not to be believed. The log admits
 * more than it shows; readers judge the rest, from the entries alone.
 */
import { formatHex } from '../bytes/text.ts';
import type { Claim } from '../statement/commitment.ts';
import type { Result, RuntimeProof } from '../statement/proof.ts';
import { countsFrom, deployedAt, isAttestor, lookOf, nextDue, type Basis, type Looked } from './due.ts';
import type { Weighed } from '../evidence/weigh.ts';
import type { Declared, EntryOf, History } from './history.ts';

/** What the appraiser knows besides the entries. Times are POSIX seconds. */
export interface AppraisalContext {
  /** No earlier than what the log or its witnesses signed (clock.ts). */
  readonly now: number;
  /** Seconds that the clock of this machine is behind that; nothing is PROVEN then. 0 or absent: it is not. */
  readonly behind?: number;
  /** When the newest head was signed, by a clock that counts; undefined where nobody says. */
  readonly headTime?: number | undefined;
  /** The log's name: a challenge from another log is no freshness here. */
  readonly origin: string;
  /** Whether the log had this root at this size; a challenge that names another was made up. */
  readonly wasHead: (size: number, root: Uint8Array) => boolean;
  /** When the log outgrew a size: the time of the entry at that index; undefined where nobody says. */
  readonly outgrownAt: (size: number) => number | undefined;
  /** Index from which on a key is not to be believed (registration policy, `revoked`). */
  readonly revokedSince: (kid: string) => number | undefined;
  /**
   * What the signatures that a result rests on were found to be; the log does not look at them. A result of class E3 or E4
   * that was not weighed is worth what the agent's word is, E1.
   */
  readonly weighed?: (result: Result) => Weighed | undefined;
}

/** What one agent last said of a claim. */
export interface Report extends Looked {
  readonly entry: EntryOf<'proof'>;
  readonly result: Pick<Result, 'verdict' | 'evidence' | 'explain' | 'leaves'>;
  /** When it was seen at the latest. */
  readonly seen: number;
  /** When its agent must have said something newer; from then on it counts for nothing. */
  readonly due: number;
  readonly revoked: boolean;
  /** Why it may be older than it says, where that matters. */
  readonly outdated: string | undefined;
  /** Why it cannot be taken at its word: then it shows nothing, whatever class it says. */
  readonly why: string | undefined;
}

/** Seconds that a proof may say it was made after the log took it: clocks differ. */
const CLOCK_TOLERANCE = 300;

/** What the dues of a commitment rest on. `now`: stands for when it takes effect, while it has not. */
export function basisOf(
  { entry, declaration, effective }: Declared,
  history: Pick<History, 'deployments'>,
  now: number,
): Basis {
  return {
    from: countsFrom(effective ?? now, declaration),
    needed: declaration.attestors?.threshold ?? 1,
    deployments: history.deployments
      .filter(({ parsed: { deployment } }) => formatHex(deployment.commitment) === entry.id)
      .map(({ time, parsed: { deployment } }) => deployedAt(time, deployment)),
  };
}

/** The newest report of each agent, oldest first; of the attestors alone where the commitment names them. */
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
    if (formatHex(payload.commitment) !== entry.id || !isAttestor(declaration, kid)) continue;
    const result = payload.results.find((each) => each.claim === claim.id);
    if (result === undefined) continue;
    const times = lookOf(claim, result.evidence, payload, proof, context.outgrownAt(payload.challenge.size));
    const { fault, unchecked } = context.weighed?.(result) ?? unweighed(result);
    newest.delete(kid);
    newest.set(kid, {
      ...times,
      entry: proof,
      result: credited(result, unchecked),
      due: nextDue(claim, times, basis),
      revoked: (context.revokedSince(kid) ?? Infinity) <= proof.index,
      why: faultOf(payload, proof, result, context) ?? fault,
    });
  }
  return [...newest.values()];
}

/** Nobody looked at the signatures. */
function unweighed({ evidence }: Result): Weighed {
  const unchecked = evidence === 'E3' || evidence === 'E4' ? 'its signatures were not checked' : undefined;
  return { fault: undefined, unchecked };
}

/**
 * Of each agent and claim the newest proof of a commitment: what its claims' verdicts rest on, and so what is to be checked.
 * `commitment`: entry id.
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

/** A class that nobody can check is the agent's word; so is E2, which is what several say, and no one of them. */
function credited(result: Result, why: string | undefined): Report['result'] {
  const unchecked = result.evidence === 'E2' ? 'whether others agree, readers see' : why;
  if (unchecked === undefined) return result;
  const explain = `${result.evidence} on the agent's word alone: ${unchecked}`;
  return { ...result, evidence: 'E1', explain };
}

/** Why a proof that the log admitted still shows nothing: what the log does not judge, readers do. */
function faultOf(
  { challenge, window }: RuntimeProof,
  { index, time }: EntryOf<'proof'>,
  { evidence }: Result,
  { origin, wasHead, outgrownAt, headTime = Infinity }: AppraisalContext,
): string | undefined {
  if (challenge.origin !== origin) return `its challenge is of another log, ${challenge.origin}`;
  if (challenge.size > index) return 'its challenge names a tree that did not exist yet';
  if (!wasHead(challenge.size, challenge.root)) return 'its challenge names a root that the log never had';
  if (evidence === 'E3' && challenge.size < index && outgrownAt(challenge.size) === undefined)
    return 'nobody says when the log outgrew its challenge, and so how old it is';
  if (window.end > Math.min(time, headTime) + CLOCK_TOLERANCE)
    return 'it was made after it was logged: the clock of the agent is wrong';
  return undefined;
}
