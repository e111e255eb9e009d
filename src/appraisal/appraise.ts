/**
 * Where each claim of a subject stands now, computed from the log alone. Silence fails: a claim without a fresh
 * proof is STALE, whoever is to blame, and a missing answer is never a pass.
 */
import { formatHex } from '../bytes/text.ts';
import { formatTime } from '../bytes/time.ts';
import type { Claim } from '../statement/commitment.ts';
import type { EvidenceClass, Verdict } from '../statement/vocabulary.ts';
import { clockFault, MOST_BEHIND } from './clock.ts';
import { claimDue } from './due.ts';
import { approvalsLacking, type Declared, type EntryOf, type History } from './history.ts';
import { basisOf, newestReports, type AppraisalContext, type Report } from './reports.ts';

export interface ClaimStatus {
  readonly claim: Claim;
  readonly verdict: Verdict;
  /** Of the proof it rests on; undefined without one, when nothing was seen, or when it is not believed. */
  readonly evidence: EvidenceClass | undefined;
  /** The proof it rests on cannot be taken at its word. */
  readonly doubted: boolean;
  /** The proof it rests on: the newest that speaks of the claim. */
  readonly proof: EntryOf<'proof'> | undefined;
  /** Seconds since what it rests on was observed, at least: what may be older counts as older. */
  readonly age: number | undefined;
  /** When the look that it rests on began. */
  readonly started: number | undefined;
  /** When the next proof must be there, its grace included. */
  readonly due: number;
  /** Why it is not PROVEN, or what is to be known. */
  readonly explain: string | undefined;
  readonly waiver: EntryOf<'waiver'> | undefined;
}

/** Where the claims of the commitment in force stand; of a commitment that still lacks approvals, all UNKNOWN. */
export function appraise(history: History, context: AppraisalContext): readonly ClaimStatus[] {
  const declared = history.inForce ?? history.pending;
  if (declared === undefined) return [];
  return declared.declaration.claims.map((claim) => {
    const standing = judge(claim, declared, history, context);
    const waiver = waiverOf(claim, declared, history, context.now);
    // By a clock that is behind, nobody knows whether a waiver has ended.
    const isOver = waiver === undefined || (context.behind ?? 0) > 0;
    if (isOver || standing.verdict === 'PROVEN') return standing;
    const { owner, reason, notAfter } = waiver.parsed.waiver;
    const explain = `until ${formatTime(notAfter)}, ${owner} answers for it: ${reason}`;
    return { ...standing, verdict: 'WAIVED', waiver, explain };
  });
}

function judge(claim: Claim, declared: Declared, history: History, context: AppraisalContext): ClaimStatus {
  const { now } = context;
  const basis = basisOf(declared, history, now);
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
    explain: worst.why ?? worst.short ?? worst.result.explain,
  };
  const spoke = `${fresh.length} of ${needed} agents spoke in time`;
  const lapsed = lapseOf(worst, {
    due,
    now,
    notAfter: validity?.notAfter ?? Infinity,
    isFresh: fresh.length > 0,
    spoke,
  });
  if (lapsed !== undefined) return { ...standing, ...lapsed };
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
} as const;

/** Whether a commitment has its approvals, and is valid already. */
function isCounting({ effective, declaration }: Declared, now: number): boolean {
  return effective !== undefined && now >= (declaration.validity?.notBefore ?? 0);
}

/** The verdict of a commitment that does not count yet, or about which nobody reported. */
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

/** The verdict where what was reported last does not count, or not any more; undefined where it does. */
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
  if (worst.revoked) return { verdict: 'REVOKED', explain: 'the key that signed the proof is revoked' };
  // Others that never spoke have until the first due.
  if (!isFresh && now <= due) return { verdict: 'UNKNOWN', explain: spoke };
  if (!isFresh)
    return {
      verdict: 'STALE',
      explain: worst.outdated ?? `the last proof said ${worst.result.verdict}; the next one did not come`,
    };
  if (notAfter <= now) return { verdict: 'STALE', explain: 'the commitment is past its validity' };
  // Agents that are silent do not hide what another sees.
  return now > due && badness(worst) < FAILED ? { verdict: 'STALE', explain: spoke } : undefined;
}

/** Why nothing can be called fresh by this clock; undefined when it can. A proof's own times count for that proof alone. */
function wrongClock(context: AppraisalContext, fresh: readonly Report[]): string | undefined {
  const ahead = Math.max(...fresh.map(({ seen }) => seen - context.now));
  return (
    clockFault({ behind: context.behind ?? 0 }) ??
    (ahead > MOST_BEHIND ? `the clock of this machine is ${ahead} s behind the proof: set it` : undefined)
  );
}

/** `short`: why it is believed, and yet not enough. */
type Decided = Report & { readonly short?: string | undefined };

/**
 * One answer from several agents that spoke in time: the worst that any of them said. Where attestors are named, fewer
 * than the threshold that say PROVEN prove nothing, and two of them that agree, having seen it themselves, make E1 into E2: keys
 * that nobody named may all be one agent's.
 */
function decide(claim: Claim, fresh: readonly Report[], { declaration: { attestors } }: Declared): Decided {
  const ranked = fresh.toSorted((a, b) => badness(b) - badness(a) || b.entry.index - a.entry.index);
  const [worst] = ranked;
  if (worst === undefined) throw new Error('nobody said anything');
  if (badness(worst) > 0) return worst;
  if (attestors !== undefined && fresh.length < attestors.threshold)
    return { ...worst, short: `${fresh.length} of ${attestors.threshold} agents have proven it` };
  const agreed =
    attestors !== undefined && fresh.filter(({ result }) => result.evidence !== 'E0').length >= 2;
  const evidence = agreed && worst.result.evidence === 'E1' ? 'E2' : worst.result.evidence;
  const enough = evidence >= claim.minEvidence;
  const short = enough
    ? undefined
    : `it is known at class ${evidence}; the claim asks for ${claim.minEvidence}${lessOf(worst)}`;
  return { ...worst, result: { ...worst.result, evidence }, short };
}

/** Why its class is lower than its agent says. */
function lessOf({ result: { explain } }: Report): string {
  return explain === undefined ? '' : ` (${explain})`;
}

/** From here on, a target was seen not to hold what is declared. */
const FAILED = 3;

function badness({ result: { verdict }, why, revoked }: Report): number {
  if (why !== undefined || revoked) return 2;
  if (verdict === 'CONTRADICTED') return 4;
  if (verdict === 'VIOLATED') return FAILED;
  return verdict === 'PROVEN' ? 0 : 1;
}

/** Of what nobody looked at, nobody said anything. */
function sawNothing({ result: { verdict, leaves } }: Report): boolean {
  return verdict === 'UNKNOWN' && leaves === undefined;
}

/** The newest waiver of a claim, while it lasts. */
export function waiverOf(
  claim: Claim,
  { entry }: Declared,
  { waivers }: History,
  now: number,
): EntryOf<'waiver'> | undefined {
  const newest = waivers.findLast(
    ({ parsed: { waiver } }) => formatHex(waiver.commitment) === entry.id && waiver.claims.includes(claim.id),
  );
  return newest !== undefined && newest.parsed.waiver.notAfter > now ? newest : undefined;
}
