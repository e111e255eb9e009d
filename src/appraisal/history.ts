/**
 * The entries of one subject, sorted: which commitment is in force, who approved it, and which proofs, waivers and
 * deployments belong to it. Pure: it uses the entries alone, so every reader computes the same history.
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

/** A commitment statement (declaration or withdrawal), its approvals, and whether it took effect. */
export interface Committed {
  readonly entry: EntryOf<'commitment'>;
  /**
   * The approvals that count: the first one of each key, logged while this was the subject's newest commitment
   * statement.
   */
  readonly approvals: readonly EntryOf<'approval'>[];
  /**
   * Approvals that it needs: the number it asks for, or the number that the commitment in force asked for when it was
   * logged, whichever is larger.
   */
  readonly needed: number;
  /** POSIX seconds at which it took effect: logged, with all approvals that it needs. Undefined if it never did. */
  readonly effective: number | undefined;
  /** The commitment statement that followed it. From then on, approvals of this one no longer count. */
  readonly followed: EntryOf<'commitment'> | undefined;
}

/** A commitment that declares configuration. */
export interface Declared extends Committed {
  readonly declaration: Declaration;
  /** The entry that superseded or withdrew it; undefined while neither happened. */
  readonly ended: EntryOf<'commitment'> | undefined;
}

/** A commitment statement that withdraws another. */
export interface Withdrawn extends Committed {
  readonly withdraws: EntryId;
}

export interface History {
  readonly declared: readonly Declared[];
  readonly withdrawals: readonly Withdrawn[];
  /** The newest declaration that took effect, unless it was withdrawn. A declaration that was ended never returns. */
  readonly inForce: Declared | undefined;
  /** The subject's newest commitment statement, if it is a declaration that still lacks approvals. */
  readonly pending: Declared | undefined;
  /** The subject's newest commitment statement, if it withdraws the one in force and still lacks approvals. */
  readonly withdrawing: Withdrawn | undefined;
  /** The newest commitment statement. The next one must name it in `supersedes`. */
  readonly newest: EntryOf<'commitment'> | undefined;
  readonly proofs: readonly EntryOf<'proof'>[];
  readonly waivers: readonly EntryOf<'waiver'>[];
  readonly deployments: readonly EntryOf<'deployment'>[];
}

/**
 * Index from which on statements of a key do not count (registration policy, `revoked`); undefined for a key that is
 * not revoked.
 */
export type RevokedSince = (kid: string) => number | undefined;

/** The revocations that a registration policy lists. */
export function revocationsOf(policy: Policy | undefined): RevokedSince {
  return (kid) => policy?.revoked.get(kid)?.since;
}

/** The deployments of one commitment, in log order. */
export function deploymentsOf(
  { deployments }: Pick<History, 'deployments'>,
  id: EntryId,
): readonly EntryOf<'deployment'>[] {
  return deployments.filter(({ parsed: { deployment } }) => formatHex(deployment.commitment) === id);
}

/** How many more approvals a commitment statement needs. */
export function approvalsLacking({ needed, approvals }: Committed): number {
  return Math.max(0, needed - approvals.length);
}

/** Approvals that the pending declaration or withdrawal lacks; 0 if none is pending. */
export function lackingIn({ pending, withdrawing }: History): number {
  const waiting = pending ?? withdrawing;
  return waiting === undefined ? 0 : approvalsLacking(waiting);
}

/**
 * The declaration of a subject's only commitment statement, if no other entry takes part in the decision. Undefined if
 * one does: the statement follows or withdraws another, asks for approvals, or its key was revoked.
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

/** A commitment statement as one step of the succession of its subject (succession.ts). */
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

/** A commitment statement while the entries are read; it becomes a `Committed` at the end. */
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
 * Sorts the entries of one subject, given in log order. Entries that a revoked key signed from its `since` index on are
 * ignored, except proofs: their verdict is REVOKED.
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

/** The result once every entry has been read. */
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

export function isOf<K extends ParsedStatement['kind']>(
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

/** The commitment whose claims are shown: the one in force, else the one that lacks approvals, else undefined. */
export function commitmentOf({
  history,
}: {
  readonly history: Pick<History, 'inForce' | 'pending'>;
}): Declared | undefined {
  return history.inForce ?? history.pending;
}
