/**
 * The databases of agent, monitor and witness, damaged: each is refused in one line that names the file, and none is made
 * anew in its place. What a lost write-ahead log takes with it is told where it would be a second history.
 */
import Database from 'better-sqlite3';
import { cpSync, mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { AgentStore } from '#src/agent/agent-store.ts';
import { openAgentDatabase } from '#src/agent/database.ts';
import { Spool } from '#src/agent/spool.ts';
import { treeSize } from '#src/bytes/brand.ts';
import { Refusal } from '#src/bytes/refusal.ts';
import { openMonitorDatabase as openDatabase, openDatabaseToRead } from '#src/monitor/database.ts';
import { IncidentStore } from '#src/monitor/incidents.ts';
import { hashLeaf } from '#src/tree/hash.ts';
import { HeadGuard } from '#src/witness/guard.ts';
import { statePaths, WitnessState, type Held } from '#src/witness/state.ts';
import { incidentOf } from '../support/monitored.ts';

const NAME = 'witness.example/w';

interface Kept {
  readonly file: string;
  /** Makes the directory. */
  readonly make: (dir: string) => void;
  readonly use: (dir: string) => void;
}

const held = (size: number): Held => ({
  origin: 'log.example/1',
  size: treeSize(size),
  root: hashLeaf(Uint8Array.of(size)),
  time: size,
  signed: undefined,
  keys: '',
  halted: '',
});

function makeWitness(dir: string): void {
  mkdirSync(join(dir, 'guard'), { recursive: true });
  HeadGuard.open(statePaths(dir).guard, NAME).close();
  const state = WitnessState.open({ dir, name: NAME });
  for (const size of [1, 2]) state.commit([held(size)]);
  state.close();
}

function useMonitor(dir: string, open: typeof openDatabase): void {
  const db = open(dir);
  try {
    new IncidentStore(db, dir, { now: () => 1 }).list({ limit: 9 });
  } finally {
    db.close();
  }
}

function makeMonitor(dir: string): void {
  const db = openDatabase(dir);
  new IncidentStore(db, dir, { now: () => 1 }).raise(incidentOf('a'));
  db.close();
}

function useAgent(dir: string): void {
  const db = openAgentDatabase(dir);
  try {
    new AgentStore(db).head();
    new Spool(db).waitingCount();
  } finally {
    db.close();
  }
}

const useWitness = (dir: string): void => WitnessState.open({ dir, name: NAME }).close();

const KEPT: readonly Kept[] = [
  { file: 'agent.db', make: useAgent, use: useAgent },
  { file: 'monitor.db', make: makeMonitor, use: (dir) => useMonitor(dir, openDatabase) },
  { file: 'monitor.db', make: makeMonitor, use: (dir) => useMonitor(dir, openDatabaseToRead) },
  { file: 'witness.db', make: makeWitness, use: useWitness },
  { file: 'guard/cosigned-heads.db', make: makeWitness, use: useWitness },
];

const foreign = (path: string, sql: string): void => {
  const db = new Database(path);
  db.exec(sql);
  db.close();
};

/** `at`: what is done at the path of a good file. */
const DAMAGES: readonly (readonly [what: string, at: (path: string) => void])[] = [
  ['empty', (path) => truncateSync(path)],
  ['cut in half', (path) => truncateSync(path, Math.floor(statSync(path).size / 2 + 100))],
  ['cut in its header', (path) => truncateSync(path, 50)],
  ['a text', (path) => writeFileSync(path, 'hello world\n'.repeat(1000))],
  ['zeroes behind the header', (path) => writeFileSync(path, readFileSync(path).fill(0, 100))],
  ['ones behind the first page', (path) => writeFileSync(path, readFileSync(path).fill(255, 4096))],
  [
    'a directory',
    (path) => {
      rmSync(path);
      mkdirSync(path);
    },
  ],
  [
    "another program's database",
    (path) => {
      rmSync(path);
      foreign(path, 'PRAGMA application_id = 7; CREATE TABLE diary (page)');
    },
  ],
  [
    "another program's database of our version",
    (path) => {
      rmSync(path);
      foreign(path, 'CREATE TABLE diary (page); PRAGMA user_version = 2');
    },
  ],
  ['a database with nothing in it', (path) => (rmSync(path), foreign(path, 'VACUUM'))],
  ['a trigger more', (path) => foreign(path, triggerFor(path))],
];

function triggerFor(path: string): string {
  const table =
    path.endsWith('cosigned-heads.db') || path.endsWith('agent.db')
      ? 'head'
      : path.endsWith('witness.db')
        ? 'log'
        : 'incident';
  return `CREATE TRIGGER evil BEFORE UPDATE ON ${table} BEGIN SELECT RAISE(IGNORE); END`;
}

function outcome(use: () => void): unknown {
  try {
    use();
    return undefined;
  } catch (error) {
    return error;
  }
}

t.test('what is damaged is refused, and named', async (t) => {
  const base = t.testdir();
  for (const [i, { file, make, use }] of KEPT.entries()) {
    const good = join(base, `good-${i}`);
    mkdirSync(good);
    make(good);
    use(good);
    for (const [j, [what, damage]] of DAMAGES.entries()) {
      const dir = join(base, `${i}-${j}`);
      cpSync(good, dir, { recursive: true });
      const path = join(dir, file);
      damage(path);
      const error = outcome(() => use(dir));
      t.ok(error instanceof Refusal, `${file}: ${what}: ${String(error)}`);
      if (!(error instanceof Refusal)) continue;
      t.match(error.code, /^(?:corrupt-store|store-failed)$/, what);
      t.ok(error.message.includes(path.split('/').at(-1) ?? ''), `${file}: ${what}: ${error.message}`);
      t.notMatch(error.message, /\n/);
    }
  }
});

/** A copy of `dir` as a crash leaves it, its write-ahead log cut or overwritten. */
function afterCrash(dir: string, file: string, damage: (wal: string) => void): string {
  const copy = `${dir}-copy`;
  rmSync(copy, { recursive: true, force: true });
  cpSync(dir, copy, { recursive: true });
  damage(join(copy, `${file}-wal`));
  rmSync(join(copy, `${file}-shm`), { force: true });
  return copy;
}

t.test('a lost write-ahead log of a witness', async (t) => {
  const base = t.testdir();
  const dir = join(base, 'w');
  mkdirSync(dir);
  makeWitness(dir);
  const state = WitnessState.open({ dir, name: NAME });
  state.commit([held(3)]);
  for (const damage of [
    (wal: string) => writeFileSync(wal, readFileSync(wal).fill(9, 32)),
    (wal: string) => truncateSync(wal, 100),
    (wal: string) => rmSync(wal),
  ]) {
    const error = outcome(() => useWitness(afterCrash(dir, 'witness.db', damage)));
    t.match(error, { code: 'behind-signed-head' });
  }
  state.close();
});

t.test('a file that is gone is made anew, and whole', async (t) => {
  for (const { make, use } of KEPT.slice(0, 2)) {
    const dir = t.testdir();
    make(dir);
    use(dir);
  }
});
