/**
 * The source `postgresql` beside the server itself: what it takes each line of its files for, and how it spells each value. One
 * server answers for all.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { readConf } from '#src/declare/sources/postgresql/conf.ts';
import { GivenFiles } from '#src/declare/sources/postgresql/given.ts';
import { ruleOf } from '#src/declare/sources/postgresql/hba.ts';
import { mappingOf } from '#src/declare/sources/postgresql/ident.ts';
import { readLines } from '#src/declare/sources/postgresql/tokens.ts';
import { typeOf } from '#src/declare/sources/postgresql/types.ts';
import { spelled } from '#src/declare/sources/postgresql/values.ts';
import { Refusal } from '#src/bytes/refusal.ts';
import { certificate, folder } from '../support/e3-targets.ts';
import { database, type Database } from '../support/probe-targets.ts';

type Tap = Pick<typeof t, 'same' | 'equal' | 'ok' | 'comment'>;
const NONE = new GivenFiles([], []);

/** What ours makes of a text; `refused` for a refusal. */
function ours<T>(read: () => T): T | 'refused' {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return 'refused';
  }
}

/** Lines that are easily read otherwise, each a value of `x.a`. */
const VALUES = [
  ...[
    '1',
    "'1'",
    "''",
    "'it''s'",
    String.raw`'it\'s'`,
    String.raw`'a\nb\101\t\q'`,
    "'a' 'b'",
    "'a",
    'a b',
    'a#b',
    'on',
    'TRUE',
  ],
  ...[
    '1.5',
    '1.5GB',
    '15GB',
    '-1',
    '+0x1F',
    '0x1Fg',
    '1e3',
    '1.e3',
    '.5',
    '.',
    '-',
    'a.b',
    'a.b.c',
    'a-b:c/d',
    '/a',
    'a/b',
    '*',
  ],
  ...[
    'é',
    'été.x',
    '"a"',
    '$a',
    'a,b',
    '1,2',
    '127.0.0.1',
    '= 1',
    "='a'",
    '==1',
    '= ',
    "'a'#b",
    "'a''",
    "'a\\'",
    '12_0',
    "''''",
  ],
  ...[
    "'a\\\\'",
    "\t=\t'b'",
    "'multi",
    'en_US.UTF-8',
    'en_US.utf8',
    "'\\303\\251'",
    '1d',
    '1 d',
    '0777',
    '1;',
    "'a';",
    '\f1',
  ],
];
/** Whole lines. */
const LINES = [
  ...[
    '',
    '# a',
    '   ',
    'x.a',
    'x.a=',
    'x.A = 1',
    'X.a = 2',
    'x.a.b = 1',
    'x-a = 1',
    '1x = 1',
    "x.a'b'",
    'x.a=1#c',
    'x. a = 1',
    '= 1',
  ],
  ...[
    'x.é = 1',
    '.a = 1',
    'x.a 1 2',
    "x.a '1' '2'",
    'x.a = = 1',
    '\tx.a\t1\r',
    "x.a = 'a' # 'b'",
    "'x.a' = 1",
    '"x.a" = 1',
    '@ = 1',
  ],
];

t.test('PostgreSQL', { timeout: 120_000 }, async (t) => {
  const dir = folder();
  const db = await database(dir, certificate(dir, 'p256'));
  if (db === undefined) return t.comment('PostgreSQL is not installed: this part was not tested');
  t.teardown(() => db.stop());
  t.test('lines of postgresql.conf', (t) => confLines(t, db, dir));
  t.test('values', (t) => values(t, db));
  t.test('types', (t) => types(t, db));
  t.test('lines of pg_hba.conf', (t) => hbaLines(t, db));
  t.test('lines of pg_ident.conf', (t) => identLines(t, db, dir));
});

