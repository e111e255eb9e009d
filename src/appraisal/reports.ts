/**
 * What each agent last said of a claim: until when that counts, and what of it is not to be believed. The log admits
 * more than it shows; readers judge the rest, from the entries alone.
 */
import type { Claim } from '../statement/commitment.ts';
import type { Result, RuntimeProof } from '../statement/proof.ts';
import type { Declared, EntryOf, History } from './history.ts';

/** What a reader knows besides the entries. Times are POSIX seconds. */
export interface Reader {
  readonly now: number;
  /** The log's name: a challenge from another log is no freshness here. */
  readonly origin: string;
  /** Whether the log had this root at this size; a challenge that names another was made up. */
  readonly isHead: (size: number, root: Uint8Array) => boolean;
  /** When the entry at an index was logged; undefined where the reader does not know. */
  readonly loggedAt: (index: number) => number | undefined;
  /** Index from which on a key is not to be believed (registration policy, `revoked`). */
  readonly revokedSince: (kid: string) => number | undefined;
  /**
   * What is wrong with the signature that a result of class E3 or E4 rests on; the log does not look at it. Left out,
   * classes are taken at the agent's word.
   */
  readonly evidenceFault?: (proof: EntryOf<'proof'>, result: Result, claim: Claim) => string | undefined;
  /** Why a class cannot be checked by this reader; the result is then worth what the agent's word is, E1. */
  readonly unchecked?: (proof: EntryOf<'proof'>, result: Result, claim: Claim) => string | undefined;
}

/** What one agent last said of a claim. */
export interface Saying {
  readonly entry: EntryOf<'proof'>;
  readonly result: Pick<Result, 'verdict' | 'evidence' | 'explain' | 'leaves'>;
  /** When the look began that it rests on, and when it was seen at the latest: `timesOf`. */
  readonly started: number;
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
/** Seconds that a challenge may trail the log and count as new: agents look at it every half minute, witnesses take time. */
const CHALLENGE_TOLERANCE = 300;

/** The newest saying of each agent, oldest first; of the attestors alone where the commitment names them. */
export function sayingsOf(
  claim: Claim,
  declared: Declared,
  history: History,
  reader: Reader,
): readonly Saying[] {
  const { entry, declaration } = declared;
  const kids = declaration.attestors?.kids.map((kid) => kid.toHex());
  const newest = new Map<string, Saying>();
  for (const proof of history.proofs) {
    const { kid, proof: payload } = proof.parsed;
    if (payload.commitment.toHex() !== entry.id || (kids !== undefined && !kids.includes(kid))) continue;
    const result = payload.results.find((each) => each.claim === claim.id);
    if (result === undefined) continue;
    newest.delete(kid);
    const { counted, ...times } = timesOf(claim, result, proof, reader);
    newest.set(kid, {
      ...times,
      entry: proof,
      result: credited(result, reader.unchecked?.(proof, result, claim)),
      due: Math.min(counted + periodOf(claim), deadlineAfter(times.started, claim, declared, history)),
      revoked: (reader.revokedSince(kid) ?? Infinity) <= proof.index,
      why: faultOf(payload, proof, result, reader) ?? reader.evidenceFault?.(proof, result, claim),
    });
  }
  return [...newest.values()];
}

/** A class that nobody can check is the agent's word; so is E2, which is what several say, and no one of them. */
function credited(result: Result, why: string | undefined): Saying['result'] {
  const unchecked = result.evidence === 'E2' ? 'whether others agree, readers see' : why;
  if (unchecked === undefined) return result;
  const explain = `${result.evidence} on the agent's word alone: ${unchecked}`;
  return { ...result, evidence: 'E1', explain };
}

/**
 * When an agent must first have spoken: from when the commitment counts, a period or the claim's deadline, whichever
 * is longer; sooner after a deployment.
 */
export function firstDue(claim: Claim, declared: Declared, history: History, from: number): number {
  const first = from + Math.max(periodOf(claim), claim.deadline ?? 0);
  return Math.min(first, deadlineAfter(-Infinity, claim, declared, history));
}

/**
 * When a look began and was seen: the agent's word, and no later than the log took it. A signature of the target (E3)
 * may be as old as its challenge, so it counts from when the log outgrew the tree that the challenge names: whoever
 * kept it since could have had a newer one. `counted`: from when the next proof is due, trailing a little is normal.
 */
function timesOf(
  claim: Claim,
  { evidence }: Result,
  { index, time, parsed: { proof } }: EntryOf<'proof'>,
  { loggedAt }: Reader,
): { readonly counted: number } & Pick<Saying, 'started' | 'seen' | 'outdated'> {
  const { challenge, window } = proof;
  const end = Math.min(window.end, time);
  const outgrown = challenge.size < index ? loggedAt(challenge.size) : time;
  if (evidence !== 'E3' || outgrown === undefined)
    return { started: window.start, seen: end, counted: end, outdated: undefined };
  const tolerance = Math.min(CHALLENGE_TOLERANCE, claim.cadence, claim.deadline ?? Infinity);
  const latest = outgrown + tolerance;
  return {
    started: Math.min(window.start, latest),
    seen: Math.min(end, outgrown),
    counted: Math.min(end, latest),
    outdated:
      latest < end
        ? `the log had outgrown its challenge ${end - outgrown} s before: the target may have signed it then`
        : undefined,
  };
}

/** Seconds from a proof to the next: the cadence, and the misses that are allowed. */
function periodOf({ cadence, grace = 0 }: Claim): number {
  return cadence * (1 + grace);
}

/** When the first deployment that a look which began at `started` does not answer must be answered; Infinity without one. */
function deadlineAfter(started: number, { deadline }: Claim, declared: Declared, history: History): number {
  if (deadline === undefined) return Infinity;
  const open = history.deployments
    .filter(({ parsed: { deployment } }) => deployment.commitment.toHex() === declared.entry.id)
    .map(({ time, parsed: { deployment } }) => Math.min(time, deployment.deployed))
    .filter((deployed) => deployed > started);
  return Math.min(Infinity, ...open) + deadline;
}

/** Why a proof that the log admitted still shows nothing: what the log does not judge, readers do. */
function faultOf(
  { challenge, window }: RuntimeProof,
  { index, time }: EntryOf<'proof'>,
  { evidence }: Result,
  { origin, isHead, loggedAt }: Reader,
): string | undefined {
  if (challenge.origin !== origin) return `its challenge is of another log, ${challenge.origin}`;
  if (challenge.size > index) return 'its challenge names a tree that did not exist yet';
  if (!isHead(challenge.size, challenge.root)) return 'its challenge names a root that the log never had';
  if (evidence === 'E3' && challenge.size < index && loggedAt(challenge.size) === undefined)
    return 'nobody says when the log outgrew its challenge, and so how old it is';
  if (window.end > time + CLOCK_TOLERANCE)
    return 'it was made after it was logged: the clock of the agent is wrong';
  return undefined;
}
