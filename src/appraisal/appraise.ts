/**
 * The verdict on each claim of a subject, computed from the entries of the log alone. A claim without a proof that is
 * still valid is STALE, whatever kept the agent from proving it: a missing proof never counts as a pass.
 */
import { formatHex } from '../bytes/text.ts';
import { formatTime } from '../bytes/time.ts';
import { isApart } from '../registration/delegated.ts';
import type { Claim } from '../statement/commitment.ts';
import type { EvidenceClass, Verdict } from '../statement/vocabulary.ts';
import { contradictionOf } from './against.ts';
import { clockFault, MOST_BEHIND } from './clock.ts';
import { agentsIn, claimDue, type Basis } from './due.ts';
import { approvalsLacking, type Declared, type EntryOf, type History } from './history.ts';
import { readsPrev } from '../claim/prev.ts';
import { basisOf, newestReports, type AppraisalContext, type Report, type Rests } from './reports.ts';

export interface ClaimStatus {
  readonly claim: Claim;
  readonly verdict: Verdict;
  /**
   * Class of the proof that the verdict rests on; undefined if there is no such proof, if its agent observed nothing,
   * or if the proof is in doubt.
   */
  readonly evidence: EvidenceClass | undefined;
  /**
   * True if the proof that the verdict rests on has a fault (`Report.why`), so that neither its verdict nor its class
   * counts.
   */
  readonly doubted: boolean;
  /** The proof that the verdict rests on: of the newest proofs in time, the one with the worst result; else the newest. */
  readonly proof: EntryOf<'proof'> | undefined;
  /** Least seconds since the observation that the verdict rests on. The observation may be older. */
  readonly age: number | undefined;
  /** POSIX seconds at which the agent began that observation. */
  readonly started: number | undefined;
  /** POSIX seconds by which the next proof must be logged. The allowed misses (`grace`) are included. */
  readonly due: number;
  /** Why the verdict is not PROVEN, or a remark on a verdict that is; one line for people. */
  readonly explain: string | undefined;
  readonly waiver: EntryOf<'waiver'> | undefined;
  /** The verdict that the waiver hides; undefined without a waiver. A view shows both: `WAIVED (VIOLATED)`. */
  readonly hidden: Verdict | undefined;
  /**
   * True if the verdict rests on a proof of a revoked key with a signature of the target or of a third party (E3, E4) that
   * was checked: that signature stands, whoever sent it. It makes nothing green.
   */
  readonly stands: boolean;
  /** Of a claim that reads `prev`: the earlier looks that the verdict rests on. Undefined where they were not read. */
  readonly over?: Rests | undefined;
  /** The proof of the other claim that contradicts `proof`, of a claim that is against it (against.ts). */
  readonly against?: EntryOf<'proof'> | undefined;
}

/**
 * The status of each claim of the commitment in force. If none is in force, of the newest declaration that still lacks
 * approvals: all its claims are UNKNOWN.
 */
export function appraise(history: History, context: AppraisalContext): readonly ClaimStatus[] {
  const declared = history.inForce ?? history.pending;
  if (declared === undefined) return [];
  return declared.declaration.claims.map((claim) => appraiseClaim(claim, declared, history, context));
}

/** What of a history the status of a claim rests on. */
export type ClaimHistory = Pick<History, 'proofs' | 'waivers' | 'deployments'> & {
  /** The proofs of the claim that this one is against, where `proofs` has those of one claim alone. */
  readonly proofsAgainst?: readonly EntryOf<'proof'>[];
};

/** The status of one claim of a declaration. `basis`: `basisOf` of the same, for who asks many times. */
export function appraiseClaim(
  claim: Claim,
  declared: Declared,
  history: ClaimHistory,
  context: AppraisalContext,
  basis = basisOf(declared, history, context.now),
): ClaimStatus {
  const standing = againstOther(
    judge(claim, declared, history, context, basis),
    declared,
    history,
    context,
    basis,
  );
  const waiver = waiverOf(claim, declared, history, context.now);
  // If the clock of this machine is behind, a waiver may have ended already, so none is applied.
  const isOver = waiver === undefined || (context.behind ?? 0) > 0;
  if (isOver || standing.verdict === 'PROVEN') return standing;
  const { owner, reason, notAfter } = waiver.parsed.waiver;
  const explain = `until ${formatTime(notAfter)}, ${owner} answers for it: ${reason}`;
  return { ...standing, verdict: 'WAIVED', hidden: standing.verdict, waiver, explain };
}

