/**
 * The entries of one subject, sorted out: which commitment is in force, who approved it, what was proven, waived
 * and deployed. Pure, from the log alone, so that everyone comes to the same answer (design.md, "Silence fails").
 */
import type { EntryId } from '../bytes/brand.ts';
import type { ParsedStatement } from '../statement/parse.ts';
import { isWithdrawal, type Declaration } from '../statement/commitment.ts';

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

/** A commitment that declares, and what became of it. */
export interface Declared {
  readonly entry: EntryOf<'commitment'>;
  readonly declaration: Declaration;
  /** The first approval by each key, in the order of the log. */
  readonly approvals: readonly EntryOf<'approval'>[];
  /** When it began to count: logged, and approved as often as it asks for. Undefined: it does not yet. */
  readonly effective: number | undefined;
  /** The entry that superseded or withdrew it. */
  readonly ended: EntryOf<'commitment'> | undefined;
}

export interface History {
  readonly declared: readonly Declared[];
  /** The newest commitment that counts: approved, neither superseded by one that counts nor withdrawn. */
  readonly inForce: Declared | undefined;
  /** A newer one that still lacks approvals. */
  readonly pending: Declared | undefined;
  readonly proofs: readonly EntryOf<'proof'>[];
  readonly waivers: readonly EntryOf<'waiver'>[];
  readonly deployments: readonly EntryOf<'deployment'>[];
}

/** How many more approvals a commitment asks for. */
export function approvalsLacking({ declaration, approvals }: Declared): number {
  return Math.max(0, (declaration.approvals ?? 0) - approvals.length);
}

/**
 * What the newest commitment of a subject declares, where it alone decides; undefined where older entries do too: it
 * takes one back, asks for approvals, or its key was revoked.
 */
export function declaresAlone(
  newest: ParsedStatement | undefined,
  isRevoked: (kid: string) => boolean,
): Declaration | undefined {
  if (newest?.kind !== 'commitment' || isWithdrawal(newest.commitment)) return undefined;
  const { commitment, kid } = newest;
  return commitment.approvals === undefined && !isRevoked(kid) ? commitment : undefined;
}

/** Sorts out the entries of one subject, given in the order of the log. */
export function historyOf(entries: readonly SubjectEntry[]): History {
  const approvals = ofKind(entries, 'approval');
  const commitments = ofKind(entries, 'commitment');
  const declared: Declared[] = [];
  for (const entry of commitments) {
    const { commitment } = entry.parsed;
    if (isWithdrawal(commitment)) continue;
    const given = approvalsOf(entry, approvals);
    const needed = commitment.approvals ?? 0;
    const last = needed === 0 ? entry : given[needed - 1];
    declared.push({
      entry,
      declaration: commitment,
      approvals: given,
      effective: last?.time,
      ended: undefined,
    });
  }
  const settled = declared.map((each) => ({ ...each, ended: endOf(each, commitments, declared) }));
  const newest = settled.at(-1);
  return {
    declared: settled,
    inForce: settled.findLast((each) => each.effective !== undefined && each.ended === undefined),
    pending: newest?.effective === undefined && newest?.ended === undefined ? newest : undefined,
    proofs: ofKind(entries, 'proof'),
    waivers: ofKind(entries, 'waiver'),
    deployments: ofKind(entries, 'deployment'),
  };
}

/** One approval a key counts once, and the author's own never. */
function approvalsOf(
  { id, parsed }: EntryOf<'commitment'>,
  approvals: readonly EntryOf<'approval'>[],
): readonly EntryOf<'approval'>[] {
  const kids = new Set([parsed.kid]);
  return approvals.filter(({ parsed: { approval, kid } }) => {
    if (approval.commitment.toHex() !== id || kids.has(kid)) return false;
    kids.add(kid);
    return true;
  });
}

/** What ended a commitment: a withdrawal, or a successor that counts itself. */
function endOf(
  { entry: { id } }: Declared,
  commitments: readonly EntryOf<'commitment'>[],
  declared: readonly Declared[],
): EntryOf<'commitment'> | undefined {
  return commitments.find(({ id: other, parsed: { commitment } }) => {
    if (isWithdrawal(commitment)) return commitment.withdraws.toHex() === id;
    if (commitment.supersedes?.toHex() !== id) return false;
    return declared.some((each) => each.entry.id === other && each.effective !== undefined);
  });
}

function ofKind<K extends ParsedStatement['kind']>(
  entries: readonly SubjectEntry[],
  kind: K,
): readonly EntryOf<K>[] {
  return entries.filter((entry): entry is SubjectEntry & EntryOf<K> => entry.parsed.kind === kind);
}
