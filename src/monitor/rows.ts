/** Rows of `monitor.db`. They come from a file that may be damaged: every column is looked at before it is believed. */
import { refuse, type Refusal } from '../bytes/refusal.ts';

/** A row as better-sqlite3 gives it. */
export type Columns = Readonly<Record<string, unknown>>;

/** The row, or undefined when there was none. */
export function rowOf(row: unknown): Columns | undefined {
  if (row === undefined) return undefined;
  if (typeof row !== 'object' || row === null) throw damaged('row');
  return { ...row };
}

/** All the rows of a query. */
export function rowsOf(rows: readonly unknown[]): readonly Columns[] {
  return rows.map((row) => rowOf(row) ?? {});
}

export function number(row: Columns, column: string): number {
  const value = row[column];
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw damaged(column);
}

export function numberOrNull(row: Columns, column: string): number | undefined {
  return row[column] === null ? undefined : number(row, column);
}

export function text(row: Columns, column: string): string {
  const value = row[column];
  if (typeof value === 'string') return value;
  throw damaged(column);
}

export function damaged(what: string): Refusal {
  return refuse(
    'corrupt-store',
    `monitor.db holds what this program never wrote (${what}): move it away, and the monitor makes a new one`,
  );
}
