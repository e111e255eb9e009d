/** Whether a pipeline, a deployment or a page may go on, decided by the verdicts of a subject's claims. Pure. */
import type { EvidenceClass, Verdict } from '../statement/vocabulary.ts';
import type { ClaimStatus } from './appraise.ts';
import type { SubjectStatus } from './subject.ts';

/** The combined result of several verdicts. `failed` outweighs `unknown`, which outweighs `held`. */
export type Outcome = 'held' | 'failed' | 'unknown';

const FAILED: ReadonlySet<Verdict> = new Set(['VIOLATED', 'CONTRADICTED', 'REVOKED']);

/**
 * `failed` if a target was observed not to hold its claim, `held` if all claims are PROVEN or WAIVED, else `unknown`.
 */
export function outcomeOf(verdicts: readonly Verdict[]): Outcome {
  if (verdicts.some((each) => FAILED.has(each))) return 'failed';
  return verdicts.every((each) => each === 'PROVEN' || each === 'WAIVED') ? 'held' : 'unknown';
}

/** The worst of several verdicts, for a summary. */
export function worstOf(verdicts: readonly Verdict[]): Verdict | undefined {
  return WORST_FIRST.find((each) => verdicts.includes(each));
}

/** Verdicts in the order of summaries and listings. */
export const WORST_FIRST: readonly Verdict[] = [
  'CONTRADICTED',
  'VIOLATED',
  'REVOKED',
  'STALE',
  'UNKNOWN',
  'WAIVED',
  'PROVEN',
];

/** What a claim is ranked by. `hidden`: what a waiver hides; JSON has null for none. */
interface Ranked {
  readonly verdict: Verdict;
  readonly hidden?: Verdict | null | undefined;
}

/** The claim with the worst verdict, for a summary; of waived ones, the one whose waiver hides the worst. */
export function worstClaim<C extends Ranked>(claims: readonly C[]): C | undefined {
  return claims.toSorted((a, b) => badnessOf(a) - badnessOf(b))[0];
}

/** For sorting, the worst first: from 0 to less than 7. A waived claim is as bad among such as what its waiver hides. */
export function badnessOf({ verdict, hidden }: Ranked): number {
  return WORST_FIRST.indexOf(verdict) + WORST_FIRST.indexOf(hidden ?? 'PROVEN') / WORST_FIRST.length;
}

/** What a gate asks for besides fresh proofs. */
export interface GateRules {
  /** If true, a waived claim does not pass. */
  readonly strict?: boolean | undefined;
  readonly minEvidence?: EvidenceClass | undefined;
  /** Most seconds since a claim was observed to hold. */
  readonly maxAge?: number | undefined;
}

/** Why a gate stays shut. `failed`: an agent observed that the claim does not hold. */
export type Hindrance =
  | { readonly kind: 'no-claims'; readonly subject: string; readonly failed: false }
  /** `class`: known, but at a lower class than asked for. `age`: observed too long ago. */
  | { readonly kind: 'verdict' | 'class' | 'age'; readonly claim: ClaimStatus; readonly failed: boolean }
  /** No proof that began since the time asked for, POSIX seconds. */
  | {
      readonly kind: 'unseen';
      readonly claim: ClaimStatus;
      readonly failed: false;
      readonly since: number;
    };

/** The reasons that keep a gate shut; the gate opens if there are none. A subject without claims does not pass. */
export function gate(status: SubjectStatus, rules: GateRules = {}): readonly Hindrance[] {
  return hindrances(status, (claim) => hindranceAt(claim, rules));
}

/**
 * The reasons for which claims do not count as observed to hold since a time (POSIX seconds). Only an observation that
 * began at that time or later counts.
 */
export function gateSince(status: SubjectStatus, since: number): readonly Hindrance[] {
  return hindrances(status, (claim) => {
    if (claim.verdict === 'WAIVED') return undefined;
    // An observation from before that time neither passes nor fails the gate.
    if ((claim.started ?? -Infinity) < since) return { kind: 'unseen', claim, failed: false, since };
    return claim.verdict === 'PROVEN' ? undefined : byVerdict(claim);
  });
}

function hindrances(
  { subject, claims }: SubjectStatus,
  of: (claim: ClaimStatus) => Hindrance | undefined,
): readonly Hindrance[] {
  if (claims.length === 0) return [{ kind: 'no-claims', subject, failed: false }];
  return claims.flatMap((each) => of(each) ?? []);
}

function hindranceAt(claim: ClaimStatus, rules: GateRules): Hindrance | undefined {
  const { verdict, evidence = 'E0', age = Infinity } = claim;
  if (verdict === 'WAIVED' && rules.strict !== true) return undefined;
  if (verdict !== 'PROVEN') return byVerdict(claim);
  if (rules.minEvidence !== undefined && evidence < rules.minEvidence)
    return { kind: 'class', claim, failed: false };
  return rules.maxAge !== undefined && age > rules.maxAge ? { kind: 'age', claim, failed: false } : undefined;
}

function byVerdict(claim: ClaimStatus): Hindrance {
  return { kind: 'verdict', claim, failed: outcomeOf([claim.verdict]) === 'failed' };
}
