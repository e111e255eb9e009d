/** Columns of a store, and the values that they stand for. */
import { entryId, leafIndex, type EntryId } from '../bytes/brand.ts';
import { refuse } from '../bytes/refusal.ts';
import { formatHex } from '../bytes/text.ts';
import { columnReader, type Columns } from '../platform/rows.ts';
import type { EntryRow } from '../log/ports.ts';
import { STATEMENT_KINDS, type StatementKind } from '../statement/kinds.ts';

/** Columns every entry query selects, names resolved. */
export const ENTRY_COLUMNS = `e.idx, e.id, e.kind, e.time,
  (SELECT text FROM name WHERE name.id = e.subject) AS subject,
  (SELECT text FROM name WHERE name.id = e.issuer) AS issuer,
  (SELECT text FROM name WHERE name.id = e.kid) AS kid`;

export function entryRow(row: Columns): EntryRow {
  return {
    index: leafIndex(number(row, 'idx')),
    id: entryId(formatHex(blob(row, 'id'))),
    kind: kindOf(number(row, 'kind')),
    subject: text(row, 'subject'),
    issuer: text(row, 'issuer'),
    kid: text(row, 'kid'),
    time: number(row, 'time'),
  };
}

export const { damaged, number, text, blob } = columnReader((column) =>
  refuse('corrupt-store', `column ${column} holds what this program never wrote: run \`tallystick fsck\``),
);

/** The number a kind is stored as: its place in STATEMENT_KINDS, which only ever grows at the end. */
export function kindNumber(kind: StatementKind): number {
  return STATEMENT_KINDS.indexOf(kind);
}

function kindOf(n: number): StatementKind {
  const kind = STATEMENT_KINDS[n];
  if (kind === undefined) throw damaged('kind');
  return kind;
}

/** First 48 bits of a hash: a small number to index by. */
export function prefix(hash: Uint8Array): number {
  let n = 0;
  for (let i = 0; i < 6; i++) n = n * 256 + (hash[i] ?? 0);
  return n;
}

/** The same 48 bits of an entry id: its first twelve hex digits. */
export function idPrefix(id: EntryId): number {
  return Number.parseInt(id.slice(0, 12), 16);
}

/** Levels of tiles a tree of 2^53 leaves has room for; tile (level, index) is stored at `place`. */
const PLACES_PER_LEVEL = 2 ** 46;

/** One integer for a tile's level and index: 7 levels of at most 2^45 tiles each. */
export function place(level: number, index: number): number {
  return level * PLACES_PER_LEVEL + index;
}

/** The places of one level, as a half-open range. */
export function placesOf(level: number): readonly [first: number, end: number] {
  return [level * PLACES_PER_LEVEL, (level + 1) * PLACES_PER_LEVEL];
}
