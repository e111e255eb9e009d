/**
 * Where each claim of a subject stands now, computed from the log alone. Silence fails: a claim without a fresh
 * proof is STALE, whoever is to blame, and a missing answer is never a pass.
 */
import type { Claim } from '../statement/commitment.ts';
import type { Result, RuntimeProof } from '../statement/proof.ts';
import type { EvidenceClass, Verdict } from '../statement/vocabulary.ts';
import type { Declared, EntryOf, History } from './history.ts';

/** What a reader knows besides the entries. Times are POSIX seconds. */
export interface Reader {
  readonly now: number;
  /** The log's name: a challenge from another log is no freshness here. */
  readonly origin: string;
  /** Whether the log had this root at this size; a challenge that names another was made up. */
  readonly isHead: (size: number, root: Uint8Array) => boolean;
  /** Index from which on a key is not to be believed (registration policy, `revoked`). */
  readonly revokedSince: (kid: string) => number | undefined;
  /**
   * What is wrong with the signature that a result of class E3 or E4 rests on; the log does not look at it. Left out,
   * classes are taken at the agent's word.
   */
  readonly evidenceFault?: (proof: EntryOf<'proof'>, result: Result, claim: Claim) => string | undefined;
}

export interface ClaimStanding {
  readonly claim: Claim;
  readonly verdict: Verdict;
  /** Of the proof it rests on; undefined without one. */
  readonly evidence: EvidenceClass | undefined;
  /** The proof it rests on: the newest that speaks of the claim. */
  readonly proof: EntryOf<'proof'> | undefined;
  /** Seconds since what it rests on was observed. */
  readonly age: number | undefined;
  /** When the next proof must be there, its grace included. */
  readonly due: number;
  /** Why it is not PROVEN, or what is to be known. */
  readonly explain: string | undefined;
  readonly waiver: EntryOf<'waiver'> | undefined;
}

/** Seconds that a proof may say it was made after the log took it: clocks differ. */
const CLOCK_TOLERANCE = 300;

/** Where the claims of the commitment in force stand; of a commitment that still lacks approvals, all UNKNOWN. */
export function standingOf(history: History, reader: Reader): readonly ClaimStanding[] {
  const declared = history.inForce ?? history.pending;
  if (declared === undefined) return [];
  return declared.declaration.claims.map((claim) => {
    const standing = judge(claim, declared, history, reader);
    const waiver = waiverOf(claim, declared, history, reader.now);
    if (waiver === undefined || standing.verdict === 'PROVEN') return standing;
    const { owner, reason } = waiver.parsed.waiver;
    return { ...standing, verdict: 'WAIVED', waiver, explain: `${owner} answers for it: ${reason}` };
  });
}

function judge(claim: Claim, declared: Declared, history: History, reader: Reader): ClaimStanding {
  const from = declared.effective ?? reader.now;
  const due = dueOf(claim, declared, history, from);
  const nothing = { claim, evidence: undefined, proof: undefined, age: undefined, waiver: undefined };
  if (declared.effective === undefined) {
    const missing = (declared.declaration.approvals ?? 0) - declared.approvals.length;
    return { ...nothing, verdict: 'UNKNOWN', due, explain: `the commitment lacks ${missing} approvals` };
  }
  const said = sayings(claim, declared, history, reader);
  const newest = said.at(-1);
  if (newest === undefined) {
    const late = reader.now > due;
    return {
      ...nothing,
      verdict: late ? 'STALE' : 'UNKNOWN',
      due,
      explain: late ? 'no proof came in time' : 'no proof yet',
    };
  }
  const worst = decide(claim, said, declared);
  const standing = {
    claim,
    evidence: worst.result.evidence,
    proof: worst.entry,
    age: Math.max(0, reader.now - worst.seen),
    due,
    waiver: undefined,
    explain: worst.why ?? worst.result.explain,
  };
  if (worst.revoked)
    return { ...standing, verdict: 'REVOKED', explain: 'the key that signed the proof is revoked' };
  if (reader.now > due)
    return {
      ...standing,
      verdict: 'STALE',
      explain: `the last proof said ${worst.result.verdict}; the next one did not come`,
    };
  if ((declared.declaration.validity?.notAfter ?? Infinity) <= reader.now)
    return { ...standing, verdict: 'STALE', explain: 'the commitment is past its validity' };
  return { ...standing, verdict: worst.why === undefined ? worst.result.verdict : 'UNKNOWN' };
}

/** What one agent last said of a claim. */
interface Saying {
  readonly entry: EntryOf<'proof'>;
  readonly result: Pick<Result, 'verdict' | 'evidence' | 'explain'>;
  /** When it was seen: the agent's word, and no later than the log took it. */
  readonly seen: number;
  readonly revoked: boolean;
  /** Why it cannot be taken at its word. */
  readonly why: string | undefined;
}

