/** Every subject that matches, as CSV; the server's words. */
import { formatCsv } from '../../../../bytes/csv.ts';
import { formatTime } from '../../../../bytes/time.ts';
import type { Boot } from '../../../shared/boot.ts';
import { OVERVIEW_MOST, type OverviewJson, type OverviewRow } from '../../../shared/overview.ts';
import { WrongAnswer } from '../../state/shape.ts';
import { askOverview, type Filter } from './asking.ts';

function time(value: number | null): string {
  return value === null ? '' : formatTime(value);
}

/** Rows of one file at most, whatever number of subjects the server names. */
const MOST_ROWS = 1_000_000;

/** `host`: of the server. Throws as `askOverview` does, and `WrongAnswer` for a list without an end. */
export async function csvOf(boot: Boot, filter: Filter, host: string): Promise<string> {
  const rows: OverviewRow[] = [];
  let cursor: string | null = null;
  let head = '';
  let most: number | undefined;
  do {
    const page: OverviewJson = await askOverview(boot, filter, OVERVIEW_MOST, cursor);
    rows.push(...page.rows);
    cursor = page.next;
    // Subjects may move from page to page while it is computed, but not without end. The first answer says how many there are.
    most ??= Math.min(MOST_ROWS, 2 * page.subjects + OVERVIEW_MOST);
    if (cursor !== null && (page.rows.length === 0 || rows.length > most))
      throw new WrongAnswer('the list of the server does not end');
    head = `${page.origin}, ${page.as_of.size} entries, ${formatTime(page.as_of.time)}`;
  } while (cursor !== null);
  return formatCsv([
    ['not verified: the word of the server', host, head],
    [
      'subject',
      'verdict',
      'hidden',
      'claim',
      'severity',
      'evidence',
      'since',
      'owner',
      'environment',
      'due',
      'waived_by',
      'waived_until',
    ],
    ...rows.map((row) => [
      row.subject,
      row.verdict,
      row.hidden ?? '',
      row.claim ?? '',
      row.severity ?? '',
      row.evidence ?? '',
      time(row.since),
      row.owner ?? '',
      row.environment ?? '',
      time(row.due),
      row.waived_by ?? '',
      time(row.waived_until),
    ]),
  ]);
}
