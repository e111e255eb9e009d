/**
 * The entries of one subject, sorted out: which commitment is in force, who approved it, what was proven, waived
 * and deployed. Pure, from the log alone, so that everyone comes to the same answer (design.md, "Silence fails").
 */
import { entryId, type EntryId } from '../bytes/brand.ts';
import { formatHex } from '../bytes/text.ts';
import { isWithdrawal, type Commitment, type Declaration } from '../statement/commitment.ts';
import type { ParsedStatement } from '../statement/parse.ts';
import type { Policy } from '../statement/policy.ts';
import { Succession, type Step } from './succession.ts';

/** One entry about the subject. `time`: when it was logged, POSIX seconds, as the log or a witness says. */
export interface SubjectEntry {
  readonly index: number;
  readonly id: EntryId;
  readonly time: number;
  readonly parsed: ParsedStatement;
}

export type EntryOf<K extends ParsedStatement['kind']> = Omit<SubjectEntry, 'parsed'> & {
  readonly parsed: Extract<ParsedStatement, { kind: K }>;
};

/** A commitment statement, and what became of it. */
export interface Committed {
  readonly entry: EntryOf<'commitment'>;
  /** The approvals that count: the first by each key, while it was the newest statement of its subject. */
  readonly approvals: readonly EntryOf<'approval'>[];
  /** Approvals that it needs: its own number, or that of the commitment in force when it was logged if that is larger. */
  readonly needed: number;
  /** When it took effect: logged, and approved as often as it needs. Undefined: it did not. */
  readonly effective: number | undefined;
  /** The commitment statement that followed it. One that lacked approvals then gets none any more. */
  readonly followed: EntryOf<'commitment'> | undefined;
}

/** One that declares. */
export interface Declared extends Committed {
  readonly declaration: Declaration;
  /** The entry that superseded or withdrew it. */
  readonly ended: EntryOf<'commitment'> | undefined;
}

/** One that takes another back. */
export interface Withdrawn extends Committed {
  readonly withdraws: EntryId;
}

export interface History {
  readonly declared: readonly Declared[];
  readonly withdrawals: readonly Withdrawn[];
  /** The newest declaration that took effect, unless it was withdrawn. What ended does not come back. */
  readonly inForce: Declared | undefined;
  /** A declaration, the newest statement of the subject, that still lacks approvals. */
  readonly pending: Declared | undefined;
  /** The withdrawal of what is in force, the newest statement of the subject, that still lacks approvals. */
  readonly withdrawing: Withdrawn | undefined;
  /** The newest commitment statement: whatever comes next names it in `supersedes`. */
  readonly newest: EntryOf<'commitment'> | undefined;
  readonly proofs: readonly EntryOf<'proof'>[];
  readonly waivers: readonly EntryOf<'waiver'>[];
  readonly deployments: readonly EntryOf<'deployment'>[];
}

/** Index from which on a key is not to be believed (registration policy, `revoked`). */
export type RevokedSince = (kid: string) => number | undefined;

/** The revocations that a policy lists. */
export function revocationsOf(policy: Policy | undefined): RevokedSince {
  return (kid) => policy?.revoked.get(kid)?.since;
}

/** How many more approvals a commitment statement needs. */
export function approvalsLacking({ needed, approvals }: Committed): number {
  return Math.max(0, needed - approvals.length);
}

/**
 * What the only commitment statement of a subject declares, where it alone decides; undefined where other entries do too:
 * it follows another, takes one back, asks for approvals, or its key was revoked.
 */
export function declaresAlone(
  newest: ParsedStatement | undefined,
  wasRevoked: (kid: string) => boolean,
): Declaration | undefined {
  if (newest?.kind !== 'commitment' || isWithdrawal(newest.commitment)) return undefined;
  const { commitment, kid } = newest;
  const alone = commitment.supersedes === undefined && commitment.approvals === undefined;
  return alone && !wasRevoked(kid) ? commitment : undefined;
}

/** What a commitment statement is in the order of its subject. */
export function stepOf(
  { id, index, parsed: { kid, commitment } }: EntryOf<'commitment'>,
  revokedSince: RevokedSince,
): Step {
  return {
    id,
    author: kid,
    asks: asksOf(commitment),
    ...(isWithdrawal(commitment) && { withdraws: formatHex(commitment.withdraws) }),
    ...(isRevoked(kid, index, revokedSince) && { revoked: true }),
  };
}

