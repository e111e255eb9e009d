/** `controls.csv`: one row for each day of each claim that supports an item (spec/audit.md, "Controls"). */
import { formatCsv } from '../../bytes/csv.ts';
import type { ControlReport } from './report.ts';

const HEADER = [
  'framework',
  'edition',
  'item',
  'title',
  'subject',
  'claim',
  'said_by',
  'grade',
  'day',
  'state',
  'looks',
];

/** An item that no claim supports has one row, with the state `unsupported`. */
export function controlsCsv(reports: readonly ControlReport[]): string {
  return formatCsv([HEADER, ...reports.flatMap(rowsOf)]);
}

function rowsOf({ framework, item, supports }: ControlReport): readonly (readonly (string | number)[])[] {
  const named = [framework.id, framework.edition, item.id, item.title];
  if (supports.length === 0) return [[...named, '', '', '', '', '', 'unsupported', 0]];
  return supports.flatMap(({ subject, claim, saidBy, grade, days }) =>
    days.map(({ day, state, looks }) => [...named, subject, claim, saidBy, grade, day, state, looks]),
  );
}
