/**
 * The order of a subject's commitment statements, which the log enforces: each must name the newest one in `supersedes`
 * (spec/statements.md §7). If two people commit at the same time, the second is refused, and cannot drop unseen what
 * the first declared. The newest statement is stored in the index as the head of a chain, in the transaction that logs
 * it.
 */
import { entryId, type EntryId } from '../bytes/brand.ts';
import { printable } from '../bytes/printable.ts';
import { refuse } from '../bytes/refusal.ts';
import { formatHex } from '../bytes/text.ts';
import type { Commitment } from '../statement/commitment.ts';
import type { ParsedStatement } from '../statement/parse.ts';

/** The newest statement of a chain: its number, counted from 0, and its entry id. */
export interface ChainLink {
  readonly seq: number;
  readonly id: EntryId;
}

/** Index key of the order of a subject's commitment statements. Keys of chains of proofs never begin like it. */
export function orderKey(subject: string): string {
  return `commitments ${subject}`;
}

/** Entry id of the statement that a commitment names in `supersedes`. */
export function followed({ supersedes }: Commitment): EntryId | undefined {
  return supersedes === undefined ? undefined : entryId(formatHex(supersedes));
}

/** Whether admission must look up the newest commitment statement of the subject. */
export function isOrdered(
  parsed: ParsedStatement,
): parsed is Extract<ParsedStatement, { kind: 'commitment' | 'approval' }> {
  return parsed.kind === 'commitment' || parsed.kind === 'approval';
}

/**
 * The entry that must be the subject's newest commitment statement: the one that a commitment follows, or the one that
 * an approval approves.
 */
export function newestWanted(
  parsed: Extract<ParsedStatement, { kind: 'commitment' | 'approval' }>,
): EntryId | undefined {
  return parsed.kind === 'approval'
    ? entryId(formatHex(parsed.approval.commitment))
    : followed(parsed.commitment);
}

/**
 * Refuses `superseded-meanwhile` unless the statement names the subject's newest commitment statement, or names none if
 * there is none.
 */
export function assertNewest(
  parsed: Extract<ParsedStatement, { kind: 'commitment' | 'approval' }>,
  newest: ChainLink | undefined,
): void {
  if (newestWanted(parsed) === newest?.id) return;
  const what = newest === undefined ? 'there is none yet' : `the newest is entry ${newest.id}`;
  const rule =
    parsed.kind === 'approval'
      ? 'approvals are taken of the newest alone'
      : 'the next one names the newest in supersedes';
  throw refuse(
    'superseded-meanwhile',
    `of the commitments about ${printable(parsed.subject)}, ${what}, and ${rule}; look at it, and say it again`,
  );
}
