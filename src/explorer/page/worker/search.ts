/** Answers `search`: what the log's search names, or what the verifier read itself where there is none; each entry verified. */
import { sizeByWord } from '../../../client/moment-of.ts';
import type { Listed, Wanted } from '../../../client/search.ts';
import type { Snapshot } from '../../../client/snapshot.ts';
import { BY_READING, checkedLine } from '../../../words/checked.ts';
import { line } from '../../../words/plain.ts';
import { needHead } from './head.ts';
import type { Lane } from './lane.ts';
import type { Part, SearchAsk, SearchShown } from './protocol.ts';
import { verifyRows } from './rows.ts';

/** Seconds by which the time of an entry may be before that of an older one: the log's clock may have been set back. */
const SLACK = 600;

export async function searchOf(lane: Lane, ask: SearchAsk, tell: (part: Part) => void): Promise<SearchShown> {
  await needHead(lane, (head) => tell({ kind: 'head', head }));
  const snapshot = await lane.client.snapshot();
  const { rows, next } = await found(lane, snapshot, ask);
  tell({ kind: 'found', rows });
  const entries = await verifyRows(lane, snapshot, rows, ask.of, tell);
  return {
    found: entries.map(({ index, id, time, parsed }) => ({
      index,
      id,
      time,
      subject: parsed.subject,
      kind: parsed.kind,
      signer: line(snapshot.policies.speakerOf(parsed, index), 128),
    })),
    next,
    checked: checkedLine(snapshot, BY_READING),
  };
}

async function found(
  lane: Lane,
  snapshot: Snapshot,
  ask: SearchAsk,
): Promise<{ readonly rows: readonly Listed[]; readonly next: number | null }> {
  const { since = 0, until = Infinity, limit } = ask;
  const rows: Listed[] = [];
  for await (const page of snapshot.pages(await wantedOf(snapshot, ask))) {
    for (const row of page.rows) {
      if (row.time < since - SLACK) return { rows, next: null };
      if (row.time < since || row.time >= until) continue;
      if (rows.length === limit) return { rows, next: rows.at(-1)?.index ?? 0 };
      rows.push(row);
    }
    await lane.turn();
  }
  return { rows, next: null };
}

async function wantedOf(
  snapshot: Snapshot,
  { subject, of: kind, kid, before, until }: SearchAsk,
): Promise<Wanted> {
  const byTime = until === undefined ? undefined : await sizeByWord(snapshot, until);
  const below = Math.min(before ?? Infinity, byTime ?? Infinity);
  return {
    ...(subject !== undefined && { subject }),
    ...(kind !== undefined && { kind }),
    ...(kid !== undefined && { kid }),
    ...(Number.isFinite(below) && { before: below }),
  };
}