/** A VIOLATED that a look at the claim that this one is against contradicts is CONTRADICTED. Nothing becomes green by it. */
function againstOther(
  standing: ClaimStatus,
  declared: Declared,
  history: ClaimHistory,
  context: AppraisalContext,
  basis: Basis,
): ClaimStatus {
  const { claim, verdict, proof } = standing;
  const other = otherOf(claim, declared);
  if (verdict !== 'VIOLATED' || proof === undefined || other === undefined) return standing;
  const { proofsAgainst: proofs = history.proofs } = history;
  const found = judge(other, declared, { ...history, proofs }, context, basis);
  if (found.verdict !== 'PROVEN' || found.proof === undefined) return standing;
  const explain = contradictionOf({ claim, proof }, { claim: other, proof: found.proof });
  return explain === undefined
    ? standing
    : { ...standing, verdict: 'CONTRADICTED', explain, against: found.proof };
}

/** The claim that a claim is against; undefined if it is against none. */
export function otherOf(
  { against }: Claim,
  { declaration }: Pick<Declared, 'declaration'>,
): Claim | undefined {
  return against === undefined ? undefined : declaration.claims.find(({ id }) => id === against);
}

function judge(
  claim: Claim,
  declared: Declared,
  history: ClaimHistory,
  context: AppraisalContext,
  basis: Basis,
): ClaimStatus {
  const { now } = context;
  const said = newestReports(claim, declared, history, basis, context);
  const { due } = claimDue(claim, basis, said);
  const newest = said.at(-1);
  if (newest === undefined || !isCounting(declared, now))
    return { ...NOTHING, claim, due, ...withoutReport(declared, now, due) };
  const fresh = said.filter((each) => each.due >= now);
  const worst: Decided = fresh.length === 0 ? newest : decide(claim, fresh, declared);
  const doubted = worst.why !== undefined;
  const { validity, attestors } = declared.declaration;
  const needed = attestors?.threshold ?? 1;
  const standing = {
    claim,
    evidence: doubted || sawNothing(worst) ? undefined : worst.result.evidence,
    doubted,
    proof: worst.entry,
    age: Math.max(0, now - worst.seen),
    started: worst.started,
    due,
    waiver: undefined,
    hidden: undefined,
    stands: false,
    explain: worst.why ?? worst.short ?? worst.result.explain,
    ...(readsPrev(claim) && { over: context.over?.(claim, worst.entry)?.rests }),
  };
  const spoke = `${agentsIn(fresh)} of ${needed} agents spoke in time`;
  const lapsed = lapseOf(worst, {
    due,
    now,
    notAfter: validity?.notAfter ?? Infinity,
    isFresh: fresh.length > 0,
    spoke,
  });
  if (lapsed !== undefined) return { ...standing, ...lapsed, stands: isStanding(worst) };
  const shown = !doubted && worst.short === undefined;
  const verdict = shown ? worst.result.verdict : 'UNKNOWN';
  const wrong = verdict === 'PROVEN' ? wrongClock(context, fresh) : undefined;
  return wrong === undefined ? { ...standing, verdict } : { ...standing, verdict: 'UNKNOWN', explain: wrong };
}

const NOTHING = {
  evidence: undefined,
  doubted: false,
  proof: undefined,
  age: undefined,
  started: undefined,
  waiver: undefined,
  hidden: undefined,
  stands: false,
} as const;

/** Whether a commitment has its approvals, and its validity has begun. */
function isCounting({ effective, declaration }: Declared, now: number): boolean {
  return effective !== undefined && now >= (declaration.validity?.notBefore ?? 0);
}

/** The verdict of a claim whose commitment is not in force yet, or for which no agent reported anything. */
function withoutReport(
  declared: Declared,
  now: number,
  due: number,
): Pick<ClaimStatus, 'verdict' | 'explain'> {
  if (declared.effective === undefined)
    return {
      verdict: 'UNKNOWN',
      explain: `the commitment lacks ${approvalsLacking(declared)} approvals`,
    };
  const { notBefore = 0 } = declared.declaration.validity ?? {};
  if (now < notBefore) return { verdict: 'UNKNOWN', explain: `it is valid from ${formatTime(notBefore)} on` };
  return now > due
    ? { verdict: 'STALE', explain: 'no proof came in time' }
    : { verdict: 'UNKNOWN', explain: 'no proof yet' };
}

/**
 * The verdict if the newest reports do not count: revoked key, past due, or past the validity of the commitment.
 * Undefined if they count.
 */
function lapseOf(
  worst: Decided,
  {
    due,
    now,
    notAfter,
    isFresh,
    spoke,
  }: {
    readonly due: number;
    readonly now: number;
    readonly notAfter: number;
    readonly isFresh: boolean;
    readonly spoke: string;
  },
): Pick<ClaimStatus, 'verdict' | 'explain'> | undefined {
  if (worst.revoked) return { verdict: 'REVOKED', explain: revokedText(worst) };
  // Agents that have not reported yet have time until the first due.
  if (!isFresh && now <= due) return { verdict: 'UNKNOWN', explain: spoke };
  if (!isFresh)
    return {
      verdict: 'STALE',
      explain: worst.outdated ?? `the last proof said ${worst.result.verdict}; the next one did not come`,
    };
  if (notAfter <= now) return { verdict: 'STALE', explain: 'the commitment is past its validity' };
  // A failure that one agent reported stays visible, even if too few other agents report.
  return now > due && badness(worst) < FAILED ? { verdict: 'STALE', explain: spoke } : undefined;
}

