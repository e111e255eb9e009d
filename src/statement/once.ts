/**
 * An entry and its twin (cose/twin.ts) count as one entry. A log must refuse the second of them, and a second copy of one.
 */
import type { EntryId } from '../bytes/brand.ts';
import { refuse } from '../bytes/refusal.ts';
import { twinOf } from '../cose/twin.ts';
import type { ParsedStatement } from './parse.ts';

/** The ids that a statement may be logged under: that of its entry, and its twin's. */
export function idsOf(id: EntryId, { statement }: Pick<ParsedStatement, 'statement'>): readonly EntryId[] {
  const twin = twinOf(statement.sign1);
  return twin === undefined ? [id] : [id, twin.id];
}

/** Refuses `proof-failed` when two of these entries, in the order of the log, are one. */
export function assertOnce(
  entries: readonly {
    readonly index: number;
    readonly id: EntryId;
    readonly parsed: Pick<ParsedStatement, 'statement'>;
  }[],
): void {
  const places = new Map<EntryId, number>();
  for (const { index, id, parsed } of entries) {
    for (const each of idsOf(id, parsed)) {
      const before = places.get(each) ?? index;
      if (before !== index)
        throw refuse(
          'proof-failed',
          `entry ${index} is entry ${before}, logged again: the log admitted what it must not; do not rely on it`,
        );
      places.set(each, index);
    }
  }
}
