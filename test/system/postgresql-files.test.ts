/**
 * The source `postgresql` beside the server itself: what it takes each line of its files for, and how it spells each value. One
 * server answers for all.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { Refusal } from '#src/bytes/refusal.ts';
import { readConf } from '#src/declare/sources/postgresql/conf.ts';
import { GivenFiles } from '#src/declare/sources/postgresql/given.ts';
import { ruleOf } from '#src/declare/sources/postgresql/hba.ts';
import { mappingOf } from '#src/declare/sources/postgresql/ident.ts';
import { readLines } from '#src/declare/sources/postgresql/tokens.ts';
import { typeOf } from '#src/declare/sources/postgresql/types.ts';
import { spelled } from '#src/declare/sources/postgresql/values.ts';
import type { TreeMap } from '#src/declare/leaf.ts';
import { certificate, folder } from '../support/e3-targets.ts';
import * as lists from '../support/postgresql-lines.ts';
import { database, type Database } from '../support/probe-targets.ts';

type Tap = Pick<typeof t, 'same' | 'equal' | 'ok' | 'comment'>;
const NONE = new GivenFiles([], []);

t.test('PostgreSQL', { timeout: 120_000 }, async (t) => {
  const dir = folder();
  const db = await database(dir, certificate(dir, 'p256'));
  if (db === undefined) return t.comment('PostgreSQL is not installed: this part was not tested');
  t.teardown(() => db.stop());
  await t.test('lines of postgresql.conf', (t) => confLines(t, db, dir));
  await t.test('values', (t) => values(t, db));
  await t.test('types', (t) => types(t, db));
  await t.test('lines of pg_hba.conf', (t) => hbaLines(t, db));
  await t.test('lines of pg_ident.conf', (t) => identLines(t, db, dir));
});

/** What ours makes of a text; `refused` for a refusal. */
function ours<T>(read: () => T): T | 'refused' {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return 'refused';
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function textsOf(json: unknown): readonly string[] {
  const found: unknown = json === null ? [] : JSON.parse(textOf(json));
  return Array.isArray(found) ? found.map(textOf) : [];
}

async function confLines(t: Tap, db: Database, dir: string): Promise<void> {
  const random = fc
    .sample(fc.array(fc.constantFrom(...lists.PIECES), { maxLength: 9 }), { numRuns: 700, seed: 1 })
    .map((each) => `x.a ${each.join('')}`);
  const lines = [...lists.VALUES.map((each) => `x.a ${each}`), ...lists.LINES, ...random];
  // For this view the server stops reading a file at its first fault: so each line is a file.
  const parts = join(dir, 'parts');
  mkdirSync(parts);
  for (const [i, line] of lines.entries()) writeFileSync(join(parts, `${i}.conf`), `${line}\n`);
  writeFileSync(db.conf, lines.map((_, i) => `include 'parts/${i}.conf'\n`).join(''));
  const rows = await db.sql(
    "SELECT sourcefile, lower(name), setting FROM pg_file_settings WHERE sourcefile LIKE '%/parts/%'",
  );
  const theirs = new Map(
    rows.map(([file, name, setting]) => [
      Number(/(\d+)\.conf$/.exec(textOf(file))?.[1]),
      name === null ? 'refused' : [name, setting],
    ]),
  );
  let [right, refused] = [0, 0];
  for (const [i, line] of lines.entries()) {
    const found = ours(() =>
      readConf({ name: 'a', text: line }, NONE)
        .map(({ name, text }) => [name, text])
        .at(0),
    );
    t.same(found, theirs.get(i), JSON.stringify(line));
    if (found === 'refused') refused += 1;
    else right += 1;
  }
  t.comment(`${right} lines that both take alike, ${refused} that both refuse`);
}

async function values(t: Tap, db: Database): Promise<void> {
  const asked = lists.SETTINGS.flatMap((name) => lists.TEXTS.map((text) => [name, text] as const));
  await db.sql(`CREATE FUNCTION try_it(name text, value text) RETURNS text LANGUAGE plpgsql AS $$
    BEGIN RETURN set_config(name, value, false); EXCEPTION WHEN OTHERS THEN RETURN NULL; END $$`);
  const pairs = asked.map(([name, text]) => `('${name}', '${text}')`).join(', ');
  const rows = await db.sql(`SELECT try_it(name, value) FROM (VALUES ${pairs}) AS a(name, value)`);
  let [right, loose] = [0, 0];
  for (const [i, [name, text]] of asked.entries()) {
    const found = spelled(name, text);
    const seen = typeof found === 'string' ? found : found.fault;
    // The server refuses more: what is out of range, and words that a list here lacks.
    if (typeof rows[i]?.[0] !== 'string') loose += typeof found === 'string' ? 1 : 0;
    else if (!isBlocks(name, seen) && !isHexReal(name, text)) {
      const theirs = textOf(rows[i]?.[0]);
      t.ok(seen === theirs || near(seen, theirs), `${name} = '${text}': ${seen}, and SHOW ${theirs}`);
      right += 1;
    }
  }
  t.comment(`${right} values in the spelling of SHOW; ${loose} that the server refuses, and a file may have`);
}

/** A number of blocks, or a size that a block does not divide: they stay as they are. */
function isBlocks(name: string, seen: string): boolean {
  const type = typeOf(name);
  return type?.kind === 'integer' && type.unit === '8kB' && !/[MG]B$/.test(seen);
}

/** A real number in hexadecimal is refused, with what to write. */
function isHexReal(name: string, text: string): boolean {
  return typeOf(name)?.kind === 'real' && /^0x/i.test(text);
}

/** SHOW prints six digits of a number that is no whole one. */
function near(ours: string, theirs: string): boolean {
  const [a, b] = [ours, theirs].map((each) => /^(-?[0-9.e+-]+)([a-z]*)$/.exec(each));
  return Number(Number(a?.[1]).toPrecision(6)) === Number(b?.[1]) && a?.[2] === b?.[2];
}

/** Settings whose type or unit differs between versions, and those with a word that means another one. */
const APART =
  'log_connections wal_compression intervalstyle trace_recovery_messages composite_type_mismatch transaction_isolation';

async function types(t: Tap, db: Database): Promise<void> {
  const rows = await db.sql(
    "SELECT lower(name), vartype, coalesce(unit, ''), to_json(coalesce(enumvals, '{}'))::text FROM pg_settings WHERE name NOT LIKE '%.%'",
  );
  const apart = new Set(APART.split(' '));
  for (const [name, vartype, unit, words] of rows) {
    const type = typeOf(textOf(name));
    const none = apart.has(textOf(name)) ? vartype : 'string';
    t.equal(type?.kind === 'mode' ? 'integer' : (type?.kind ?? none), vartype, textOf(name));
    if (type?.kind === 'integer' || type?.kind === 'real') t.equal(type.unit, unit, textOf(name));
    if (type?.kind === 'enum') t.same(type.words, textsOf(words).filter(Boolean), textOf(name));
  }
}

/** Every field by itself, and rules of them at random. */
function rules(): readonly string[] {
  const field = (of: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...of);
  const { TYPES, LISTS, ADDRESSES, ENDS } = lists;
  const rule = fc
    .tuple(
      field(TYPES),
      field(LISTS),
      field(LISTS),
      field(ADDRESSES),
      field(ENDS),
      field([' ', '\t', ' \\\n ']),
    )
    .map(([type, dbs, users, address, end, blank]) =>
      [type, dbs, users, ...(type === 'local' ? [] : [address]), end].join(blank),
    );
  return [
    ...TYPES.map((each) => `${each} all all${each === 'local' ? '' : ' all'} reject`),
    ...LISTS.flatMap((each) => [`host ${each} all all reject`, `host all ${each} all reject`]),
    ...ADDRESSES.map((each) => `host all all ${each} reject`),
    ...ENDS.flatMap((each) => [
      `hostssl all all all ${each}`,
      `host all all all ${each}`,
      `local all all ${each}`,
    ]),
    ...fc.sample(rule, { numRuns: 600, seed: 2 }),
  ];
}

async function hbaLines(t: Tap, db: Database): Promise<void> {
  const lines = rules();
  writeFileSync(db.hba, `${lines.join('\n')}\n`);
  const rows = await db.sql(
    `SELECT line_number, type, to_json(database)::text, to_json(user_name)::text, address, netmask, auth_method, to_json(options)::text
       FROM pg_hba_file_rules`,
  );
  const theirs = new Map(rows.map(([line, ...row]) => [Number(line), row]));
  let [right, refused, strict, at] = [0, 0, 0, 1];
  for (const line of lines) {
    const found = ours(() => ruleIn(line));
    const row = theirs.get(at) ?? [];
    // The view has no type for a rule that is wrong.
    const isTaken = typeof row[0] === 'string';
    at += line.split('\n').length;
    if (found === 'refused') {
      if (isTaken) t.ok(STRICT.test(line), `refused although the server takes it: ${JSON.stringify(line)}`);
      if (isTaken) strict += 1;
      else refused += 1;
    } else if (found !== undefined) {
      sameRule(t, found, row, JSON.stringify(line));
      right += 1;
    } else t.equal(isTaken, false, line);
  }
  t.comment(
    `${right} rules that both take alike, ${refused} that both refuse, ${strict} that only this source refuses`,
  );
}

function ruleIn(text: string): TreeMap | undefined {
  return readLines({ name: 'pg_hba.conf', text }, NONE).map(ruleOf).at(0)?.tree;
}

/** A blank before a comma, an empty name, addresses as inet_aton reads them, an option given twice. */
const STRICT = /a ,b|""|10\/8|127\.1\/8|010\.|0x7f|1\.2\.3\/24|map=m map=n|\/08|db,/;

function sameRule(t: Tap, rule: TreeMap, row: readonly unknown[], what: string): void {
  const [type, databases, users, address, mask, method, options] = row;
  t.equal(rule.get('type'), type, `type of ${what}`);
  t.same(plainNames(rule.get('database')), setOf(databases), `databases of ${what}`);
  t.same(plainNames(rule.get('user')), [...new Set(textsOf(users))].toSorted(), `users of ${what}`);
  t.equal(rule.get('address'), addressOf(rule.get('address'), address, mask), `address of ${what}`);
  t.equal(rule.get('method'), method, `method of ${what}`);
  const own = rule.get('options');
  const named = own instanceof Map ? Array.from(own, ([name, value]) => `${name}=${value}`) : [];
  // The server adds what follows from the method, and does not show which name of a certificate counts.
  const added = method === 'cert' ? ['clientcert=verify-full'] : [];
  const shown = [...new Set([...named, ...added])].filter((name) => !name.startsWith('clientname='));
  t.same(shown.toSorted(), optionsOf(options), `options of ${what}`);
}

/** What ours should be: a name as it is but for case, and a network as ours makes it of the two columns. */
function addressOf(own: unknown, address: unknown, mask: unknown): unknown {
  if (address === null) return undefined;
  if (mask !== null) return ruleIn(`host all all ${textOf(address)} ${textOf(mask)} trust`)?.get('address');
  const name = textOf(address).toLowerCase();
  return own === `"${name}"` ? own : name;
}

function setOf(json: unknown): readonly string[] {
  const names = textsOf(json).map((each) => (each === 'samegroup' ? 'samerole' : each));
  return [...new Set(names)].toSorted();
}

/** Names of a list without their quotes, as the view shows them. */
function plainNames(list: unknown): readonly string[] {
  const names = textOf(list).match(/[+@]?"(?:[^"]|"")*"|[^",]+/g) ?? [];
  return names.map((each) => each.replace(/^([+@]?)"(.*)"$/s, '$1$2').replaceAll('""', '"')).toSorted();
}

