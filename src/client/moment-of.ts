/**
 * Finds how large the log was at a time, and when it had a size, for readers of the past (spec/audit.md, "At a time"). The log's
 * own times decide; if witnessed heads contradict them, the heads decide.
 */
import type { Bounds, WitnessedHead } from '../appraisal/past/types.ts';
import { treeSize } from '../bytes/brand.ts';
import { refuse } from '../bytes/refusal.ts';
import { formatTime } from '../bytes/time.ts';
import { prefixOf } from './history.ts';
import type { Asked, Moment } from './moment.ts';
import type { Snapshot } from './snapshot.ts';

/** The parts of a snapshot that are used here. */
type Log = Pick<Snapshot, 'view' | 'tiles' | 'size' | 'now' | 'headTime' | 'times' | 'heads' | 'loggedAt'>;

/** Refuses `beyond-head`, `usage` for a time that has not come, `not-found` where nobody says how large the log was. */
export async function momentOf(log: Log, asked: Asked): Promise<Moment> {
  return asked.kind === 'size' ? atSize(log, asked.size) : atTime(log, asked.time);
}

async function atSize(log: Log, size: number): Promise<Moment> {
  if (size > log.size)
    throw refuse('beyond-head', `the log has ${log.size} entries so far; there were never ${size}`);
  if (size < 1) throw refuse('usage', 'before entry 0 there was no log; name a size of 1 or more');
  const logged = await boundsAt(log, size - 1);
  const said = log.times === 'log' ? await log.loggedAt(size - 1) : undefined;
  const { notBefore = -Infinity, notAfter = Infinity } = logged;
  const word = said ?? Infinity;
  const time = Math.max(notBefore, Math.min(word, notAfter));
  const rests = time === said ? 'log' : Number.isFinite(time) ? 'witnessed' : 'head';
  return {
    ...(await treeAt(log, size)),
    time: rests === 'head' ? (log.headTime ?? log.now) : time,
    rests,
    logged,
    witnessed: undefined,
    contradicted: said !== undefined && said !== time,
  };
}

async function atTime(log: Log, time: number): Promise<Moment> {
  if (time > log.now)
    throw refuse(
      'usage',
      `${formatTime(time)} has not come: it is ${formatTime(log.now)}; for now, name no time`,
    );
  const word = log.times === 'log' ? await sizeByWord(log, time) : undefined;
  const { low, high } = await headsAround(log, time, word ?? log.size);
  const least = low?.size ?? 0;
  const most = high?.index ?? log.size;
  const size = word === undefined ? least : Math.max(least, Math.min(word, most));
  if (size === 0) throw await nobodySays(log, time);
  return {
    ...(await treeAt(log, size)),
    time,
    rests: size === word ? 'log' : 'witnessed',
    logged: await boundsAt(log, size - 1),
    witnessed: low?.size,
    contradicted: word !== undefined && word !== size,
  };
}

async function nobodySays(log: Log, time: number): Promise<Error> {
  const when = formatTime(time);
  const first = log.times === 'log' ? await log.loggedAt(0) : undefined;
  if (first !== undefined && first > time)
    return refuse('not-found', `the log had no entry at ${when}: entry 0 was logged at ${formatTime(first)}`);
  return refuse(
    'not-found',
    `nobody says how many entries the log had at ${when}: no witnessed head is that old; name a number of entries`,
  );
}

/** Entries in a row that a search may not name before its times count as unknown. */
const MOST_UNNAMED = 64;

/** The size of the log at a time, by its word: entries from there on were logged later. Undefined if it has no word. */
export async function sizeByWord(
  log: Pick<Log, 'size' | 'loggedAt'>,
  time: number,
): Promise<number | undefined> {
  const near = async (index: number): Promise<number | undefined> => {
    for (let at = index; at >= 0 && index - at < MOST_UNNAMED; at--) {
      const said = await log.loggedAt(at);
      if (said !== undefined) return said;
    }
    return undefined;
  };
  let [low, high] = [0, log.size];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const said = await near(middle);
    if (said === undefined) return undefined;
    if (said <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The newest head that a quorum had cosigned by a time, and the oldest notice whose head was cosigned after it. `near`: an
 * index at which to begin.
 */
async function headsAround(
  { heads }: Log,
  time: number,
  near: number,
): Promise<{ readonly low: WitnessedHead | undefined; readonly high: WitnessedHead | undefined }> {
  let low: WitnessedHead | undefined;
  let high: WitnessedHead | undefined;
  const lift = (head: WitnessedHead): void => {
    if (head.notAfter <= time && head.size > (low?.size ?? 0)) low = head;
  };
  for await (const head of heads.ascending(near)) {
    lift(head);
    if (head.notBefore <= time) continue;
    high = head;
    break;
  }
  for await (const head of heads.descending(near)) {
    lift(head);
    if (head.notBefore > time) high = head;
    else if (low !== undefined) break;
  }
  return { low, high };
}

/** When an entry was logged, by the nearest heads around it. */
export async function boundsAt({ heads }: Pick<Snapshot, 'heads'>, index: number): Promise<Bounds> {
  const bounds: { notBefore: number | undefined; notAfter: number | undefined } = {
    notBefore: undefined,
    notAfter: undefined,
  };
  for await (const head of heads.descending(index)) {
    bounds.notBefore = head.notBefore;
    break;
  }
  for await (const { size, notAfter } of heads.ascending(index)) {
    if (size <= index) continue;
    bounds.notAfter = notAfter;
    break;
  }
  return bounds;
}

async function treeAt({ view, tiles }: Log, size: number): Promise<Pick<Moment, 'size' | 'root'>> {
  const { head } = view;
  const root = size === head.size ? head.root : (await prefixOf(tiles, treeSize(size), head)).root;
  return { size, root };
}
