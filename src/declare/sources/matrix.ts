/**
 * The kind of source `matrix`: who may reach what, as a list with commas, such as a rule list of a firewall or security groups gives
 * (src/probe/net/README.md, "A declared matrix"). A row is an allowed pair; what no row allows is denied.
 *
 *     from,door,at,answer,key
 *     app,db,db.example:5432,tls,
 *     ops,ssh,db.example:22,ssh,SHA256:…
 *     ,admin,db.example:8443,tls,        a door that nobody of these may reach
 *     guest,,,,                          a source that may reach nothing
 */
import { printable } from '../../bytes/printable.ts';
import { refuse, type Refusal } from '../../bytes/refusal.ts';
import { Leaves, type Declarable, type Tree } from '../leaf.ts';
import type { Source } from './source.ts';

/** Fields of a door besides its name, as the matrix in YAML has them. */
const FIELDS = ['at', 'transport', 'answer', 'banner', 'servername', 'starttls', 'key'] as const;
const NEEDED = ['from', 'door', 'at'] as const;
const MOST_ROWS = 100_000;

type Row = ReadonlyMap<string, string>;

/** Refuses `malformed-text`, with the number of the line. */
export function declareMatrix(text: string): Declarable {
  const doors = new Map<string, ReadonlyMap<string, string>>();
  const allow = new Map<string, Set<string>>();
  for (const { line, row } of rowsIn(text)) {
    const [from = '', door = ''] = [row.get('from'), row.get('door')];
    if (from === '' && door === '') throw bad(line, 'it names neither who (from) nor what (door)');
    if (door !== '') takeDoor(doors, door, row, line);
    else if (FIELDS.some((name) => (row.get(name) ?? '') !== ''))
      throw bad(line, 'it has fields of a door, and names none');
    if (from === '') continue;
    const own = allow.get(from) ?? new Set<string>();
    allow.set(from, own);
    if (door !== '') own.add(door);
  }
  if (doors.size === 0) throw bad(1, 'no row names a door');
  const leaves = new Leaves();
  const tree: Tree = new Map<string, Tree>([
    ['doors', doors],
    ['allow', new Map(Array.from(allow, ([name, own]): [string, Tree] => [name, [...own].toSorted()]))],
  ]);
  leaves.add('', tree);
  return { profile: 'matrix@1', leaves: leaves.all(), excluded: [], source: { kind: 'matrix' } };
}

/** A door is named once, or each time alike. */
function takeDoor(
  doors: Map<string, ReadonlyMap<string, string>>,
  name: string,
  row: Row,
  line: number,
): void {
  const own = new Map(FIELDS.flatMap((field) => (row.get(field) ? [[field, row.get(field) ?? '']] : [])));
  const before = doors.get(name);
  if (before === undefined && !own.has('at'))
    throw bad(line, `the door ${printable(name, 64)} has no address (at)`);
  if (before === undefined) doors.set(name, own);
  else if (own.size > 0 && !isSame(before, own))
    throw bad(
      line,
      `the door ${printable(name, 64)} is another one in a row above; give it a name of its own`,
    );
}

function isSame(one: Row, other: Row): boolean {
  return one.size === other.size && [...one].every(([name, value]) => other.get(name) === value);
}

/** Rows below the header. Empty lines and those that begin with # are left out. */
function rowsIn(text: string): readonly { readonly line: number; readonly row: Row }[] {
  const lines = text
    .split(/\r?\n/)
    .map((each, i) => ({ line: i + 1, cells: each.split(',').map((cell) => cell.trim()), each }))
    .filter(({ each }) => each.trim() !== '' && !each.trimStart().startsWith('#'));
  const quoted = lines.find(({ each }) => each.includes('"'));
  if (quoted !== undefined)
    throw bad(quoted.line, 'it has quotes: a value with a comma is for `commit yaml` (README of net@1)');
  const [head, ...rows] = lines;
  const names = head?.cells ?? [];
  const known: readonly string[] = ['from', 'door', ...FIELDS];
  if (!NEEDED.every((name) => names.includes(name)) || !names.every((name) => known.includes(name)))
    throw bad(
      head?.line ?? 1,
      `the first row names the columns: ${NEEDED.join(', ')}, and others of ${known.join(', ')}`,
    );
  if (new Set(names).size < names.length) throw bad(head?.line ?? 1, 'it names a column twice');
  if (rows.length > MOST_ROWS) throw bad(rows[MOST_ROWS]?.line ?? 1, `there are more than ${MOST_ROWS} rows`);
  return rows.map(({ line, cells }) => {
    if (cells.length !== names.length)
      throw bad(line, `it has ${cells.length} values, and there are ${names.length} columns`);
    return { line, row: new Map(names.map((name, i) => [name, cells[i] ?? ''])) };
  });
}

function bad(line: number, what: string): Refusal {
  return refuse('malformed-text', `line ${line} of the matrix: ${what}`);
}

export const MATRIX_SOURCE: Source = { kind: 'matrix', declare: ([file]) => declareMatrix(file?.text ?? '') };
