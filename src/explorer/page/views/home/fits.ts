/**
 * What a server's answer about all subjects says against itself, or against what was asked: a page that draws it says so. Whether
 * its rows are true is verified row by row (verified.ts). Pure.
 */
import { badnessOf } from '../../../../appraisal/gate.ts';
import { VERDICTS } from '../../../../statement/vocabulary.ts';
import type { OverviewGroup, OverviewJson, OverviewRow, VerdictCounts } from '../../../shared/overview.ts';
import { ownersOf, prefixesOf, totalsOf } from '../../../shared/totals.ts';

export interface AskedFor {
  readonly prefix: string;
  readonly owner: string;
  readonly verdict: string;
}

/** In words; empty for an answer that fits. `told`: the first rows, from the worst on. */
export function amissIn(told: OverviewJson, asked: AskedFor): readonly string[] {
  const { rows, counts, subjects } = told;
  const names = new Set(rows.map(({ subject }) => subject));
  const own = totalsOf(rows);
  const isAll = told.next === null;
  const found = [
    names.size === rows.length ? undefined : 'a subject has two rows',
    rows.every((row) => isAskedFor(row, asked)) ? undefined : 'a row was not asked for',
    rows.every(isWorst) ? undefined : 'a row is not as bad as the worst of its claims',
    rows.every((row, i) => badnessOf(rows[i - 1] ?? row) <= badnessOf(row))
      ? undefined
      : 'the worst is not first',
    sumOf(counts) === subjects ? undefined : `${subjects} subjects, and verdicts of ${sumOf(counts)}`,
    ...VERDICTS.map((each) => counted(each, own.counts, counts, isAll && ['', each].includes(asked.verdict))),
  ];
  if (isAll && asked.verdict === '') {
    if (VERDICTS.some((each) => (own.claims[each] ?? 0) !== (told.claims[each] ?? 0)))
      found.push('its claims are not those of its rows');
    if (own.covered_until !== told.covered_until)
      found.push('until when all is proven does not follow from its rows');
    // Not whose it is: two subjects may be as long without a proof.
    if (own.longest_uncovered?.since !== told.longest_uncovered?.since)
      found.push('the longest time without a proof is not that of its rows');
    if (
      asked.owner === '' &&
      (textOf(told.prefixes) !== textOf(prefixesOf(rows, asked.prefix)) ||
        textOf(told.owners) !== textOf(ownersOf(rows)))
    )
      found.push('its prefixes and owners are not those of its rows');
  }
  return found.filter((each) => each !== undefined);
}

function isAskedFor({ subject, owner, verdict }: OverviewRow, asked: AskedFor): boolean {
  return (
    subject.startsWith(asked.prefix) &&
    (asked.owner === '' || owner === asked.owner) &&
    (asked.verdict === '' || verdict === asked.verdict)
  );
}

/** A row that could not be read has no claims, and is UNKNOWN. */
function isWorst(row: OverviewRow): boolean {
  if (row.fault !== null) return row.verdict === 'UNKNOWN' && row.claims.length === 0;
  return row.claims.length > 0 && badnessOf(row) === Math.min(...row.claims.map(badnessOf));
}

function counted(
  verdict: (typeof VERDICTS)[number],
  rows: VerdictCounts,
  said: VerdictCounts,
  isAll: boolean,
): string | undefined {
  const [own, theirs] = [rows[verdict] ?? 0, said[verdict] ?? 0];
  const fits = isAll ? own === theirs : own <= theirs;
  return fits ? undefined : `${theirs} ${verdict} by its count, and ${own} rows`;
}

/** Whatever the order of members and of groups that are as bad. */
function textOf(groups: readonly OverviewGroup[]): string {
  const lines = groups.map(({ name, subjects, counts }) =>
    JSON.stringify([name, subjects, VERDICTS.map((each) => counts[each] ?? 0)]),
  );
  return lines.toSorted().join('\n');
}

function sumOf(counts: VerdictCounts): number {
  return Object.values(counts).reduce((sum, each) => sum + each, 0);
}