async function confLines(t: Tap, db: Database, dir: string): Promise<void> {
  const pieces = fc.constantFrom(
    ...[
      "'",
      "''",
      '\\',
      '=',
      ' ',
      '\t',
      '#',
      '.',
      '-',
      '+',
      '0x',
      '1',
      '9',
      'e',
      'E3',
      'a',
      'B',
      '_',
      'x.b',
      'kB',
      'é',
      ':',
      '/',
      ',',
      '\r',
      '\\n',
      '\\101',
    ],
  );
  const random = fc
    .sample(fc.array(pieces, { maxLength: 9 }), { numRuns: 700, seed: 1 })
    .map((each) => `x.a ${each.join('')}`);
  const lines = [...VALUES.map((each) => `x.a ${each}`), ...LINES, ...random];
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
      Number(/(\d+)\.conf$/.exec(String(file))?.[1]),
      name === null ? 'refused' : [name, setting],
    ]),
  );
  let [right, refused] = [0, 0];
  for (const [i, line] of lines.entries()) {
    const found = ours(
      () => readConf({ name: 'a', text: line }, NONE).map(({ name, text }) => [name, text])[0],
    );
    t.same(found, theirs.get(i), JSON.stringify(line));
    if (found === 'refused') refused += 1;
    else right += 1;
  }
  t.comment(`${right} lines that both take alike, ${refused} that both refuse`);
}

/** Values that the server is asked about, for every setting that a session may set. */
const SETTINGS = [
  'work_mem',
  'temp_buffers',
  'idle_in_transaction_session_timeout',
  'random_page_cost',
  'vacuum_cost_delay',
  'lock_timeout',
  'log_min_duration_statement',
  'default_statistics_target',
  'enable_sort',
  'bytea_output',
  'synchronous_commit',
  'constraint_exclusion',
  'client_min_messages',
  'xmloption',
  'effective_cache_size',
  'extra_float_digits',
  'default_transaction_isolation',
];
const NUMBERS = [
  '',
  '0',
  '1',
  '-1',
  '64',
  '065',
  '08',
  '0x10',
  '0X1f',
  '1e2',
  '1.5',
  '.5',
  '5.',
  '2.5',
  '3.5',
  '1_0',
  '+7',
  '100000',
  '1024',
  '0.0001',
  'x',
];
const UNITS = [
  '',
  'B',
  'kB',
  'MB',
  'GB',
  'TB',
  'us',
  'ms',
  's',
  'min',
  'h',
  'd',
  ' MB',
  'mb',
  'KB',
  ' s ',
  'M',
  'kB 1',
];
const WORDS = [
  'on',
  'off',
  'o',
  'of',
  'ON',
  't',
  'tr',
  'true',
  'truest',
  'f',
  'FALSE',
  'y',
  'ye',
  'n',
  'no',
  'non',
  '1',
  '0',
  '2',
  'hex',
  'HEX',
  'escape',
  'local',
  'Partition',
  'debug1',
  'Debug',
  'content',
  'repeatable read',
  'Serializable',
  'remote_apply',
  'yes',
];

async function values(t: Tap, db: Database): Promise<void> {
  const asked = SETTINGS.flatMap((name) =>
    [...NUMBERS.flatMap((number) => UNITS.map((unit) => `${number}${unit}`)), ...WORDS].map(
      (text) => [name, text] as const,
    ),
  );
  await db.sql(`CREATE FUNCTION pg_temp_try(name text, value text) RETURNS text LANGUAGE plpgsql AS $$
    BEGIN RETURN set_config(name, value, false); EXCEPTION WHEN OTHERS THEN RETURN NULL; END $$`);
  const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
  const rows = await db.sql(
    `SELECT pg_temp_try(name, value) FROM (VALUES ${asked.map(([name, text]) => `(${literal(name)}, ${literal(text)})`).join(', ')}) AS a(name, value)`,
  );
  let [right, loose] = [0, 0];
  for (const [i, [name, text]] of asked.entries()) {
    const theirs = rows[i]?.[0] ?? undefined;
    const found = spelled(name, text);
    // The server refuses more: what is out of range, and words that a list here lacks.
    if (theirs === undefined) loose += typeof found === 'string' ? 1 : 0;
    else if (!isBlocks(name, text) && !isHexReal(name, text)) {
      const seen = typeof found === 'string' ? found : found.fault;
      t.ok(seen === theirs || near(seen, String(theirs)), `${name} = '${text}': ${seen}, and SHOW ${theirs}`);
      right += 1;
    }
  }
  t.comment(`${right} values in the spelling of SHOW; ${loose} that the server refuses, and a file may have`);
}

