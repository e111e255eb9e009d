/** What changed about a subject since the last notification: verdicts, and claims that no longer exist. Pure. */
import { isWithdrawal } from '../statement/commitment.ts';
import type { Verdict } from '../statement/vocabulary.ts';
import type { ClaimStatus } from './appraise.ts';
import type { EntryOf } from './history.ts';
import type { SubjectStatus } from './subject.ts';

/** Verdicts for which a person must be notified. */
const ALERTING: ReadonlySet<Verdict> = new Set(['VIOLATED', 'CONTRADICTED', 'STALE', 'REVOKED']);

/** A claim whose verdict differs from the one that was last notified. `before` is undefined for a new claim. */
interface VerdictChange {
  readonly kind: 'verdict';
  readonly claim: ClaimStatus;
  readonly before: Verdict | undefined;
}

/**
 * A claim that no longer exists: whoever relied on it is notified, whatever its last verdict was. `by`: the entry that
 * ended it. `void`: no entry ended it (`by` is undefined); its commitment stopped counting because the key that signed
 * it was revoked.
 */
export interface ClaimEnd {
  readonly kind: 'ended';
  /** Id of the claim. */
  readonly claim: string;
  readonly before: Verdict;
  readonly how: 'void' | 'withdrawn' | 'superseded';
  readonly by: EntryOf<'commitment'> | undefined;
}

export type StatusChange = VerdictChange | ClaimEnd;

/** The differences between a status and the verdicts that were last notified, by claim id. */
export function changesSince(
  told: ReadonlyMap<string, Verdict>,
  status: SubjectStatus,
): readonly StatusChange[] {
  const changed = status.claims.flatMap((claim): readonly VerdictChange[] => {
    const before = told.get(claim.claim.id);
    return before === claim.verdict ? [] : [{ kind: 'verdict', claim, before }];
  });
  const claimed = new Set(status.claims.map(({ claim }) => claim.id));
  const gone = [...told].filter(([id]) => !claimed.has(id));
  return [...changed, ...gone.map(([id, before]) => endOf(status, id, before))];
}

/**
 * The text of a notification. `waived` is no recovery: what failed is hidden, and may go on. `failed` is set also if a claim that had failed before fails again under another verdict.
 */
export function newsOf(
  change: StatusChange,
  wasAlerted: boolean,
): 'failed' | 'waived' | 'recovered' | 'ended' | undefined {
  if (change.kind === 'ended') return 'ended';
  const { verdict } = change.claim;
  if (ALERTING.has(verdict)) return 'failed';
  if (!wasAlerted) return undefined;
  if (verdict === 'WAIVED') return 'waived';
  return verdict === 'PROVEN' ? 'recovered' : undefined;
}

function endOf(status: SubjectStatus, claim: string, before: Verdict): ClaimEnd {
  const by = endedBy(status);
  const how = by === undefined ? 'void' : isWithdrawal(by.parsed.commitment) ? 'withdrawn' : 'superseded';
  return { kind: 'ended', claim, before, how, by };
}

/**
 * The commitment statement that ended the claims. Undefined if the key of the newest declaration was revoked: then no
 * entry ended them.
 */
function endedBy({ entries, history }: SubjectStatus): EntryOf<'commitment'> | undefined {
  const { inForce, pending, declared } = history;
  if (inForce !== undefined) return inForce.entry;
  const newest = entries.findLast(
    ({ parsed }) => parsed.kind === 'commitment' && !isWithdrawal(parsed.commitment),
  );
  if (declared.at(-1)?.entry.id !== newest?.id) return undefined;
  return declared.findLast(({ ended }) => ended !== undefined)?.ended ?? pending?.entry;
}
