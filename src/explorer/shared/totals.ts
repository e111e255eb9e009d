/** What the first screen says of all rows together: a server says it of its rows, and a page counts it again. Pure. */
import type { Verdict } from '../../statement/vocabulary.ts';
import type { OverviewGroup, OverviewJson, OverviewRow, VerdictCounts } from './overview.ts';

/** Prefixes and owners in one answer: those with the worst verdicts. */
const MOST_GROUPS = 100;

export type Totals = Pick<
  OverviewJson,
  'subjects' | 'counts' | 'claims' | 'covered_until' | 'longest_uncovered'
>;

export function totalsOf(rows: readonly OverviewRow[]): Totals {
  return {
    subjects: rows.length,
    counts: countsOf(rows.map((row) => row.verdict)),
    claims: countsOf(rows.flatMap(({ claims }) => claims.map((each) => each.verdict))),
    covered_until: coveredUntil(rows),
    longest_uncovered: longestOf(rows),
  };
}

function countsOf(verdicts: readonly Verdict[]): VerdictCounts {
  const counts: Partial<Record<Verdict, number>> = {};
  for (const verdict of verdicts) counts[verdict] = (counts[verdict] ?? 0) + 1;
  return counts;
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

/** By names up to the next slash after a prefix. */
export function prefixesOf(sorted: readonly OverviewRow[], prefix: string): readonly OverviewGroup[] {
  return groupsBy(sorted, ({ subject }) => segmentOf(subject, prefix));
}

export function ownersOf(sorted: readonly OverviewRow[]): readonly OverviewGroup[] {
  return groupsBy(sorted, (row) => row.owner ?? undefined);
}

/** The prefix with the next part of the subject's name; undefined where there is none. */
function segmentOf(subject: string, prefix: string): string | undefined {
  const slash = subject.indexOf('/', prefix.length);
  return slash < 0 ? undefined : subject.slice(0, slash + 1);
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