/** The newest saying of each agent, oldest first; of the attestors alone where the commitment names them. */
function sayings(
  claim: Claim,
  { entry, declaration }: Declared,
  history: History,
  reader: Reader,
): readonly Saying[] {
  const kids = declaration.attestors?.kids.map((kid) => kid.toHex());
  const newest = new Map<string, Saying>();
  for (const proof of history.proofs) {
    const { kid, proof: payload } = proof.parsed;
    if (payload.commitment.toHex() !== entry.id || (kids !== undefined && !kids.includes(kid))) continue;
    const result = payload.results.find((each) => each.claim === claim.id);
    if (result === undefined) continue;
    newest.delete(kid);
    newest.set(kid, {
      entry: proof,
      result,
      seen: Math.min(payload.window.end, proof.time),
      revoked: (reader.revokedSince(kid) ?? Infinity) <= proof.index,
      why: faultOf(payload, proof, reader) ?? reader.evidenceFault?.(proof, result, claim),
    });
  }
  return [...newest.values()];
}

/** Why a proof that the log admitted still shows nothing: what the log does not judge, readers do. */
function faultOf(
  { challenge, window }: RuntimeProof,
  { index, time }: EntryOf<'proof'>,
  { origin, isHead }: Reader,
): string | undefined {
  if (challenge.origin !== origin) return `its challenge is of another log, ${challenge.origin}`;
  if (challenge.size > index) return 'its challenge names a tree that did not exist yet';
  if (!isHead(challenge.size, challenge.root)) return 'its challenge names a root that the log never had';
  if (window.end > time + CLOCK_TOLERANCE)
    return 'it was made after it was logged: the clock of the agent is wrong';
  return undefined;
}

/**
 * One answer from several agents: the worst that any of them last said. Where attestors are named, fewer than the
 * threshold that say PROVEN prove nothing, and two that agree make E1 into E2.
 */
function decide(claim: Claim, said: readonly Saying[], { declaration: { attestors } }: Declared): Saying {
  const ranked = said.toSorted((a, b) => badness(b) - badness(a) || b.entry.index - a.entry.index);
  const [worst] = ranked;
  if (worst === undefined) throw new Error('nobody said anything');
  if (worst.result.verdict !== 'PROVEN' || worst.why !== undefined || worst.revoked) return worst;
  if (attestors !== undefined && said.length < attestors.threshold)
    return { ...worst, why: `${said.length} of ${attestors.threshold} agents have proven it` };
  const agreed = said.length >= 2 && worst.result.evidence === 'E1';
  const evidence = agreed ? 'E2' : worst.result.evidence;
  const enough = evidence >= claim.minEvidence;
  const why = enough
    ? undefined
    : `it is known at class ${evidence}; the claim asks for ${claim.minEvidence}`;
  return { ...worst, result: { ...worst.result, evidence }, why };
}

function badness({ result: { verdict }, why, revoked }: Saying): number {
  if (why !== undefined || revoked) return 2;
  if (verdict === 'CONTRADICTED') return 4;
  if (verdict === 'VIOLATED') return 3;
  return verdict === 'PROVEN' ? 0 : 1;
}

/**
 * When the next proof must be there. After a proof: its cadence and the misses that are allowed. Before the first:
 * from when the commitment counts. After a deployment: within the claim's deadline, whatever was proven before.
 */
function dueOf(claim: Claim, declared: Declared, history: History, from: number): number {
  const period = claim.cadence * (1 + (claim.grace ?? 0));
  const times = history.proofs
    .filter(({ parsed: { proof } }) => proof.commitment.toHex() === declared.entry.id)
    .filter(({ parsed: { proof } }) => proof.results.some((each) => each.claim === claim.id))
    .map(({ time, parsed: { proof } }) => ({
      start: proof.window.start,
      seen: Math.min(proof.window.end, time),
    }));
  const last = times.reduce((latest, { seen }) => Math.max(latest, seen), -Infinity);
  const regular =
    (Number.isFinite(last) ? last : from) +
    (Number.isFinite(last) ? period : Math.max(period, claim.deadline ?? 0));
  const { deadline } = claim;
  if (deadline === undefined) return regular;
  const unanswered = history.deployments
    .filter(({ parsed: { deployment } }) => deployment.commitment.toHex() === declared.entry.id)
    .map(({ time, parsed: { deployment } }) => Math.min(time, deployment.deployed))
    .filter((deployed) => !times.some(({ start }) => start >= deployed));
  return Math.min(regular, ...unanswered.map((deployed) => deployed + deadline));
}

/** The newest waiver of a claim, while it lasts. */
function waiverOf(
  claim: Claim,
  { entry }: Declared,
  { waivers }: History,
  now: number,
): EntryOf<'waiver'> | undefined {
  const newest = waivers.findLast(
    ({ parsed: { waiver } }) => waiver.commitment.toHex() === entry.id && waiver.claims.includes(claim.id),
  );
  return newest !== undefined && newest.parsed.waiver.notAfter > now ? newest : undefined;
}