/** A number of blocks, or a size that a block does not divide: they stay as they are. */
function isBlocks(name: string, text: string): boolean {
  const type = typeOf(name);
  return type?.kind === 'integer' && type.unit === '8kB' && !/[MG]B$/.test(String(spelled(name, text)));
}

/** A real number in hexadecimal is refused, with what to write. */
function isHexReal(name: string, text: string): boolean {
  return typeOf(name)?.kind === 'real' && /^0x/i.test(text) && typeof spelled(name, text) !== 'string';
}

/** SHOW prints six digits of a number that is no whole one. */
function near(ours: string, theirs: string): boolean {
  const [a, b] = [ours, theirs].map((each) => /^(-?[0-9.e+-]+)([a-z]*)$/.exec(each));
  return (
    a !== null && b !== null && a?.[2] === b?.[2] && Number(Number(a?.[1]).toPrecision(6)) === Number(b?.[1])
  );
}

async function types(t: Tap, db: Database): Promise<void> {
  const rows = await db.sql(
    "SELECT lower(name), vartype, coalesce(unit, ''), to_json(coalesce(enumvals, '{}'))::text FROM pg_settings WHERE name NOT LIKE '%.%'",
  );
  // Types and units that differ between versions, and words that mean another one.
  const apart = new Set([
    'log_connections',
    'wal_compression',
    'intervalstyle',
    'trace_recovery_messages',
    'composite_type_mismatch',
    'transaction_isolation',
  ]);
  for (const [name, vartype, unit, words] of rows) {
    const type = typeOf(String(name));
    const seen =
      type?.kind === 'mode' ? 'integer' : (type?.kind ?? (apart.has(String(name)) ? vartype : 'string'));
    t.equal(seen, vartype, String(name));
    if (type?.kind === 'integer' || type?.kind === 'real') t.equal(type.unit, unit, String(name));
    if (type?.kind === 'enum')
      t.same(
        type.words,
        (JSON.parse(String(words)) as string[]).filter((each) => each !== ''),
        String(name),
      );
  }
}

/** Fields of rules: what they are made of. */
const TYPES = [
  'local',
  'host',
  'hostssl',
  'hostnossl',
  'hostgssenc',
  'hostnogssenc',
  'Host',
  '"host"',
  'hosts',
];
const LISTS = [
  'all',
  '"all"',
  'db',
  'db,app',
  'app,db',
  'a, b',
  'a ,b',
  '+group',
  '"+group"',
  '+"my group"',
  '"a b"',
  '"a,b"',
  '"a""b"',
  'sameuser',
  '"sameuser"',
  'samegroup',
  'replication,all',
  'db,',
  '""',
  'A',
  'é',
  'a"b"c',
  'a#b',
  '@',
];
const ADDRESSES = [
  'all',
  '"all"',
  'samehost',
  'samenet',
  '10.0.0.0/8',
  '10.1.2.3/8',
  '10.1.2.3/32',
  '0.0.0.0/0',
  '10.0.0.0/33',
  '10.0.0.0/',
  '10.0.0.0/08',
  '10.0.0.0',
  '10.0.0.0 255.0.0.0',
  '10.1.2.3 255.255.0.255',
  '10.0.0.0 ::',
  '::1/128',
  '2001:DB8::1/32',
  '2001:db8:0:0::/64',
  '::ffff:10.0.0.1/128',
  '::1 ffff::',
  '::1 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
  'db.example',
  '.Example.TEST',
  'db.example/8',
  '10/8',
  '127.1/8',
  '010.0.0.1/32',
  '0x7f.1/8',
  '1.2.3/24',
  '10.0.0.0/8,10.1.0.0/16',
  '::g/1',
  '',
];
const ENDS = [
  'trust',
  'reject',
  'scram-sha-256',
  'md5',
  'password',
  'peer',
  'ident',
  'ident map=m',
  'cert',
  'cert map=m',
  'cert clientcert=verify-full',
  'cert clientcert=verify-ca',
  'md5 clientcert=verify-ca',
  'md5 clientcert=1',
  'md5 clientname=DN',
  'md5 map=x',
  'MD5',
  '"md5"',
  'nonsense',
  '',
  'pam pamservice=x',
  'ldap ldapserver=h ldapprefix="cn=" ldapsuffix=", dc=x"',
  'ldap ldapserver=h ldapbasedn=x',
  'radius radiusservers=127.0.0.1 radiussecrets=s',
  'trust map',
  'trust =x',
  'gss include_realm=1 krb_realm=R',
  'trust # more',
  'trust "a=b c"',
  'ident map=m map=n',
  'trust,md5',
];