function asksOf(commitment: Commitment): number {
  return isWithdrawal(commitment) ? 0 : (commitment.approvals ?? 0);
}

function isRevoked(kid: string, index: number, revokedSince: RevokedSince): boolean {
  return index >= (revokedSince(kid) ?? Infinity);
}

/** Becomes a `Committed` once every entry is read. */
interface Draft {
  readonly entry: EntryOf<'commitment'>;
  readonly approvals: EntryOf<'approval'>[];
  readonly step: Step;
  needed: number;
  effective: number | undefined;
  followed: EntryOf<'commitment'> | undefined;
  ended: EntryOf<'commitment'> | undefined;
}

/**
 * Sorts out the entries of one subject, given in the order of the log. What a revoked key said from its `since` on counts
 * for nothing; of proofs, verdicts say so themselves.
 */
export function historyOf(
  entries: readonly SubjectEntry[],
  revokedSince: RevokedSince = () => undefined,
): History {
  const counting = (entry: SubjectEntry): boolean => !isRevoked(entry.parsed.kid, entry.index, revokedSince);
  const drafts: Draft[] = [];
  const order = new Succession<Step>();
  const takeEffect = (time: number): void => {
    const draft = drafts.at(-1);
    if (draft === undefined) return;
    draft.effective = time;
    for (const each of drafts.slice(0, -1))
      if ([undefined, each.step.id].includes(draft.step.withdraws)) each.ended ??= draft.entry;
  };
  for (const entry of entries) {
    if (isOf(entry, 'commitment')) {
      const before = drafts.at(-1);
      if (before !== undefined) before.followed = entry;
      const step = stepOf(entry, revokedSince);
      const draft: Draft = {
        entry,
        approvals: [],
        step,
        needed: 0,
        effective: undefined,
        followed: undefined,
        ended: undefined,
      };
      drafts.push(draft);
      const effect = order.commit(step);
      draft.needed = order.newest?.needed ?? 0;
      if (effect === 'effective') takeEffect(entry.time);
    } else if (isOf(entry, 'approval') && counting(entry)) {
      const { approval, kid } = entry.parsed;
      const effect = order.approve(formatHex(approval.commitment), kid);
      if (effect !== 'none') drafts.at(-1)?.approvals.push(entry);
      if (effect === 'effective') takeEffect(entry.time);
    }
  }
  return settledOf(entries, drafts, order, counting);
}

/** What stands when every entry has been taken in. */
function settledOf(
  entries: readonly SubjectEntry[],
  drafts: readonly Draft[],
  order: Succession<Step>,
  counting: (entry: SubjectEntry) => boolean,
): History {
  const settled = drafts.filter(({ step }) => step.revoked !== true);
  const declared = settled.flatMap(declaredOf);
  const withdrawals = settled.flatMap(withdrawnOf);
  const byId = (id: string | undefined): Declared | undefined =>
    declared.find(({ entry }) => entry.id === id);
  const pending = order.pending?.step.id;
  return {
    declared,
    withdrawals,
    inForce: byId(order.inForce?.id),
    pending: byId(pending),
    withdrawing: withdrawals.find(({ entry }) => entry.id === pending),
    newest: drafts.at(-1)?.entry,
    proofs: ofKind(entries, 'proof'),
    waivers: ofKind(entries, 'waiver').filter(counting),
    deployments: ofKind(entries, 'deployment').filter(counting),
  };
}

function declaredOf(draft: Draft): readonly Declared[] {
  const { commitment } = draft.entry.parsed;
  if (isWithdrawal(commitment)) return [];
  return [{ ...committedOf(draft), declaration: commitment, ended: draft.ended }];
}

function withdrawnOf(draft: Draft): readonly Withdrawn[] {
  const { commitment } = draft.entry.parsed;
  if (!isWithdrawal(commitment)) return [];
  return [{ ...committedOf(draft), withdraws: entryId(formatHex(commitment.withdraws)) }];
}

function committedOf({ entry, approvals, needed, effective, followed }: Draft): Committed {
  return { entry, approvals, needed, effective, followed };
}

function isOf<K extends ParsedStatement['kind']>(
  entry: SubjectEntry,
  kind: K,
): entry is SubjectEntry & EntryOf<K> {
  return entry.parsed.kind === kind;
}

function ofKind<K extends ParsedStatement['kind']>(
  entries: readonly SubjectEntry[],
  kind: K,
): readonly EntryOf<K>[] {
  return entries.filter((entry): entry is SubjectEntry & EntryOf<K> => isOf(entry, kind));
}
