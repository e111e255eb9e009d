/**
 * The auditor's list of systems, beside what the log knows. The log knows what somebody committed; whether that is every
 * system, only a list from elsewhere can show.
 *
 *     name,subject,controls
 *     Shop,web/shop,SOC2-2017 CC6.7; SOC2-2017 CC7.1
 *     Databases,db/*,HIPAA-164.312 (e)(1)
 */
import { printable } from '../bytes/printable.ts';
import { refuse, Refusal } from '../bytes/refusal.ts';
import { matcher, pattern } from '../statement/pattern.ts';

/** One system of the auditor's list. */
export interface InventoryRow {
  /** Line of the file, from 1. */
  readonly line: number;
  readonly name: string;
  /** Pattern of subjects, as in registration policies: `*` within a part, `**` across parts. */
  readonly subject: string;
  /** `FRAMEWORK ITEM` each, as the list says them. */
  readonly controls: readonly string[];
}

/** What is in both, in the inventory only, and in the log only. */
export interface Population {
  readonly both: readonly { readonly row: InventoryRow; readonly subjects: readonly string[] }[];
  readonly inventoryOnly: readonly InventoryRow[];
  readonly logOnly: readonly string[];
}

/** Most rows of an inventory. */
const MOST_ROWS = 100_000;

/** Columns of the file; the first two are needed. */
const COLUMNS = ['name', 'subject', 'controls'];

/**
 * The rows of an inventory, given the records of a CSV file with its header first. Refuses `malformed-text` naming the
 * line.
 */
export function inventoryOf(records: readonly (readonly string[])[]): readonly InventoryRow[] {
  const [header = [], ...rows] = records;
  const names = header.map((each) => each.toLowerCase());
  const unknown = names.find((each) => !COLUMNS.includes(each));
  if (unknown !== undefined || !names.includes('name') || !names.includes('subject'))
    throw fault(
      1,
      `the header is name,subject,controls${unknown === undefined ? '' : `, not ${printable(unknown)}`}`,
    );
  if (new Set(names).size !== names.length) throw fault(1, 'a column is there twice');
  if (rows.length === 0) throw fault(1, 'there is no row after the header');
  if (rows.length > MOST_ROWS) throw fault(MOST_ROWS + 2, `has more than ${MOST_ROWS} rows`);
  return rows.map((row, i) => rowOf(i + 2, (name) => row[names.indexOf(name)]?.trim() ?? ''));
}

function rowOf(line: number, column: (name: string) => string): InventoryRow {
  const name = column('name');
  if (name === '') throw fault(line, 'a system has no name');
  const controls = column('controls')
    .split(';')
    .map((each) => each.trim().replaceAll(/\s+/gu, ' '))
    .filter((each) => each !== '');
  const strange = controls.find((each) => !each.includes(' '));
  if (strange !== undefined)
    throw fault(line, `${printable(strange)} is no control: write FRAMEWORK ITEM, several with ; between`);
  return { line, name, subject: patternOf(line, column('subject')), controls };
}

function patternOf(line: number, text: string): string {
  try {
    return pattern.parse(text, 'subject');
  } catch (error) {
    if (error instanceof Refusal) throw fault(line, error.message);
    throw error;
  }
}

/** Compares the list with the subjects that have a commitment in the log. */
export function populationOf(rows: readonly InventoryRow[], subjects: readonly string[]): Population {
  const known = new Set(subjects);
  const matching = ({ subject }: InventoryRow): readonly string[] => {
    if (subject.includes('*')) return subjects.filter(matcher(subject));
    return known.has(subject) ? [subject] : [];
  };
  const rowsWith = rows.map((row) => ({ row, subjects: matching(row) }));
  const named = new Set(rowsWith.flatMap((each) => each.subjects));
  return {
    both: rowsWith.filter((each) => each.subjects.length > 0),
    inventoryOnly: rowsWith.filter((each) => each.subjects.length === 0).map(({ row }) => row),
    logOnly: subjects.filter((subject) => !named.has(subject)),
  };
}

function fault(line: number, what: string): Refusal {
  return refuse('malformed-text', `the inventory, line ${line}: ${what}`);
}
