/** Verifies rows of a listing in batches: each entry is in the tree, is what the row says, and is signed by an allowed key. */
import type { SubjectEntry } from '../../../appraisal/history.ts';
import { entryId, isEntryId } from '../../../bytes/brand.ts';
import { isAway } from '../../../bytes/nature.ts';
import { Refusal, refuse } from '../../../bytes/refusal.ts';
import type { Snapshot } from '../../../client/snapshot.ts';
import type { StatementKind } from '../../../statement/kinds.ts';
import { faultOf } from './faults.ts';
import type { Lane } from './lane.ts';
import type { Part, ToldRow } from './protocol.ts';

/** Rows of one batch: after each, the page is told, and other questions have their turn. */
const STEP = 64;

type Wrong = Extract<Part, { readonly kind: 'entries' }>['wrong'][number];

/** Resolves to the entries of the rows that hold. Refuses if nobody answers; a row that does not hold is told. */
export async function verifyRows(
  lane: Lane,
  snapshot: Snapshot,
  rows: readonly ToldRow[],
  kind: StatementKind | undefined,
  tell: (part: Part) => void,
): Promise<readonly SubjectEntry[]> {
  const fine: SubjectEntry[] = [];
  for (let at = 0; at < rows.length; at += STEP) {
    const { verified, wrong } = await batch(snapshot, rows.slice(at, at + STEP), kind);
    fine.push(...verified);
    tell({ kind: 'entries', verified: verified.map(({ index }) => index), wrong });
    tell({ kind: 'count', done: Math.min(at + STEP, rows.length), of: rows.length, what: 'entries' });
    await lane.turn();
  }
  return fine;
}

async function batch(
  snapshot: Snapshot,
  rows: readonly ToldRow[],
  kind: StatementKind | undefined,
): Promise<{ readonly verified: readonly SubjectEntry[]; readonly wrong: readonly Wrong[] }> {
  try {
    return { verified: await read(snapshot, rows, kind), wrong: [] };
  } catch (error) {
    if (!(error instanceof Refusal) || isAway(error)) throw error;
  }
  const verified: SubjectEntry[] = [];
  const wrong: Wrong[] = [];
  for (const row of rows)
    try {
      verified.push(...(await read(snapshot, [row], kind)));
    } catch (error) {
      if (!(error instanceof Refusal) || isAway(error)) throw error;
      wrong.push({ index: row.index, fault: faultOf(error) });
    }
  return { verified, wrong };
}

async function read(
  snapshot: Snapshot,
  rows: readonly ToldRow[],
  kind: StatementKind | undefined,
): Promise<readonly SubjectEntry[]> {
  const named = rows.map((row) => {
    if (!isEntryId(row.id)) throw refuse('proof-failed', `the server names entry ${row.index} by no id`);
    return { ...row, id: entryId(row.id) };
  });
  return snapshot.read(named, kind);
}
