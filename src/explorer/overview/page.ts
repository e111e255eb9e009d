/** A page of the first screen from the rows that are kept: filtered, counted, the worst first. Pure. */
import { badnessOf } from '../../appraisal/gate.ts';
import { refuse } from '../../bytes/refusal.ts';
import { decodeUtf8, encodeUtf8, formatBase64Url, parseBase64Url } from '../../bytes/text.ts';
import type { OverviewQuery } from '../../log/ports.ts';
import { SEVERITIES, type Verdict } from '../../statement/vocabulary.ts';
import type { OverviewGroup, OverviewJson, OverviewRow, VerdictCounts } from '../shared/overview.ts';

/** Prefixes and owners in one answer: those with the worst verdicts. */
const MOST_GROUPS = 100;

type Page = Pick<
  OverviewJson,
  | 'subjects'
  | 'counts'
  | 'claims'
  | 'covered_until'
  | 'longest_uncovered'
  | 'prefixes'
  | 'owners'
  | 'rows'
  | 'next'
>;

/** The place of a row among all: the worst first, then the most severe, then the longest, then by name. */
export function placeOfRow({ verdict, hidden, severity, since, subject, fault }: OverviewRow): string {
  // What cannot be read comes before what nobody has looked at yet.
  const bad = Math.round(
    (badnessOf({ verdict, hidden: hidden ?? undefined }) - (fault === null ? 0 : 0.5)) * 100,
  );
  const severe = SEVERITIES.findIndex((each) => each === severity);
  const begun = String(since ?? MOST_TIME).padStart(12, '0');
  return `${String(bad + 100).padStart(4, '0')} ${severe < 0 ? 9 : severe} ${begun} ${subject}`;
}

const MOST_TIME = 999_999_999_999;

/** `sorted`: rows with their places, in order. Refuses `bad-request` for a cursor that is none. */
export function pageOf(
  sorted: readonly (readonly [place: string, row: OverviewRow])[],
  { prefix = '', owner, verdict, cursor, limit }: OverviewQuery,
): Page {
  const after = cursor === undefined ? '' : cursorIn(cursor);
  const named = sorted.filter(([, { subject }]) => subject.startsWith(prefix));
  const owned = owner === undefined ? named : named.filter(([, row]) => row.owner === owner);
  const rows = owned.map(([, row]) => row);
  const asked = verdict === undefined ? owned : owned.filter(([, row]) => row.verdict === verdict);
  const from = asked.findIndex(([place]) => place > after);
  const page = from < 0 ? [] : asked.slice(from, from + limit);
  const last = page.at(-1);
  const more = last !== undefined && from + page.length < asked.length;
  return {
    subjects: rows.length,
    counts: countsOf(rows.map((row) => row.verdict)),
    claims: countsOf(rows.flatMap(({ claims }) => claims.map((each) => each.verdict))),
    covered_until: coveredUntil(rows),
    longest_uncovered: longestOf(rows),
    prefixes: groupsBy(rows, ({ subject }) => segmentOf(subject, prefix)),
    owners: groupsBy(
      named.map(([, row]) => row),
      (row) => row.owner ?? undefined,
    ),
    rows: page.map(([, row]) => row),
    next: more ? formatBase64Url(encodeUtf8(last[0])) : null,
  };
}

function cursorIn(cursor: string): string {
  try {
    return decodeUtf8(parseBase64Url(cursor));
  } catch (error) {
    throw refuse('bad-request', 'the cursor is none that this server gave: take `next` as it is', {
      cause: error,
    });
  }
}

/** The prefix with the next part of the subject's name; undefined where there is none. */
function segmentOf(subject: string, prefix: string): string | undefined {
  const slash = subject.indexOf('/', prefix.length);
  return slash < 0 ? undefined : subject.slice(0, slash + 1);
}

function countsOf(verdicts: readonly Verdict[]): VerdictCounts {
  const counts: Partial<Record<Verdict, number>> = {};
  for (const verdict of verdicts) counts[verdict] = (counts[verdict] ?? 0) + 1;
  return counts;
}

/** Groups of rows that are sorted: the one with the worst row comes first. */
function groupsBy(
  rows: readonly OverviewRow[],
  nameOf: (row: OverviewRow) => string | undefined,
): readonly OverviewGroup[] {
  const groups = new Map<string, OverviewRow[]>();
  for (const row of rows) {
    const name = nameOf(row);
    if (name === undefined) continue;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [row]);
    else group.push(row);
  }
  return [...groups].slice(0, MOST_GROUPS).map(([name, group]) => ({
    name,
    subjects: group.length,
    counts: countsOf(group.map(({ verdict }) => verdict)),
  }));
}

function coveredUntil(rows: readonly OverviewRow[]): number | null {
  const dues = rows.flatMap(({ verdict, due }) => (verdict === 'PROVEN' && due !== null ? [due] : []));
  return dues.length === 0 ? null : dues.reduce((first, due) => Math.min(first, due));
}

/** Of the subjects whose proofs are late: waived or not, the gap is one. */
function longestOf(rows: readonly OverviewRow[]): OverviewJson['longest_uncovered'] {
  let longest: OverviewJson['longest_uncovered'] = null;
  for (const { subject, verdict, hidden, since } of rows)
    if ((hidden ?? verdict) === 'STALE' && since !== null && since < (longest?.since ?? Infinity))
      longest = { subject, since };
  return longest;
}