/** Whether a report of a revoked key holds a signature of somebody else that was checked. */
function isStanding({ revoked, why, result: { evidence } }: Report): boolean {
  return revoked && why === undefined && (evidence === 'E3' || evidence === 'E4');
}

function revokedText(worst: Report): string {
  const { verdict, evidence } = worst.result;
  const stands = `; it said ${verdict}, and the signature of ${evidence === 'E3' ? 'the target' : 'a third party'} in it stands (${evidence})`;
  return `the key that signed the proof is revoked${isStanding(worst) ? stands : ''}`;
}

/**
 * Why the clock of this machine cannot show that these reports are fresh; undefined if it can. A report that was seen
 * later than `now` shows that the clock is behind, and is a reason for this claim only.
 */
function wrongClock(context: AppraisalContext, fresh: readonly Report[]): string | undefined {
  const ahead = Math.max(...fresh.map(({ seen }) => seen - context.now));
  return (
    clockFault({ behind: context.behind ?? 0 }) ??
    (ahead > MOST_BEHIND ? `the clock of this machine is ${ahead} s behind the proof: set it` : undefined)
  );
}

/** `short`: why a believed report is not enough for PROVEN: too few agents, or a class below `minEvidence`. */
type Decided = Report & { readonly short?: string | undefined };

/**
 * Unites the reports of several agents, all in time, into one: the worst of them. If the commitment names attestors,
 * PROVEN needs as many of them as its threshold says, and two that observed it themselves (E1) make it E2. Without
 * attestors nothing becomes E2, because several unnamed keys may belong to one agent.
 */
function decide(claim: Claim, fresh: readonly Report[], { declaration: { attestors } }: Declared): Decided {
  const ranked = fresh.toSorted((a, b) => badness(b) - badness(a) || b.entry.index - a.entry.index);
  const [worst] = ranked;
  if (worst === undefined) throw new Error('nobody said anything');
  if (badness(worst) > 0) return worst;
  const speakers = agentsIn(fresh);
  if (attestors !== undefined && speakers < attestors.threshold)
    return { ...worst, short: `${speakers} of ${attestors.threshold} agents have proven it` };
  const saw = fresh.filter(({ entry, result }) => result.evidence !== 'E0' && isApart(entry.parsed));
  const agreed = attestors !== undefined && agentsIn(saw) >= 2;
  const evidence = agreed && worst.result.evidence === 'E1' ? 'E2' : worst.result.evidence;
  const enough = evidence >= claim.minEvidence;
  const short = enough
    ? undefined
    : `it is known at class ${evidence}; the claim asks for ${claim.minEvidence}${lessOf(worst)}`;
  return { ...worst, result: { ...worst.result, evidence }, short };
}

/** The agent's own explanation, in parentheses, if its class was lowered. */
function lessOf({ result: { explain } }: Report): string {
  return explain === undefined ? '' : ` (${explain})`;
}

/** `badness` from which on an agent observed that a target does not hold what is declared. */
const FAILED = 3;

function badness({ result: { verdict }, why, revoked }: Report): number {
  if (why !== undefined || revoked) return 2;
  if (verdict === 'CONTRADICTED') return 4;
  if (verdict === 'VIOLATED') return FAILED;
  return verdict === 'PROVEN' ? 0 : 1;
}

/** Whether the agent observed nothing: UNKNOWN, with no leaf of an observation. */
function sawNothing({ result: { verdict, leaves } }: Report): boolean {
  return verdict === 'UNKNOWN' && leaves === undefined;
}

/** The newest waiver of a claim under this commitment, if it has not ended at `now` (POSIX seconds); else undefined. */
function waiverOf(
  claim: Claim,
  declared: Declared,
  history: Pick<History, 'waivers'>,
  now: number,
): EntryOf<'waiver'> | undefined {
  const newest = newestWaiver(claim, declared, history);
  return newest !== undefined && newest.parsed.waiver.notAfter > now ? newest : undefined;
}

/** The newest waiver that names a claim of this commitment, whether it has ended or not. */
export function newestWaiver(
  { id }: Pick<Claim, 'id'>,
  { entry }: Pick<Declared, 'entry'>,
  { waivers }: Pick<History, 'waivers'>,
): EntryOf<'waiver'> | undefined {
  return waivers.findLast(
    ({ parsed: { waiver } }) => formatHex(waiver.commitment) === entry.id && waiver.claims.includes(id),
  );
}
