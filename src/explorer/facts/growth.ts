/** How a log grew: entries in the last day, week and month, and a curve. The times are the server's. */
import { formatTime } from '../../bytes/time.ts';
import { markup, type Markup } from './markup.ts';
import { factList, moment } from './parts.ts';

/** The time of an entry, POSIX seconds. */
type TimeOf = (index: number) => Promise<number>;

export interface Growth {
  /** Times and sizes, first to last. */
  readonly points: readonly (readonly [time: number, size: number])[];
  /** Entries since so many seconds; without those of which nobody knows. */
  readonly since: ReadonlyMap<number, number>;
  /** What the first point is. */
  readonly begin: string;
}

const DAY = 86_400;
export const SPANS = [
  [DAY, 'Last day'],
  [7 * DAY, 'Last 7 days'],
  [30 * DAY, 'Last 30 days'],
] as const;

/** Points of the curve. */
const POINTS = 24;

/** Looks at some entries. `now`: POSIX seconds. */
async function growthOf(size: number, timeOf: TimeOf, now: number, begin: string): Promise<Growth> {
  const since = new Map<number, number>();
  for (const [span] of SPANS) since.set(span, size - (await firstSince(size, timeOf, now - span)));
  const points: [number, number][] = [];
  const shown = Math.min(POINTS, size);
  for (let i = 0; i < shown; i++) {
    const index = shown === 1 ? 0 : Math.round((i * (size - 1)) / (shown - 1));
    points.push([await timeOf(index), index + 1]);
  }
  return { points, since, begin };
}

/** From sizes that somebody saw. `sizeAt`: undefined where nobody saw one yet. `now`: POSIX seconds. */
export function growthSeen(
  seen: Growth['points'],
  sizeAt: (time: number) => number | undefined,
  now: number,
): Growth {
  const size = seen.at(-1)?.[1] ?? 0;
  const since = SPANS.flatMap(([span]): (readonly [number, number])[] => {
    const before = sizeAt(now - span);
    return before === undefined ? [] : [[span, size - before]];
  });
  const points = seen.length === 0 ? [] : [...seen, [now, size] as const];
  return { points, since: new Map(since), begin: 'Seen since' };
}

/** Index of the first entry not before a time, among entries whose times do not go back; the size if there is none. */
async function firstSince(size: number, timeOf: TimeOf, time: number): Promise<number> {
  let [low, high] = [0, size];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((await timeOf(middle)) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

const [WIDTH, HEIGHT] = [480, 96];

/** The figures, and the curve as a drawing. */
export function growthFacts({ points, since, begin }: Growth): Markup {
  const figures = SPANS.map(([span, name]) => [name, grownText(since.get(span))] as const);
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return markup`<p>No entries yet.</p>`;
  const list = factList([...figures, [begin, moment(formatTime(first[0]))]]);
  return first[0] >= last[0] ? list : markup`${list}${curve(points, first, last)}`;
}

function grownText(entries: number | undefined): string | undefined {
  return entries === undefined ? undefined : `${entries} entries`;
}

function curve(
  points: Growth['points'],
  [begin]: readonly [number, number],
  [end, most]: readonly [number, number],
): Markup {
  const at = ([time, size]: readonly [number, number]): string => {
    const x = (WIDTH * (time - begin)) / Math.max(1, end - begin);
    return `${x.toFixed(1)},${(HEIGHT - (HEIGHT * size) / most).toFixed(1)}`;
  };
  const said = `Entries over time: from ${formatTime(begin)} to ${formatTime(end)} it grew to ${most}`;
  return markup`<svg class="growth" role="img" aria-label="${said}" viewBox="-4 -4 ${WIDTH + 8} ${HEIGHT + 8}" preserveAspectRatio="none"><polyline points="${points.map(at).join(' ')}" fill="none" stroke="currentColor" stroke-width="2" vector-effect="non-scaling-stroke"/></svg>`;
}

/**
 * Remembers the growth for a minute, while the log goes on growing: many look at one page. `begin`: what the time of the first entry
 * is.
 */
export function rememberedGrowth(
  timeOf: TimeOf,
  now: () => number,
  begin = 'First entry',
): (size: number) => Promise<Growth> {
  let kept:
    { readonly minute: number; readonly isEmpty: boolean; readonly growth: Promise<Growth> } | undefined;
  return async (size) => {
    const seconds = Math.floor(now() / 1000);
    const minute = Math.floor(seconds / 60);
    if (kept?.minute !== minute || kept.isEmpty)
      kept = { minute, isEmpty: size === 0, growth: growthOf(size, timeOf, seconds, begin) };
    return kept.growth;
  };
}