async function hbaLines(t: Tap, db: Database): Promise<void> {
  const field = (of: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...of);
  const line = fc
    .tuple(
      field(TYPES),
      field(LISTS),
      field(LISTS),
      field(ADDRESSES),
      field(ENDS),
      fc.constantFrom(' ', '\t', '  ', ' \\\n '),
    )
    .map(([type, dbs, users, address, end, blank]) =>
      [type, dbs, users, ...(type === 'local' ? [] : [address]), end].join(blank),
    );
  const lines = [
    ...TYPES.map((each) => `${each} all all${each === 'local' ? '' : ' all'} reject`),
    ...LISTS.flatMap((each) => [`host ${each} all all reject`, `host all ${each} all reject`]),
    ...ADDRESSES.map((each) => `host all all ${each} reject`),
    ...ENDS.flatMap((each) => [
      `hostssl all all all ${each}`,
      `host all all all ${each}`,
      `local all all ${each}`,
    ]),
    ...fc.sample(line, { numRuns: 600, seed: 2 }),
  ];
  const [start, text] = placed(lines);
  writeFileSync(db.hba, text);
  const rows = await db.sql(
    `SELECT line_number, type IS NOT NULL, type, to_json(database)::text, to_json(user_name)::text, address, netmask, auth_method, to_json(options)::text
       FROM pg_hba_file_rules ORDER BY line_number`,
  );
  const theirs = new Map(rows.map((row) => [Number(row[0]), row]));
  let [right, refused, strict] = [0, 0, 0];
  for (const [i, each] of lines.entries()) {
    const found = ours(() => readLines({ name: 'hba', text: each }, NONE).map(ruleOf)[0]);
    const row = theirs.get(start[i] ?? 0);
    const what = JSON.stringify(each);
    if (found === 'refused') {
      // What the server takes, and a reader takes for something else.
      if (row?.[1] === true) t.ok(STRICT.test(each), `refused although the server takes it: ${what}`);
      if (row?.[1] === true) strict += 1;
      else refused += 1;
      continue;
    }
    t.equal(row?.[1], true, `both take ${what}`);
    if (found === undefined || row === undefined) continue;
    right += 1;
    const got = found.tree;
    t.equal(got.get('type'), row[2], what);
    t.same(plainNames(String(got.get('database'))), setOf(row[3]), `databases of ${what}`);
    t.same(plainNames(String(got.get('user'))), setOf(row[4]), `users of ${what}`);
    t.equal(
      sameAddress(got.get('address'), row[5], row[6]),
      true,
      `address ${String(got.get('address'))} of ${what}: ${row[5]} ${row[6]}`,
    );
    t.equal(got.get('method'), row[7], `method of ${what}`);
    const options = got.get('options');
    const named = options instanceof Map ? Array.from(options, ([name, value]) => `${name}=${value}`) : [];
    // The server adds what follows from the method, and does not show which name of a certificate counts.
    const added = got.get('method') === 'cert' ? ['clientcert=verify-full'] : [];
    const shown = [...new Set([...named, ...added])].filter((name) => !name.startsWith('clientname='));
    t.same(shown.toSorted(), optionsOf(row[8]), `options of ${what}`);
  }
  t.comment(
    `${right} rules that both take alike, ${refused} that both refuse, ${strict} that only this source refuses`,
  );
}

