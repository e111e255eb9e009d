/**
 * The order of a subject's commitment statements, kept by the log: each names the one before it in `supersedes`, so that two
 * that are made at once never drop what the other says (spec/statements.md §7). The newest is kept as the head of a chain
 * of proofs is, in the same transaction.
 */
import { entryId, type EntryId } from '../bytes/brand.ts';
import { printable } from '../bytes/printable.ts';
import { refuse } from '../bytes/refusal.ts';
import { formatHex } from '../bytes/text.ts';
import type { Commitment } from '../statement/commitment.ts';
import type { ParsedStatement } from '../statement/parse.ts';

/** The newest of statements that continue one another: its number, from 0 on, and its entry id. */
export interface ChainLink {
  readonly seq: number;
  readonly id: EntryId;
}

/** Key of the commitment statements of a subject among the chains. No key of a chain of proofs begins so. */
export function orderKey(subject: string): string {
  return `commitments ${subject}`;
}

/** Entry id of the statement that a commitment says it follows. */
export function followed({ supersedes }: Commitment): EntryId | undefined {
  return supersedes === undefined ? undefined : entryId(formatHex(supersedes));
}

/** Whether admission asks for the newest commitment statement of the subject. */
export function isOrdered(
  parsed: ParsedStatement,
): parsed is Extract<ParsedStatement, { kind: 'commitment' | 'approval' }> {
  return parsed.kind === 'commitment' || parsed.kind === 'approval';
}

/** The entry that must be the newest statement of the subject: what a commitment follows, or what is approved. */
export function newestWanted(
  parsed: Extract<ParsedStatement, { kind: 'commitment' | 'approval' }>,
): EntryId | undefined {
  return parsed.kind === 'approval'
    ? entryId(formatHex(parsed.approval.commitment))
    : followed(parsed.commitment);
}

/** Refuses `superseded-meanwhile` unless a statement names the newest commitment statement of its subject; none, if it is the first. */
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
