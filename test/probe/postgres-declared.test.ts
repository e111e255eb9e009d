/**
 * Declared settings and rules beside those of a real server: every way in which a server comes to run with something else, and
 * what a role that sees less says of it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import t from 'tap';
import type { Value } from '#src/claim/value.ts';
import { POSTGRESQL_SOURCE } from '#src/declare/sources/postgresql/postgresql.ts';
import { declaredValue } from '#src/probe/declared.ts';
import { postgresProbe } from '#src/probe/postgres/probe.ts';
import { certificate, folder } from '../support/e3-targets.ts';
import { database, judgePack, look, type Database } from '../support/probe-targets.ts';

/** The leaves of these files, as an agent opens them. */
function declared(files: Readonly<Record<string, string>>): ReadonlyMap<string, Value> {
  const texts = Object.entries(files).map(([name, text]) => ({ name, text }));
  const { leaves } = POSTGRESQL_SOURCE.declare(texts, { literal: false, ignore: [], whole: [] });
  return new Map(leaves.map(({ path, value }) => [path, declaredValue(value)]));
}

const SETTINGS = [
  'postgres-as-declared',
  'postgres-not-overridden',
  'postgres-nothing-else',
  'postgres-loaded',
];
const RULES = ['pg-hba-as-declared', 'pg-hba-loaded'];

/** Verdicts of a pack by the first letter, in its order: `PPPU`; and the reasons of what is withheld. */
async function seen(
  db: Database,
  pack: string,
  leaves: ReadonlyMap<string, Value>,
  role = 'full',
): Promise<{ verdicts: string; value: unknown; reasons: string }> {
  const dsn = `postgresql://${role}:pw@127.0.0.1:${db.port}/postgres`;
  const params = { compare: true, plaintext: false, wire: false };
  const observed = await look(postgresProbe, `127.0.0.1:${db.port}`, params, {
    secrets: { dsn },
    declared: leaves,
  });
  const verdicts = judgePack(pack, {}, observed);
  const ids = pack === 'pg-hba-as-declared' ? RULES : SETTINGS;
  return {
    verdicts: ids.map((id) => verdicts[id]?.charAt(0)).join(''),
    value: observed.value['asDeclared'],
    reasons: (observed.withheld ?? []).map(({ reason }) => reason).join('\n'),
  };
}

t.test('PostgreSQL as declared', { timeout: 120_000 }, async (t) => {
  const dir = folder();
  const db = await database(dir, certificate(dir, 'p256'));
  if (db === undefined) return t.comment('PostgreSQL is not installed: this part was not tested');
  t.teardown(() => db.stop());
  await db.sql(
    "CREATE ROLE full LOGIN PASSWORD 'pw' IN ROLE pg_read_all_settings, pg_read_server_files",
    "CREATE ROLE less LOGIN PASSWORD 'pw'",
    'CREATE ROLE other',
    ...['pg_file_settings', 'pg_hba_file_rules'].map((view) => `GRANT SELECT ON ${view} TO full`),
    ...['pg_show_all_file_settings()', 'pg_hba_file_rules()', 'pg_stat_file(text)'].map(
      (name) => `GRANT EXECUTE ON FUNCTION ${name} TO full`,
    ),
  );
  const conf = readFileSync(db.conf, 'utf8');
  // What the test gives on the command line.
  const rows = await db.sql(
    "SELECT name || ' = ''' || setting || '''' FROM pg_settings WHERE source = 'command line'",
  );
  const given = `${conf}\n${rows.map(([line]) => String(line)).join('\n')}\n`;
  await t.test('settings', (t) => settings(t, db, conf, given));
  await t.test('what a role does not see', (t) => unseen(t, db, given));
  await t.test('names that lie', (t) => lies(t, db, given));
  await t.test('rules', (t) => rules(t, db));
});