/** A blank before a comma, an empty name, addresses as inet_aton reads them, an option given twice. */
const STRICT = /a ,b|""|10\/8|127\.1\/8|010\.|0x7f|1\.2\.3\/24|map=m map=n|\/08|db,/;

/** Lines of one file, and where each of them begins. */
function placed(lines: readonly string[]): readonly [number[], string] {
  const start: number[] = [];
  let at = 1;
  for (const line of lines) {
    start.push(at);
    at += line.split('\n').length;
  }
  return [start, `${lines.join('\n')}\n`];
}

function setOf(json: unknown): readonly string[] {
  return [...new Set(JSON.parse(String(json)) as string[])]
    .map((each) => (each === 'samegroup' ? 'samerole' : each))
    .toSorted();
}

/** Names of a list without their quotes, as the view shows them. */
function plainNames(list: string): readonly string[] {
  const names = list.match(/[+@]?"(?:[^"]|"")*"|[^",]+/g) ?? [];
  return names.map((each) => each.replace(/^([+@]?)"(.*)"$/s, '$1$2').replaceAll('""', '"')).toSorted();
}

function sameAddress(found: unknown, address: unknown, mask: unknown): boolean {
  if (found === undefined || address === null) return found === undefined && address === null;
  const plain = String(found).replace(/^"(.*)"$/, '$1');
  if (mask === null) return plain === String(address).toLowerCase();
  return (
    ours(() =>
      readLines({ name: 'a', text: `host all all ${String(address)} ${String(mask)} trust` }, NONE)
        .map(ruleOf)[0]
        ?.tree.get('address'),
    ) === plain
  );
}

function optionsOf(json: unknown): readonly string[] {
  const found = json === null ? [] : (JSON.parse(String(json)) as string[]);
  return found
    .filter((each) => each !== 'ldapscope=2')
    .map((each) => each.replace(/^(include_realm)=true$/, '$1=1'))
    .toSorted();
}

async function identLines(t: Tap, db: Database, dir: string): Promise<void> {
  const lines = [
    'm a b',
    'm a',
    'm a b c',
    '"my map" "a b" "c d"',
    'm /^(.*)@x$ \\1',
    'm a,b c',
    '# m a b',
    'm a b # c',
    'm "a""b" c',
  ];
  const file = join(dir, 'pg', 'pg_ident.conf');
  writeFileSync(file, `${lines.join('\n')}\n`);
  const rows = await db.sql(
    'SELECT line_number, error IS NULL, map_name, sys_name, pg_username FROM pg_ident_file_mappings',
  );
  const theirs = new Map(rows.map((row) => [Number(row[0]), row]));
  for (const [i, each] of lines.entries()) {
    const found = ours(() => readLines({ name: 'ident', text: each }, NONE).map(mappingOf)[0]);
    const row = theirs.get(i + 1);
    // The view of PostgreSQL 15 takes a fourth word for nothing.
    if (found === 'refused') t.ok(row?.[1] !== true || each.split(' ').length > 3, each);
    else if (found === undefined) t.equal(row, undefined, each);
    else
      t.same(
        [found.get('map'), found.get('system'), String(found.get('user')).replaceAll('"', '')],
        row?.slice(2),
        each,
      );
  }
}
