/** Rows of `agent.db`: every column is looked at before it is believed. */
import { refuse } from '../bytes/refusal.ts';

export type Columns = Readonly<Record<string, unknown>>;

/** Whether better-sqlite3 gave a row at all. */
export function isRow(row: unknown): row is Columns {
  return typeof row === 'object' && row !== null;
}

/** The rows of a result. */
export function rowsOf(rows: readonly unknown[]): readonly Columns[] {
  return rows.filter(isRow);
}

export function number(row: Columns, column: string): number {
  const value = row[column];
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw damaged(column);
  return value;
}

export function text(row: Columns, column: string): string {
  const value = row[column];
  if (typeof value !== 'string') throw damaged(column);
  return value;
}

export function blob(row: Columns, column: string): Uint8Array {
  const value = row[column];
  if (!(value instanceof Uint8Array)) throw damaged(column);
  return new Uint8Array(value);
}

function damaged(column: string): Error {
  return refuse(
    'corrupt-store',
    `column ${column} of agent.db holds what this program never wrote; restore it`,
  );
}
