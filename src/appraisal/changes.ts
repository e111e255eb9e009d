/** What changed about a subject since somebody was told of it: verdicts, and claims that are there no more. Pure. */
import { isWithdrawal } from '../statement/commitment.ts';
import type { Verdict } from '../statement/vocabulary.ts';
import type { ClaimStatus } from './appraise.ts';
import type { EntryOf } from './history.ts';
import type { SubjectStatus } from './subject.ts';

/** Verdicts that somebody must hear of. */
const ALERTING: ReadonlySet<Verdict> = new Set(['VIOLATED', 'CONTRADICTED', 'STALE', 'REVOKED']);

/** A claim has another verdict than before; `before`: undefined for a new one. */
export interface VerdictChange {
  readonly kind: 'verdict';
  readonly claim: ClaimStatus;
  readonly before: Verdict | undefined;
}

/**
 * A claim is there no more: whoever relied on it hears so, whatever its verdict was. `void`: its commitment does not count
 * any more, and nobody's entry ended it (`by` is undefined): a key was revoked.
 */
export interface ClaimEnd {
  readonly kind: 'ended';
  /** Its id. */
  readonly claim: string;
  readonly before: Verdict;
  readonly how: 'void' | 'withdrawn' | 'superseded';
  readonly by: EntryOf<'commitment'> | undefined;
}

export type StatusChange = VerdictChange | ClaimEnd;

/** What differs from the verdicts that were told last, by claim. */
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

/** What somebody is told of a change: `failed` also when the same failure is found again under another verdict. */
export function newsOf(
  change: StatusChange,
  wasAlerted: boolean,
): 'failed' | 'recovered' | 'ended' | undefined {
  if (change.kind === 'ended') return 'ended';
  const { verdict } = change.claim;
  if (ALERTING.has(verdict)) return 'failed';
  return wasAlerted && (verdict === 'PROVEN' || verdict === 'WAIVED') ? 'recovered' : undefined;
}

function endOf(status: SubjectStatus, claim: string, before: Verdict): ClaimEnd {
  const by = endedBy(status);
  const how = by === undefined ? 'void' : isWithdrawal(by.parsed.commitment) ? 'withdrawn' : 'superseded';
  return { kind: 'ended', claim, before, how, by };
}

/** Undefined when what was declared last is by a key that was revoked: nobody's entry ended it. */
function endedBy({ entries, history }: SubjectStatus): EntryOf<'commitment'> | undefined {
  const { inForce, pending, declared } = history;
  if (inForce !== undefined) return inForce.entry;
  const newest = entries.findLast(
    ({ parsed }) => parsed.kind === 'commitment' && !isWithdrawal(parsed.commitment),
  );
  if (declared.at(-1)?.entry.id !== newest?.id) return undefined;
  return declared.findLast(({ ended }) => ended !== undefined)?.ended ?? pending?.entry;
}
