/** What a PostgreSQL server says of itself: settings and where each comes from, its files, who may do what. */
import { printable } from '../../bytes/printable.ts';
import type { Value, ValueMap } from '../../claim/value.ts';
import type { Row, Session } from './session.ts';

const MAX_ROWS = 200;
const MAX_TABLES = 500;
/** SQLSTATE insufficient_privilege. */
const FORBIDDEN = '42501';

export interface Setting {
  readonly setting: string;
  readonly unit: string;
  readonly type: string;
  readonly source: string;
  /** Empty where this role may not see it, or it comes from no file. */
  readonly file: string;
  readonly line: number;
  readonly pendingRestart: boolean;
}

/** By name; settings that there are not, or that this role may not see, are left out. */
export async function readSettings(
  session: Session,
  names: readonly string[],
): Promise<ReadonlyMap<string, Setting>> {
  const rows = await session.rows(
    `SELECT name, setting, coalesce(unit, ''), vartype, source, coalesce(sourcefile, ''),
            coalesce(sourceline, 0)::text, pending_restart::text
       FROM pg_settings WHERE name = ANY($1) ORDER BY name LIMIT ${MAX_ROWS}`,
    [names],
  );
  return new Map(
    rows.map(([name, setting, unit, type, source, file, line, pending]) => [
      shown(name),
      {
        setting: shown(setting, 1_024),
        unit: shown(unit),
        type: shown(type),
        source: shown(source),
        file: shown(file, 1_024),
        line: wholeOf(line),
        pendingRestart: pending === 'true',
      },
    ]),
  );
}

/** A line of a configuration file. */
export interface Line {
  readonly setting: string;
  readonly file: string;
  readonly line: number;
  readonly error: string;
}

/** Undefined: this role may not read that. */
export interface Files {
  /** The last line of each setting in the files that people write. */
  readonly written: ReadonlyMap<string, Line> | undefined;
  /** What `ALTER SYSTEM` wrote over them. */
  readonly altered: ReadonlyMap<string, Line> | undefined;
}

const AUTO = '/postgresql.auto.conf';

/** Lines of the files as they are on disk now, loaded or not. */
export async function readFiles(session: Session, names: readonly string[]): Promise<Files> {
  const rows = await session.tryRows(
    `SELECT lower(name), setting, sourcefile, sourceline::text, coalesce(error, '')
       FROM pg_file_settings
      WHERE lower(name) = ANY($1) OR sourcefile LIKE '%${AUTO}' ORDER BY seqno LIMIT 2000`,
    [names],
  );
  if ('code' in rows) return { written: undefined, altered: await loadedAlterations(session) };
  const written = new Map<string, Line>();
  const altered = new Map<string, Line>();
  for (const row of rows) {
    const { name, ...line } = lineOf(row);
    (line.file.endsWith(AUTO) ? altered : written).set(name, line);
  }
  return { written, altered };
}

/** What of `ALTER SYSTEM` is in force: `pg_read_all_settings` is enough to see where a setting comes from. */
async function loadedAlterations(session: Session): Promise<ReadonlyMap<string, Line> | undefined> {
  const [[may] = []] = await session.rows(
    "SELECT pg_has_role(current_user, 'pg_read_all_settings', 'USAGE')::text",
  );
  if (may !== 'true') return undefined;
  const rows = await session.rows(
    `SELECT name, setting, sourcefile, sourceline::text, ''
       FROM pg_settings WHERE sourcefile LIKE '%${AUTO}' ORDER BY name LIMIT ${MAX_ROWS}`,
  );
  return new Map(rows.map(lineOf).map(({ name, ...line }) => [name, line]));
}

function lineOf([name, setting, file, line, error]: Row): Line & { readonly name: string } {
  return {
    name: shown(name),
    setting: shown(setting, 1_024),
    file: shown(file, 1_024),
    line: wholeOf(line),
    error: shown(error),
  };
}

export interface HbaRule {
  readonly line: number;
  readonly type: string;
  readonly method: string;
  readonly value: ValueMap;
}

/** What is known of pg_hba.conf: its rules, or why they are not told. */
export interface Hba {
  readonly hba: readonly HbaRule[] | undefined;
  readonly hbaWithheld: string | undefined;
}

/**
 * The rules in pg_hba.conf as it is on disk, which need not be those that are loaded. The first that matches counts, so
 * they come in the order of the files, and all of them or none.
 */
