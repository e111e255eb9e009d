/**
 * What a role of PostgreSQL can come to, on a real server: a table of ways in which a role that looks read-only is not,
 * and of what every role has, which is none of them.
 */
import t from 'tap';
import { isMap, type Value } from '#src/claim/value.ts';
import { postgresProbe } from '#src/probe/postgres/probe.ts';
import { certificate, folder } from '../support/e3-targets.ts';
import { database, judgePack, look } from '../support/probe-targets.ts';

const dir = folder();
const pair = certificate(dir, 'p256');

interface Case {
  readonly what: string;
  /** Statements after `CREATE ROLE r LOGIN`. */
  readonly sql: readonly string[];
  /** Beginnings of the lines of `rights`; none: the role passes. */
  readonly rights: readonly RegExp[];
  /** What its privileges on tables come to, where they are not SELECT alone. */
  readonly privileges?: readonly string[];
}

const CASES: readonly Case[] = [
  { what: 'a plain reader', sql: ['GRANT SELECT ON public.orders TO r'], rights: [] },
  {
    what: 'a member of readers, without inheritance',
    sql: ['ALTER ROLE r NOINHERIT', 'CREATE ROLE g', 'GRANT SELECT ON public.orders TO g', 'GRANT g TO r'],
    rights: [],
  },
  {
    what: 'a monitor',
    sql: [
      'GRANT pg_monitor, pg_read_all_settings TO r',
      'GRANT SELECT ON pg_hba_file_rules, pg_file_settings TO r',
    ],
    rights: [],
  },
  {
    what: 'what the probe asks for',
    sql: ['GRANT EXECUTE ON FUNCTION pg_hba_file_rules(), pg_show_all_file_settings() TO r'],
    rights: [],
  },
  {
    what: 'SET ROLE to a writer, two steps away',
    sql: [
      'ALTER ROLE r NOINHERIT',
      'CREATE ROLE g NOINHERIT',
      'CREATE ROLE h',
      'GRANT INSERT, UPDATE ON public.orders TO h',
      'GRANT h TO g',
      'GRANT g TO r',
    ],
    rights: [],
    privileges: ['INSERT', 'UPDATE'],
  },
  {
    what: 'ADMIN OPTION on a role with CREATE',
    sql: ['CREATE ROLE g NOINHERIT', 'GRANT CREATE ON SCHEMA public TO g', 'GRANT g TO r WITH ADMIN OPTION'],
    rights: [/^CREATE on schema public$/],
  },
  {
    what: 'PUBLIC may write',
    sql: ['GRANT DELETE ON public.orders TO PUBLIC'],
    rights: [],
    privileges: ['DELETE'],
  },
  {
    what: 'one column',
    sql: ['GRANT UPDATE (id) ON public.orders TO r'],
    rights: [],
    privileges: ['UPDATE'],
  },
  {
    what: 'TRUNCATE and TRIGGER',
    sql: ['GRANT TRUNCATE, TRIGGER, REFERENCES ON public.orders TO r'],
    rights: [],
    privileges: ['TRUNCATE', 'REFERENCES', 'TRIGGER'],
  },
  ...['SUPERUSER', 'CREATEROLE', 'CREATEDB', 'REPLICATION', 'BYPASSRLS'].map((attribute) => ({
    what: `the attribute ${attribute}`,
    sql: [`ALTER ROLE r ${attribute}`],
    rights: [new RegExp(`^attribute ${attribute}$`)],
    ...(attribute === 'SUPERUSER' && {
      privileges: ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'],
    }),
  })),
  {
    what: 'an attribute of a role that it can become',
    sql: ['CREATE ROLE g BYPASSRLS', 'GRANT g TO r'],
    rights: [/^attribute BYPASSRLS of role g$/],
  },
  ...[
    'pg_read_all_data',
    'pg_read_server_files',
    'pg_write_server_files',
    'pg_execute_server_program',
    'pg_signal_backend',
    'pg_checkpoint',
  ].map((role) => ({
    what: `a member of ${role}`,
    sql: ['ALTER ROLE r NOINHERIT', `GRANT ${role} TO r`],
    rights: [new RegExp(`^member of ${role}$`)],
  })),
  {
    what: 'a member of pg_write_all_data',
    sql: ['GRANT pg_write_all_data TO r'],
    rights: [/^member of pg_write_all_data$/, /^UPDATE on sequence/],
    privileges: ['INSERT', 'UPDATE', 'DELETE'],
  },
  {
    what: 'CREATE on a schema, by PUBLIC',
    sql: ['GRANT CREATE ON SCHEMA s TO PUBLIC'],
    rights: [/^CREATE on schema s$/],
  },
  {
    what: 'CREATE on the database',
    sql: ['GRANT CREATE ON DATABASE postgres TO r'],
    rights: [/^CREATE on database postgres$/],
  },
  {
    what: 'sequences',
    sql: ['GRANT USAGE ON SEQUENCE public.counter TO r'],
    rights: [/^USAGE on sequence public\.counter$/],
  },
  {
    what: 'the owner of a table, without a privilege on it',
    sql: ['CREATE TABLE s.own (a int)', 'ALTER TABLE s.own OWNER TO r', 'REVOKE ALL ON s.own FROM r'],
    rights: [/^owner of table s\.own$/],
  },
  {
    what: 'the owner of a schema',
    sql: ['CREATE SCHEMA o AUTHORIZATION r', 'REVOKE ALL ON SCHEMA o FROM r'],
    rights: [/^owner of schema o$/],
  },
  {
    what: 'the owner of a function that somebody trusted calls',
    sql: [
      'CREATE FUNCTION s.f(int) RETURNS int LANGUAGE sql AS $$SELECT 1$$',
      'ALTER FUNCTION s.f(int) OWNER TO r',
    ],
    rights: [/^owner of function s\.f\(integer\)$/],
  },
  {
    what: 'the owner of the database, as a role that it can become',
    sql: ['CREATE ROLE g', 'GRANT g TO r', 'CREATE DATABASE other OWNER g'],
    rights: [/^CREATE on database other$/, /^owner of database other$/],
  },
  {
    what: 'default privileges of somebody else, for PUBLIC',
    sql: ['CREATE ROLE g', 'ALTER DEFAULT PRIVILEGES FOR ROLE g GRANT INSERT ON TABLES TO PUBLIC'],
    rights: [/^by default privileges INSERT on future tables of g$/],
  },
  {
    what: 'default privileges that only read',
    sql: ['CREATE ROLE g', 'ALTER DEFAULT PRIVILEGES FOR ROLE g GRANT SELECT ON TABLES TO r'],
    rights: [],
  },
  {
    what: 'a SECURITY DEFINER function of somebody else',
    sql: [
      'CREATE FUNCTION s.w() RETURNS void SECURITY DEFINER LANGUAGE sql AS $$INSERT INTO public.orders VALUES (1)$$',
    ],
    rights: [/^EXECUTE as its owner of s\.w\(\)$/],
  },
  {
    what: 'a SECURITY DEFINER function that it may not call',
    sql: [
      'CREATE FUNCTION s.w() RETURNS void SECURITY DEFINER LANGUAGE sql AS $$INSERT INTO public.orders VALUES (1)$$',
      'REVOKE ALL ON FUNCTION s.w() FROM PUBLIC',
    ],
    rights: [],
  },
  {
    what: 'a function of PostgreSQL that PUBLIC may not call',
    sql: ['GRANT EXECUTE ON FUNCTION pg_read_file(text), pg_promote(boolean, integer) TO r'],
    rights: [/^EXECUTE of pg_catalog\.pg_promote\(/, /^EXECUTE of pg_catalog\.pg_read_file\(text\)$/],
  },
  {
    what: 'password hashes',
    sql: ['GRANT SELECT (rolname, rolpassword) ON pg_authid TO r'],
    rights: [/^SELECT of passwords in pg_authid$/],
  },
  {
    what: 'the passwords of mappings, by a whole view',
    sql: ['GRANT SELECT ON pg_shadow, pg_user_mapping TO r'],
    rights: [/^SELECT of passwords in pg_shadow$/, /^SELECT of passwords in pg_user_mapping$/],
  },
  {
    what: 'ALTER SYSTEM of one parameter',
    sql: ['GRANT ALTER SYSTEM ON PARAMETER ssl TO r'],
    rights: [/^on parameter: ALTER SYSTEM ssl$/],
  },
  {
    what: 'a large object',
    sql: ['SELECT lo_create(4711)', 'GRANT UPDATE ON LARGE OBJECT 4711 TO PUBLIC'],
    rights: [/^UPDATE on large object 4711$/],
  },
  {
    what: 'a foreign server',
    sql: [
      'CREATE FOREIGN DATA WRAPPER w',
      'CREATE SERVER far FOREIGN DATA WRAPPER w',
      'GRANT USAGE ON FOREIGN SERVER far TO r',
      'GRANT USAGE ON FOREIGN DATA WRAPPER w TO r',
    ],
    rights: [/^USAGE on foreign data wrapper w$/, /^USAGE on foreign server far$/],
  },
];

t.test('what a role can come to', async (t) => {
  const db = await database(folder(), pair);
  if (db === undefined) return t.comment('PostgreSQL is not installed: this part was not tested');
  t.teardown(() => db.stop());
  for (const each of CASES) {
    await db.sql(
      'DROP DATABASE IF EXISTS other',
      'DROP SCHEMA IF EXISTS s, o CASCADE',
      'DROP TABLE IF EXISTS public.orders',
      'DROP FOREIGN DATA WRAPPER IF EXISTS w CASCADE',
      'DROP SEQUENCE IF EXISTS public.counter',
      'SELECT lo_unlink(oid) FROM pg_largeobject_metadata',
      `DO $$ DECLARE n text; BEGIN FOR n IN SELECT rolname FROM pg_roles WHERE rolname IN ('r', 'g', 'h') LOOP
         EXECUTE format('DROP OWNED BY %I', n); END LOOP; END $$`,
      'DROP ROLE IF EXISTS r, g, h',
      'CREATE SCHEMA s',
      'CREATE TABLE public.orders (id int)',
      'CREATE SEQUENCE public.counter',
      "CREATE ROLE r LOGIN PASSWORD 'r-pw'",
    );
    await db.sql(...each.sql);
    const seen = await look(
      postgresProbe,
      `127.0.0.1:${db.port}`,
      { tables: ['public.orders'], wire: false, plaintext: false },
      { secrets: { dsn: `postgresql://r:r-pw@127.0.0.1:${db.port}/postgres` } },
    );
    const grants: Value = seen.value['grants'] ?? null;
    const { rights = [], privileges = [], whole = false } = isMap(grants) ? grants : {};
    const lines = Array.isArray(rights) ? rights.map(String) : [];
    t.equal(lines.length, each.rights.length, `${each.what}: ${JSON.stringify(lines)}`);
    for (const right of each.rights)
      t.ok(
        lines.some((line) => right.test(line)),
        `${each.what}: ${String(right)}`,
      );
    const held = Array.isArray(privileges) ? privileges.filter((one) => one !== 'SELECT') : [];
    t.same(
      held,
      (each.privileges ?? []).filter((one) => one !== 'SELECT'),
      `${each.what}: privileges`,
    );
    t.equal(whole, true, `${each.what}: all of it was seen`);
    const isFine = each.rights.length === 0 && each.privileges === undefined;
    t.equal(
      judgePack('postgres-read-only', { tables: ['public.orders'] }, seen)['role-grants'],
      isFine ? 'PROVEN E0' : 'VIOLATED E0',
      each.what,
    );
    if (each.rights.length > 0 && each.privileges === undefined)
      t.equal(
        judgePack('postgres-read-only', { tables: ['public.orders'], accepted: lines }, seen)['role-grants'],
        'PROVEN E0',
        `${each.what}: accepted in the open`,
      );
  }
});

t.test('a role that is not there, or may not look, is neither', async (t) => {
  const db = await database(folder(), pair);
  if (db === undefined) return t.comment('PostgreSQL is not installed: this part was not tested');
  t.teardown(() => db.stop());
  await db.sql("CREATE ROLE r LOGIN PASSWORD 'r-pw'", 'CREATE TABLE public.orders (id int)');
  const lookAs = (params = {}) =>
    look(
      postgresProbe,
      `127.0.0.1:${db.port}`,
      { tables: ['public.orders'], wire: false, plaintext: false, ...params },
      { secrets: { dsn: `postgresql://r:r-pw@127.0.0.1:${db.port}/postgres` } },
    );
  const verdict = async (params = {}): Promise<string | undefined> =>
    judgePack('postgres-read-only', { tables: ['public.orders'] }, await lookAs(params))['role-grants'];
  t.equal(await verdict({ role: 'nobody' }), 'UNKNOWN E0');
  t.equal(await verdict(), 'PROVEN E0');
  await db.sql('REVOKE SELECT ON pg_default_acl FROM PUBLIC');
  t.equal(await verdict(), 'UNKNOWN E0', 'what could not be read is no pass');
  await db.sql('GRANT INSERT ON public.orders TO r');
  t.equal(await verdict(), 'VIOLATED E0', 'what was seen is enough to say no');
  await db.sql('REVOKE INSERT ON public.orders FROM r', 'GRANT SELECT ON pg_default_acl TO PUBLIC');
  // A name of a form that no name of ours has is withheld, and what rests on it is no pass.
  await db.sql('CREATE ROLE "pw=hunter2"', 'GRANT "pw=hunter2" TO r');
  const odd = await lookAs();
  t.notMatch(JSON.stringify(odd), /hunter2/);
});