async function settings(t: Tap, db: Database, conf: string, given: string): Promise<void> {
  const pack = 'postgresql-as-declared';
  const ask = async (text = given) => seen(db, pack, declared({ 'postgresql.conf': text }));
  const first = await ask();
  t.equal(first.verdicts, 'PPPP', JSON.stringify(first));
  t.equal((await ask(given.replace('work_mem = 8MB', 'WORK_MEM 8192'))).verdicts, 'PPPP', 'another spelling');
  t.equal((await ask(`${given}\nno_such = 1\n`)).verdicts, 'VPPP', 'a setting that the server does not have');
  t.equal((await ask(`${given}\nx.y = 1\n`)).verdicts, 'VPPP', 'one of an extension that is not there');
  t.equal((await ask(given.replace('work_mem = 8MB', ''))).verdicts, 'PPVP', 'one that nobody declared');
  /** SQL or a file, whether it is reloaded, and the verdicts. */
  const attacks: readonly (readonly [what: string, change: string, reload: boolean, want: string])[] = [
    ['ALTER SYSTEM', "ALTER SYSTEM SET work_mem = '9MB'", true, 'VPPP'],
    ['ALTER SYSTEM, not loaded', "ALTER SYSTEM SET work_mem = '9MB'", false, 'PPPV'],
    ['ALTER SYSTEM with the declared value', "ALTER SYSTEM SET work_mem = '8192kB'", true, 'PPPP'],
    ['ALTER SYSTEM of another setting', "ALTER SYSTEM SET log_statement = 'all'", true, 'PPVP'],
    ['ALTER ROLE of another role', "ALTER ROLE other SET work_mem = '9MB'", false, 'PVPP'],
    [
      'ALTER ROLE of another role, the declared value',
      "ALTER ROLE other SET work_mem = '8MB'",
      false,
      'PPPP',
    ],
    ['ALTER ROLE of its own role', "ALTER ROLE full SET work_mem = '9MB'", false, 'UVPP'],
    [
      'ALTER ROLE, a setting that nobody declared',
      "ALTER ROLE other SET session_preload_libraries = 'x'",
      false,
      'PPVP',
    ],
    ['ALTER DATABASE, one of no extension', "ALTER DATABASE postgres SET ext.thing = '1'", false, 'PPVP'],
    ['ALTER DATABASE', "ALTER DATABASE postgres SET work_mem = '9MB'", false, 'UVPP'],
    ['ALTER ROLE ALL', "ALTER ROLE ALL SET WORK_MEM = '9MB'", false, 'VVPP'],
    ['a file', conf.replace('8MB', '9MB'), true, 'VPPP'],
    ['a file, not loaded', conf.replace('8MB', '9MB'), false, 'PPPV'],
    ['a line that is gone, not loaded', conf.replace('work_mem = 8MB', ''), false, 'PPPV'],
    ['a later line', `${conf}work_mem = 9MB\n`, true, 'VPPP'],
    ['a line that is wrong', `${conf}work_mem 9 MB\n`, false, 'PPPV'],
  ];
  for (const [what, change, reload, want] of attacks) {
    if (change.startsWith('ALTER')) await db.sql(change);
    else writeFileSync(db.conf, change);
    if (reload) await db.reload();
    const { verdicts, value } = await ask();
    t.equal(verdicts, want, `${what}: ${JSON.stringify(value)}`);
    writeFileSync(db.conf, conf);
    await db.sql('ALTER SYSTEM RESET ALL', 'ALTER ROLE ALL RESET ALL', 'ALTER DATABASE postgres RESET ALL');
    await db.sql('ALTER ROLE full RESET ALL', 'ALTER ROLE other RESET ALL');
    await db.reload();
  }
  t.equal((await ask()).verdicts, 'PPPP', 'as before');
  await db.sql('ALTER SYSTEM SET max_connections = 7');
  await db.reload();
  const waiting = await ask(`${given}max_connections = 100\n`);
  t.equal(waiting.verdicts, 'PPPV', `what waits for a restart: ${JSON.stringify(waiting.value)}`);
  t.equal((await ask(`${given}max_connections = 7\n`)).verdicts[0], 'V', 'and does not run yet');
  await db.sql('ALTER SYSTEM RESET ALL');
  await db.reload();
  await t.rejects(seen(db, pack, new Map()), { code: 'config-invalid' }, 'nothing is declared');
}

async function unseen(t: Tap, db: Database, given: string): Promise<void> {
  const ask = async (text: string) =>
    seen(db, 'postgresql-as-declared', declared({ 'postgresql.conf': text }), 'less');
  const [row] = await db.sql('SHOW data_directory');
  const hidden = await ask(`${given}\ndata_directory = '${String(row?.[0])}'\n`);
  t.equal(hidden.verdicts, 'UPUU', 'a setting that only others see, and files');
  t.match(hidden.reasons, /GRANT pg_read_all_settings TO less/);
  t.match(hidden.reasons, /GRANT SELECT ON pg_file_settings TO less/);
  const wrong = await ask(`${given}\nhba_file = '/elsewhere'\nwork_mem = 1MB\n`);
  t.equal(wrong.verdicts, 'VPUU', 'what it sees decides');
  const rules = await seen(
    db,
    'pg-hba-as-declared',
    declared({ 'pg_hba.conf': 'local all all peer' }),
    'less',
  );
  t.equal(rules.verdicts, 'UU');
  t.match(rules.reasons, /GRANT SELECT ON pg_hba_file_rules TO less/);
  const none = await seen(db, 'postgresql-as-declared', declared({ 'pg_hba.conf': 'local all all peer' }));
  t.equal(none.verdicts, 'UUUU', 'rules alone show nothing of settings');
  const other = await seen(db, 'pg-hba-as-declared', declared({ 'postgresql.conf': given }));
  t.equal(other.verdicts, 'UU', 'nor settings of rules');
}