export async function readHba(session: Session): Promise<Hba> {
  const rows = await session.tryRows(
    `SELECT line_number::text, coalesce(type, ''), array_to_string(database, ','), array_to_string(user_name, ','),
            coalesce(address, ''), coalesce(netmask, ''), coalesce(auth_method, ''), coalesce(error, '')
       FROM pg_hba_file_rules() WITH ORDINALITY AS rule ORDER BY rule.ordinality LIMIT ${MAX_ROWS + 1}`,
  );
  if ('code' in rows) return { hba: undefined, hbaWithheld: undefined };
  if (rows.length > MAX_ROWS)
    return { hba: undefined, hbaWithheld: `pg_hba.conf has more than ${MAX_ROWS} rules: too many to tell` };
  const hba = rows.map(([line, type, database, user, address, netmask, method, error]) => ({
    line: wholeOf(line),
    type: shown(type),
    method: shown(method),
    value: {
      line: wholeOf(line),
      type: shown(type),
      database: shown(database),
      user: shown(user),
      address: shown(address),
      netmask: shown(netmask),
      method: shown(method),
      ...(shown(error) !== '' && { error: shown(error) }),
    },
  }));
  return { hba, hbaWithheld: undefined };
}

/** Superusers, and every role that can log in, with what it may do. `whole`: false when there are more than 200. */
export async function readRoles(session: Session): Promise<ValueMap> {
  const rows = await session.rows(
    `SELECT rolname, rolsuper::text, rolcanlogin::text, rolcreaterole::text, rolcreatedb::text, rolreplication::text,
            rolbypassrls::text
       FROM pg_roles WHERE rolsuper OR rolcanlogin ORDER BY rolname LIMIT ${MAX_ROWS + 1}`,
  );
  const kept = rows.slice(0, MAX_ROWS);
  const named = (column: number): Value =>
    kept.filter((row) => row[column] === 'true').map((row) => shown(row[0]));
  return {
    superusers: named(1),
    login: named(2),
    createrole: named(3),
    createdb: named(4),
    replication: named(5),
    bypassrls: named(6),
    ...(rows.length <= MAX_ROWS && { whole: true }),
  };
}

const PRIVILEGES = ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'];

/** What a role may do with tables, by itself or by the roles it is a member of; undefined for an unknown role. */
export async function readGrants(session: Session, role: string): Promise<ValueMap | undefined> {
  const rows = await session.tryRows(
    `SELECT n.nspname || '.' || c.relname, string_agg(p, ',' ORDER BY p)
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, unnest($2::text[]) p
      WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
        AND (has_table_privilege($1, c.oid, p)
             OR CASE WHEN p IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')
                     THEN has_any_column_privilege($1, c.oid, p) ELSE false END)
      GROUP BY 1 ORDER BY 1 LIMIT ${MAX_TABLES + 1}`,
    [role, PRIVILEGES],
  );
  if ('code' in rows) return undefined;
  const tables = rows.slice(0, MAX_TABLES).map(([table, all]): [string, Value] => [shown(table), split(all)]);
  const used = new Set(rows.flatMap(([, all]) => split(all)));
  return {
    role: shown(role),
    tables: Object.fromEntries(tables),
    /** Every privilege it has on any table. */
    privileges: PRIVILEGES.filter((each) => used.has(each)),
    memberOf: await memberOf(session, role),
    ...(rows.length <= MAX_TABLES && { whole: true }),
  };
}

async function memberOf(session: Session, role: string): Promise<readonly string[]> {
  const rows: readonly Row[] = await session.rows(
    `SELECT rolname FROM pg_roles WHERE rolname <> $1 AND pg_has_role($1, oid, 'MEMBER') ORDER BY 1 LIMIT ${MAX_ROWS}`,
    [role],
  );
  return rows.map(([name]) => shown(name));
}

/** Whether an answer is "you may not". */
export function isForbidden(code: string): boolean {
  return code === FORBIDDEN;
}

function split(text: string | null | undefined): readonly string[] {
  return text === null || text === undefined || text === '' ? [] : shown(text).split(',');
}

function shown(text: string | null | undefined, max = 256): string {
  return printable(text ?? '', max);
}

function wholeOf(text: string | null | undefined): number {
  return /^[0-9]{1,9}$/.test(text ?? '') ? Number(text) : 0;
}
