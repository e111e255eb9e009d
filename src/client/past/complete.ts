/**
 * Finds out who vouches that nothing of a period was left out (spec/audit.md, "Completeness"): the reader itself, if it read every
 * entry; or a monitor that counted the entries of the subject and signed their number and hash; else the log's search alone.
 */
import type { PastRecord, SourceGrade } from '../../appraisal/past/types.ts';
import type { EntryId } from '../../bytes/brand.ts';
import { equalBytes } from '../../bytes/compare.ts';
import { refuse } from '../../bytes/refusal.ts';
import { addToInventory, startInventory } from '../../statement/inventory.ts';
import { STATEMENT_KINDS } from '../../statement/kinds.ts';
import type { InventoryNotice } from '../../statement/notice.ts';
import { wasHeadAt } from '../challenges.ts';
import type { Snapshot } from '../snapshot.ts';
import type { Reach } from './reach.ts';

/** An inventory signed by a monitor that the reader trusts. */
interface Counted {
  readonly index: number;
  readonly notice: InventoryNotice;
}

/** The grade of each kind of entry. Refuses `proof-failed` if a monitor counted other entries than the search names. */
export async function completeFor(
  snapshot: Snapshot,
  subject: string,
  reach: Reach,
  monitors: ReadonlySet<string>,
): Promise<PastRecord['complete']> {
  if (snapshot.full) return everyKind('whole');
  if (monitors.size === 0) return {};
  const counted = await inventoryOver(snapshot, subject, reach, monitors);
  if (counted === undefined) return {};
  await assertCounted(snapshot, subject, counted);
  // A policy is about no subject, so no inventory counts it.
  return { ...everyKind('monitor'), policy: 'word' };
}

function everyKind(grade: SourceGrade): PastRecord['complete'] {
  return Object.fromEntries(STATEMENT_KINDS.map((kind) => [kind, grade]));
}

/** The oldest inventory by a trusted monitor that covers the reach of the period. */
async function inventoryOver(
  snapshot: Snapshot,
  subject: string,
  { to }: Reach,
  monitors: ReadonlySet<string>,
): Promise<Counted | undefined> {
  const notices = await snapshot.entries({ subject, kind: 'notice' });
  for (const { index, parsed } of notices) {
    if (parsed.kind !== 'notice' || parsed.notice.topic !== 'inventory' || !monitors.has(parsed.kid))
      continue;
    // What a revoked key signed from the revoking entry on counts for nothing, even if the reader trusts the key.
    if (index >= (snapshot.policies.revokedSince(parsed.kid) ?? Infinity)) continue;
    if (parsed.notice.checkpoint.size >= to) return { index, notice: parsed.notice };
  }
  return undefined;
}

/** Refuses `proof-failed` unless the search names the rows that the monitor counted, and the log had the tree of the inventory. */
async function assertCounted(snapshot: Snapshot, subject: string, { index, notice }: Counted): Promise<void> {
  const { checkpoint, count, hash } = notice;
  const wasHead = await wasHeadAt([checkpoint.size], snapshot.view, snapshot.tiles);
  if (!wasHead(checkpoint.size, checkpoint.root))
    throw refuse('proof-failed', `the inventory in entry ${index} is of a tree that the log never had`);
  const ids: EntryId[] = [];
  for await (const { rows } of snapshot.pages({ subject, before: checkpoint.size }))
    ids.push(...rows.map(({ id }) => id));
  const { origin } = snapshot.view.opened.checkpoint;
  const own = ids.toReversed().reduce(addToInventory, startInventory(origin, subject));
  if (ids.length !== count || !equalBytes(own, hash))
    throw refuse(
      'proof-failed',
      `a monitor counted ${count} entries about "${subject}" up to entry ${checkpoint.size - 1} (entry ${index}), and the ` +
        `log's search names ${ids.length}${ids.length === count ? ' other ones' : ''}: something was left out`,
    );
}