/** A schema in front of the catalogue, for the role of the agent. */
async function lies(t: Tap, db: Database, given: string): Promise<void> {
  await db.sql(
    'CREATE SCHEMA evil',
    'GRANT USAGE ON SCHEMA evil TO full',
    `CREATE FUNCTION evil.set_config(text, text, boolean) RETURNS text LANGUAGE sql AS $$ SELECT 'nothing' $$`,
    `CREATE FUNCTION evil.lower(text) RETURNS text LANGUAGE sql AS $$ SELECT 'work_mem' $$`,
    `CREATE VIEW evil.pg_settings AS SELECT name, CASE name WHEN 'work_mem' THEN '8192' ELSE setting END AS setting, unit, vartype, source,
       pending_restart, reset_val, enumvals, sourcefile, sourceline FROM pg_catalog.pg_settings`,
    'CREATE VIEW evil.pg_db_role_setting AS SELECT * FROM pg_catalog.pg_db_role_setting LIMIT 0',
    'GRANT SELECT ON ALL TABLES IN SCHEMA evil TO full',
    'ALTER ROLE full SET search_path = evil, pg_catalog',
    "ALTER SYSTEM SET work_mem = '9MB'",
    "ALTER ROLE other SET work_mem = '1MB'",
  );
  await db.reload();
  const { verdicts, value } = await seen(
    db,
    'postgresql-as-declared',
    declared({ 'postgresql.conf': given }),
  );
  t.match(value, {
    settings: { different: ['work_mem'], overridden: ['work_mem'], undeclared: ['search_path'] },
  });
  t.equal(verdicts, 'VVVP');
  await db.sql(
    'ALTER ROLE full RESET ALL',
    'ALTER ROLE other RESET ALL',
    'ALTER SYSTEM RESET ALL',
    'DROP SCHEMA evil CASCADE',
  );
  await db.reload();
}

async function rules(t: Tap, db: Database): Promise<void> {
  const own = readFileSync(db.hba, 'utf8');
  const ask = async (text: string) => seen(db, 'pg-hba-as-declared', declared({ 'pg_hba.conf': text }));
  const first = await ask(own);
  t.equal(first.verdicts, 'PP', JSON.stringify(first));
  const more =
    'host a,"b c" +app 10.1.2.3/8 ident map=m\nhost all all 2001:db8::/32 ldap ldapserver=h ldapbasedn=x\nhostssl all all .Example.test cert\n';
  // The file on disk is compared; that it was not loaded is the other claim's.
  writeFileSync(db.hba, own + more);
  for (const [what, text, want] of [
    ['the same', own + more, 'PU'],
    [
      'in another spelling',
      own + more.replace('a,"b c" +app 10.1.2.3/8', '"b c","a" +"app" 10.0.0.0 255.0.0.0'),
      'PU',
    ],
    ['one less', own, 'VU'],
    ['one more', `${own}${more}local all all peer\n`, 'VU'],
    ['another order', more + own, 'VU'],
    ['another method', own + more.replace('ident map=m', 'md5'), 'VU'],
    ['another option', own + more.replace('map=m', 'map=n'), 'VU'],
    ['another mask', own + more.replace('/8', '/9'), 'VU'],
    ['another type', own + more.replace('hostssl all all .E', 'hostssl all app .E'), 'VU'],
    ['one twice', own + more + more, 'VU'],
    ['a name in quotes', own.replace('hostssl all all', 'hostssl "all" all') + more, 'UU'],
    ['what the view hides', (own + more).replace(' cert', ' cert clientname=DN'), 'UU'],
    ['a password', own + more.replace('ldapbasedn=x', 'ldapbasedn=x ldapbindpasswd=y'), 'VU'],
  ] as const)
    t.equal((await ask(text)).verdicts, want, what);
  t.match((await ask(own + more)).reasons, /pg_hba\.conf changed after it was loaded last.*pg_reload_conf/);
  t.match((await ask(own)).value, { hba: { same: 2, missing: [], extra: [3, 4, 5], ordered: true } });
  writeFileSync(db.hba, `${own}host all all nonsense\n`);
  t.equal((await ask(own)).verdicts, 'VU', 'a line that is wrong is one more');
  // Rules that were in force for a moment, and then put back without a reload.
  writeFileSync(db.hba, own);
  t.equal((await ask(own)).verdicts, 'PU', 'the declared text on disk does not show what is in force');
}

type Tap = Pick<typeof t, 'equal' | 'match' | 'rejects'>;
