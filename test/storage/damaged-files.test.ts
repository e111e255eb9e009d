/** A file that is damaged, or no store or guard at all, is refused in a line, never with a stack. */
import Database from 'better-sqlite3';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { entryId, leafIndex, treeSize } from '../../src/bytes/brand.ts';
import { Refusal } from '../../src/bytes/refusal.ts';
import { faultOf } from '../../src/platform/fault.ts';
import { SqliteGuard } from '../../src/storage/guard.ts';
import { SqliteReader } from '../../src/storage/sqlite-reader.ts';
import { SqliteStore } from '../../src/storage/sqlite.ts';
import { hashLeaf } from '../../src/tree/hash.ts';
import { ORIGIN } from '../support/world.ts';

const filled = (from: number, to: number, byte: number) => (file: Buffer) =>
  Buffer.from(file).fill(byte, from, to);
const foreign = (version: number) => (path: string) => {
  const db = new Database(path);
  db.exec(`CREATE TABLE diary (page); PRAGMA user_version = ${version}`);
  db.close();
};

/** What became of a good file: other bytes, or something done at its path. */
const DAMAGES: readonly (readonly [
  what: string,
  damage: { readonly bytes: (file: Buffer) => Buffer } | { readonly at: (path: string) => void },
])[] = [
  ['cut in half', { bytes: (file) => file.subarray(0, file.length / 2) }],
  ['cut in its second page', { bytes: (file) => file.subarray(0, 5000) }],
  ['cut in its header', { bytes: (file) => file.subarray(0, 50) }],
  ['a text', { bytes: () => Buffer.from('hello world\n'.repeat(1000)) }],
  ['another header', { bytes: filled(0, 60, 7) }],
  ['no tables on its first page', { bytes: filled(100, 4096, 0) }],
  ['zeroes behind the first page', { bytes: (file) => file.fill(0, 4096) }],
  ['ones behind the first page', { bytes: (file) => file.fill(255, 4096) }],
  [
    'a directory',
    {
      at: (path) => {
        mkdirSync(path);
      },
    },
  ],
  ["another program's database", { at: foreign(0) }],
  ["another program's database of our version", { at: foreign(3) }],
];

t.test('what opens a store or a guard says what is wrong with it', async (t) => {
  const dir = t.testdir();
  const leaf = hashLeaf(new Uint8Array());
  const id = entryId('0'.repeat(64));
  const head = { size: treeSize(300), root: leaf, time: 1 };
  const store = SqliteStore.openToWrite(join(dir, 'store.db'), ORIGIN, true);
  const entries = Array.from({ length: 300 }, (_, i) => ({
    index: leafIndex(i),
    id,
    leaf,
    bytes: new Uint8Array(300),
    kind: 'other' as const,
    time: 1,
    subject: 's',
    issuer: 'i',
    kid: 'k',
  }));
  await store.commit({ head, entries, tiles: [], chains: new Map() }, undefined);
  await store.close();
  const guard = SqliteGuard.open(join(dir, 'guard.db'), ORIGIN, true);
  await guard.raise(head, { index: 0, id });
  await guard.close();

  const reads = async (reader: SqliteReader): Promise<void> => {
    try {
      await reader.head();
      await reader.entries(0, 300);
    } finally {
      await reader.close();
    }
  };
  const looks = async (opened: SqliteGuard): Promise<void> => {
    try {
      await opened.read();
    } finally {
      await opened.close();
    }
  };
  const uses: readonly (readonly [file: string, use: string, open: (path: string) => Promise<unknown>])[] = [
    ['store.db', 'reader', async (path) => reads(SqliteReader.open(path))],
    ['store.db', 'store', async (path) => reads(SqliteStore.openToWrite(path, ORIGIN, false))],
    ['guard.db', 'guard', async (path) => looks(SqliteGuard.open(path, ORIGIN, false))],
    ['guard.db', 'look', async (path) => SqliteGuard.look(path, ORIGIN)],
  ];
  const path = join(dir, 'damaged.db');
  for (const [file, use, open] of uses) {
    for (const [what, damage] of DAMAGES) {
      for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`, { recursive: true, force: true });
      if ('at' in damage) damage.at(path);
      else writeFileSync(path, damage.bytes(readFileSync(join(dir, file))));
      const error = await open(path).then(
        () => undefined,
        (cause: unknown) => cause,
      );
      const refusal = error instanceof Refusal ? error : faultOf(error);
      t.match(refusal?.code ?? String(error), /^(?:corrupt-store|no-such-log)$/, `${use}: ${what}`);
      t.notMatch(refusal?.message, /\n/);
    }
  }
});