function optionsOf(json: unknown): readonly string[] {
  return textsOf(json)
    .filter((each) => each !== 'ldapscope=2')
    .map((each) => each.replace(/^(include_realm)=true$/, '$1=1'))
    .toSorted();
}

async function identLines(t: Tap, db: Database, dir: string): Promise<void> {
  writeFileSync(join(dir, 'pg', 'pg_ident.conf'), `${lists.MAPPINGS.join('\n')}\n`);
  const rows = await db.sql(
    'SELECT line_number, map_name, sys_name, pg_username FROM pg_ident_file_mappings',
  );
  const theirs = new Map(rows.map(([line, ...row]) => [Number(line), row]));
  for (const [i, each] of lists.MAPPINGS.entries()) {
    const found = ours(() => readLines({ name: 'ident', text: each }, NONE).map(mappingOf).at(0));
    const row = theirs.get(i + 1);
    // PostgreSQL 15 takes a fourth word for nothing.
    if (found === 'refused') t.ok(typeof row?.[0] !== 'string' || each.split(' ').length > 3, each);
    else if (found === undefined) t.equal(row, undefined, each);
    else t.same(unquoted([...found.values()]), unquoted(row ?? []), each);
  }
}

function unquoted(parts: readonly unknown[]): readonly string[] {
  return parts.map((part) => textOf(part).replaceAll('"', ''));
}
