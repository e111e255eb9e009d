/**
 * What goes into a bundle, read from a log (or from a copy of one): the heads around the period, the entries of the subjects, and
 * the one proof that shows them. Everything that is read is verified by the client.
 */
import type { WitnessedHead } from '../../appraisal/past/types.ts';
import { treeSize } from '../../bytes/brand.ts';
import { refuse } from '../../bytes/refusal.ts';
import { formatHex } from '../../bytes/text.ts';
import { formatTime } from '../../bytes/time.ts';
import type { Progress } from '../../client/ports.ts';
import { readPast } from '../../client/past/read.ts';
import type { Snapshot } from '../../client/snapshot.ts';
import { openSigned } from '../../client/examine-log.ts';
import { parseStatement } from '../../statement/parse.ts';
import { nodesForMany, proveMany } from '../../tree/multi.ts';
import { bundleEntry, entryFiles, type BundleEntry } from './entries.ts';
import { END_HEAD, PROOF, START_HEAD } from './names.ts';
import type { BundleHead, BundleHeads, Reader } from './opened.ts';
import { proofFile, shownBy } from './proof.ts';
import type { Manifest, Scope } from './manifest.ts';

/** What a bundle is asked for. */
export type Asked = Pick<Scope, 'subjects' | 'period' | 'monitors'>;

/** Signed notes of the heads of an older bundle, to make the same again. */
export interface LikeHeads {
  readonly end: Uint8Array;
  readonly start: Uint8Array | undefined;
  readonly stated: Manifest['heads'];
}

/** What was read: the files of entries, heads and proof, and what the manifest says of the heads. */
export interface Collected {
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly heads: BundleHeads;
  readonly stated: Manifest['heads'];
}

/** Where a head comes from: the notice that holds it, or the log's own checkpoint. */
interface Chosen {
  readonly head: BundleHead;
  readonly notice: number | null;
}

/** Reads all that the bundle needs. Refuses as `readPast` does. */
export async function collect(
  snapshot: Snapshot,
  asked: Asked,
  reader: Reader,
  like: LikeHeads | undefined,
  progress?: (label: string, total: number) => Progress,
): Promise<Collected> {
  const { found, heads: around } = await entriesOf(snapshot, asked, progress);
  const last = Math.max(...found.keys());
  const end =
    like === undefined
      ? await endHead(snapshot, asked, last, reader)
      : given(like.end, like.stated.end.notice, reader);
  const start =
    like === undefined
      ? await startHead(snapshot, asked, reader)
      : like.start && given(like.start, like.stated.start?.notice ?? null, reader);
  const { size } = end.head.opened.checkpoint;
  const noted = [...around, ...(start === undefined || start.notice === null ? [] : [start.notice])];
  for (const index of noted)
    if (index < size && !found.has(index)) found.set(index, (await snapshot.view.entry(index)).bytes);
  const entries = [...found]
    .filter(([index]) => index < size)
    .toSorted(([a], [b]) => a - b)
    .map(([index, bytes]) => bundleEntry(index, bytes));
  const proof = await proofOf(snapshot, entries, size, start?.head.opened.checkpoint.size);
  const files = new Map([...entryFiles(entries), [PROOF, proof], [END_HEAD, end.head.note]]);
  if (start !== undefined) files.set(START_HEAD, start.head.note);
  return {
    files,
    heads: { end: end.head, start: start?.head },
    stated: { end: statedOf(end), start: start === undefined ? null : statedOf(start) },
  };
}

/** Bytes of entries by index, and indices of the notices whose heads bound them. */
async function entriesOf(
  snapshot: Snapshot,
  { subjects, period, monitors }: Asked,
  progress?: (label: string, total: number) => Progress,
): Promise<{ readonly found: Map<number, Uint8Array>; readonly heads: ReadonlySet<number> }> {
  const found = new Map(snapshot.policies.steps.map(({ index, entry }) => [index, entry]));
  const heads = new Set<number>();
  const bar = progress?.('subjects', subjects.length);
  for (const [i, subject] of subjects.entries()) {
    const record = await readPast(snapshot, subject, period, { monitors: new Set(monitors) });
    const notices = await snapshot.entries({ subject, kind: 'notice' });
    for (const { index, parsed } of [...record.entries, ...notices]) found.set(index, parsed.entry);
    for (const { index } of record.heads) if (index !== undefined) heads.add(index);
    bar?.at(i + 1);
  }
  bar?.end();
  return { found, heads };
}

/**
 * The nearest witnessed head that was cosigned after the period and holds all entries; the log's newest checkpoint where no
 * notice keeps such a head.
 */
async function endHead(snapshot: Snapshot, { period }: Asked, last: number, reader: Reader): Promise<Chosen> {
  for await (const head of snapshot.heads.ascending(last + 1))
    if (head.index !== undefined && head.notBefore >= period.until && head.size > last)
      return noticed(snapshot, head.index, reader);
  const { note, opened } = snapshot.view;
  return { head: { note, opened }, notice: null };
}

/** The nearest witnessed head that was cosigned before the period. */
async function startHead(snapshot: Snapshot, { period }: Asked, reader: Reader): Promise<Chosen | undefined> {
  const isBefore = ({ index, notAfter }: WitnessedHead): boolean =>
    index !== undefined && notAfter <= period.since;
  for await (const head of snapshot.heads.descending(snapshot.size))
    if (isBefore(head) && head.index !== undefined) return noticed(snapshot, head.index, reader);
  return undefined;
}

async function noticed(snapshot: Snapshot, index: number, reader: Reader): Promise<Chosen> {
  const parsed = parseStatement((await snapshot.view.entry(index)).bytes);
  if (parsed.kind !== 'notice' || parsed.notice.topic !== 'witnessed')
    throw new Error(`entry ${index} holds no head`);
  return given(parsed.notice.note, index, reader);
}

function given(note: Uint8Array, notice: number | null, { trust, verify }: Reader): Chosen {
  return { head: { note, opened: openSigned(note, trust, verify).opened }, notice };
}

function statedOf({ head: { opened }, notice }: Chosen): Manifest['heads']['end'] {
  const { size, root } = opened.checkpoint;
  return { size, root: formatHex(root), notice };
}

async function proofOf(
  snapshot: Snapshot,
  entries: readonly BundleEntry[],
  size: number,
  start: number | undefined,
): Promise<Uint8Array> {
  const shown = shownBy(entries, treeSize(size), start);
  const read = await snapshot.tiles.nodes(nodesForMany(shown), shown.size);
  return proofFile(proveMany(read, shown));
}

/** Refuses `usage` for a period that has not ended: what is not over cannot be told as past. */
export function assertEnded({ until }: Scope['period'], now: number): void {
  if (until > now)
    throw refuse(
      'usage',
      `the period ends at ${formatTime(until)}, which has not come; it is ${formatTime(now)}`,
    );
}
