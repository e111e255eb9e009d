/** Whether somebody may go on by what claims came to: a pipeline, a deployment, a page. Pure. */
import type { EvidenceClass, Verdict } from '../statement/vocabulary.ts';
import type { ClaimStatus } from './appraise.ts';
import type { SubjectStatus } from './subject.ts';

/** What several verdicts come to: `failed` outweighs `unknown`, and that `held`. */
export type Outcome = 'held' | 'failed' | 'unknown';

const FAILED: ReadonlySet<Verdict> = new Set(['VIOLATED', 'CONTRADICTED', 'REVOKED']);

/** `failed` when a target was seen not to hold, `held` when all are PROVEN or WAIVED. */
export function outcomeOf(verdicts: readonly Verdict[]): Outcome {
  if (verdicts.some((each) => FAILED.has(each))) return 'failed';
  return verdicts.every((each) => each === 'PROVEN' || each === 'WAIVED') ? 'held' : 'unknown';
}

/** The worst of several verdicts, for a summary. */
export function worstOf(verdicts: readonly Verdict[]): Verdict | undefined {
  return WORST.find((each) => verdicts.includes(each));
}

const WORST: readonly Verdict[] = [
  'CONTRADICTED',
  'VIOLATED',
  'REVOKED',
  'STALE',
  'UNKNOWN',
  'WAIVED',
  'PROVEN',
];

/** What a gate asks for beside fresh proofs. */
export interface GateRules {
  /** A waived claim does not pass. */
  readonly strict?: boolean | undefined;
  readonly minEvidence?: EvidenceClass | undefined;
  /** Seconds since a claim was seen to hold, at most. */
  readonly maxAge?: number | undefined;
}

/** Why a gate does not open. `failed`: the claim was seen not to hold. */
export type Hindrance =
  | { readonly kind: 'no-claims'; readonly subject: string; readonly failed: false }
  /** `class`: known at a lower class than asked for. `age`: seen too long ago. `unseen`: no proof since the time named. */
  | {
      readonly kind: 'verdict' | 'class' | 'age' | 'unseen';
      readonly claim: ClaimStatus;
      readonly failed: boolean;
    };

/** What keeps a gate shut; it opens when there is nothing. A subject without claims proves nothing. */
export function gate(status: SubjectStatus, rules: GateRules = {}): readonly Hindrance[] {
  return hindrances(status, (claim) => hindranceAt(claim, rules));
}

/** What keeps a claim from having been seen to hold since a time (POSIX seconds), by a look that began then or later. */
export function gateSince(status: SubjectStatus, since: number): readonly Hindrance[] {
  return hindrances(status, (claim) => {
    if (claim.verdict === 'WAIVED') return undefined;
    // What was seen before neither passes nor fails.
    if ((claim.started ?? -Infinity) < since) return { kind: 'unseen', claim, failed: false };
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
