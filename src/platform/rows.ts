/** Reads rows of SQLite. The file may be damaged, so the type of every column is checked. */
import type { Refusal } from '../bytes/refusal.ts';

/** A row as better-sqlite3 gives it. */
export type Columns = Readonly<Record<string, unknown>>;

/** Whether better-sqlite3 gave a row at all. */
export function isRow(row: unknown): row is Columns {
  return typeof row === 'object' && row !== null;
}

/** The row, or undefined when there was none. */
export function rowOf(row: unknown): Columns | undefined {
  return isRow(row) ? row : undefined;
}

/** The rows of a result. */
export function rowsOf(rows: readonly unknown[]): readonly Columns[] {
  return rows.filter(isRow);
}

/** Reads one column as a value of its type; a value of another type is refused. */
interface ColumnReader {
  /** A whole number that a double holds exactly. */
  readonly number: (row: Columns, column: string) => number;
  readonly text: (row: Columns, column: string) => string;
  /** A view of what SQLite gave, as plain bytes: a Buffer's `slice` would share them. */
  readonly blob: (row: Columns, column: string) => Uint8Array;
  /** As `number`; undefined for NULL. */
  readonly numberOrNull: (row: Columns, column: string) => number | undefined;
  /** As `blob`; undefined for NULL. */
  readonly blobOrNull: (row: Columns, column: string) => Uint8Array | undefined;
  /** The refusal for a column, for callers that check more than its type. */
  readonly damaged: (column: string) => Refusal;
}

/** Readers for the columns of one file. `damaged`: the refusal for a column that holds what this program never wrote. */
export function columnReader(damaged: (column: string) => Refusal): ColumnReader {
  const number = (row: Columns, column: string): number => {
    const value = row[column];
    if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
    throw damaged(column);
  };
  const text = (row: Columns, column: string): string => {
    const value = row[column];
    if (typeof value === 'string') return value;
    throw damaged(column);
  };
  const blob = (row: Columns, column: string): Uint8Array => {
    const value = row[column];
    if (value instanceof Uint8Array) return new Uint8Array(value.buffer, value.byteOffset, value.length);
    throw damaged(column);
  };
  return {
    damaged,
    number,
    text,
    blob,
    numberOrNull: (row, column) => (row[column] === null ? undefined : number(row, column)),
    blobOrNull: (row, column) => (row[column] === null ? undefined : blob(row, column)),
  };
}
