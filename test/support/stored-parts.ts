/** Other bytes for an entry, written into a store's file as somebody with a text editor for databases would. */
import type Database from 'better-sqlite3';
import { decodeBundle, encodeBundle } from '../../src/tree/bundle.ts';

interface Row {
  readonly first: number;
  readonly bytes: Uint8Array;
}

/** The bytes of an entry, and what puts others in their place. */
export function storedBytes(
  db: Database.Database,
  index: number,
): { readonly bytes: Uint8Array; readonly replace: (bytes: Uint8Array) => void } {
  const row = db.prepare('SELECT first, bytes FROM part WHERE first <= ? ORDER BY first DESC').get(index);
  const { first, bytes } = row as Row;
  const entries = decodeBundle(new Uint8Array(bytes));
  return {
    bytes: entries[index - first] ?? new Uint8Array(),
    replace: (other) => {
      const changed = encodeBundle(entries.with(index - first, other));
      db.prepare('UPDATE part SET bytes = ? WHERE first = ?').run(changed, first);
    },
  };
}
