/**
 * Reads configuration files of PostgreSQL in bulk, beside a server: `node bench/postgresql-files.ts FOLDER`. Files with `hba` in their
 * name are read as pg_hba.conf, those with `ident` are left out. Prints how many both take alike, how many both refuse, how many the source refuses alone and why,
 * and how many it takes otherwise. Spec: claims.md, "Sources".
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Refusal } from '../src/bytes/refusal.ts';
import { decodeSource } from '../src/declare/encoding.ts';
import { readConf } from '../src/declare/sources/postgresql/conf.ts';
import { GivenFiles } from '../src/declare/sources/postgresql/given.ts';
import { POSTGRESQL_SOURCE } from '../src/declare/sources/postgresql/postgresql.ts';
import { certificate, folder } from '../test/support/e3-targets.ts';
import { database, type Database } from '../test/support/probe-targets.ts';

/** What a file comes to, and the server's word for it. */
interface Outcome {
  readonly kind: 'alike' | 'refused by both' | 'refused here alone' | 'taken here alone' | 'OTHERWISE';
  readonly why: string;
}

function withoutNames(message: string): string {
  return message
    .replace(/^.* line \d+: /, '')
    .replace(/^([a-z_.]+) is /, '… is ')
    .slice(0, 110);
}

/** Our reading: the text of each setting, or the number of rules; or why it is refused. */
function read(name: string, text: string): ReadonlyMap<string, string> | number | string {
  try {
    const { leaves } = POSTGRESQL_SOURCE.declare([{ name, text }], { literal: false, ignore: [], whole: [] });
    if (name === 'pg_hba.conf') return leaves.filter(({ path }) => /^\/hba\/\d+\/type$/.test(path)).length;
    const lines = readConf({ name, text }, new GivenFiles([], []));
    return new Map(lines.map((line) => [line.name, line.text]));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return withoutNames(error.message);
  }
}

async function confOf(db: Database, text: string): Promise<ReadonlyMap<string, string> | undefined> {
  writeFileSync(db.conf, text);
  const rows = await db.sql(
    `SELECT lower(name), setting, error FROM pg_file_settings WHERE sourcefile = '${db.conf}' OR sourcefile IS NULL ORDER BY seqno`,
  );
  if (rows.some(([name, , error]) => name === null && error !== null)) return undefined;
  return new Map(rows.map(([name, setting]) => [String(name), String(setting)]));
}

async function hbaOf(db: Database, text: string): Promise<number | undefined> {
  writeFileSync(db.hba, text);
  const rows = await db.sql('SELECT type FROM pg_hba_file_rules');
  return rows.some(([type]) => type === null) ? undefined : rows.length;
}

async function outcomeOf(db: Database, name: string, text: string): Promise<Outcome> {
  // What includes name is not there for the server either.
  const own = text.replaceAll(/^[ \t]*include\w*\b.*$/gim, '');
  const ours = read(name, own);
  const theirs = name === 'pg_hba.conf' ? await hbaOf(db, own) : await confOf(db, own);
  if (typeof ours === 'string')
    return { kind: theirs === undefined ? 'refused by both' : 'refused here alone', why: ours };
  if (theirs === undefined) return { kind: 'taken here alone', why: name };
  const [a, b] = [ours, theirs].map((each) =>
    typeof each === 'number'
      ? String(each)
      : JSON.stringify([...(each ?? [])].map((pair) => pair.join('=')).toSorted()),
  );
  return { kind: a === b ? 'alike' : 'OTHERWISE', why: name };
}

const [, , from = '.'] = process.argv;
const dir = folder();
const db = await database(dir, certificate(dir, 'p256'));
if (db === undefined) throw new Error('PostgreSQL is not installed');
const counts = new Map<string, number>();
let includes = 0;
try {
  for (const file of readdirSync(from)) {
    if (/ident/i.test(file)) continue;
    const name = /hba/i.test(file) ? 'pg_hba.conf' : 'postgresql.conf';
    let outcome: Outcome;
    try {
      const text = decodeSource(readFileSync(join(from, file)));
      includes += /^[ \t]*include\w*\b/im.test(text) ? 1 : 0;
      outcome = await outcomeOf(db, name, text);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      outcome = { kind: 'refused here alone', why: withoutNames(error.message) };
    }
    if (outcome.kind === 'OTHERWISE' || outcome.kind === 'taken here alone')
      console.log(`${outcome.kind}: ${file}`);
    const key = `${name}: ${outcome.kind}${outcome.kind.startsWith('refused') ? `: ${outcome.why}` : ''}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
} finally {
  await db.stop();
}
for (const [key, count] of [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)))
  console.log(`${String(count).padStart(5)}  ${key}`);
console.log(`${String(includes).padStart(5)}  files with an include, which was taken out`);
