/**
 * Reads all that a role of PostgreSQL may do, itself or as a role that it can become (by membership with or without
 * inheritance, or by the right to grant the role). `privileges` are those on tables. `rights` are all others, one line each,
 * except what PUBLIC has by default: temporary tables, large objects, and functions that everybody may call.
 */
import type { Value, ValueMap } from '../../claim/value.ts';
import type { Withheld } from '../../claim/withheld.ts';
import { nameOrWithheld, WITHHELD } from '../harmless.ts';
import { REACH, RIGHTS, type Right } from './rights.ts';
import type { Row, Session } from './session.ts';

const MAX_TABLES = 500;
/** Most lines of one kind of right. */
const MAX_LINES = 50;

const PRIVILEGES = ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'];

export interface Grants {
  /** undefined: there is no such role. */
  readonly value: ValueMap | undefined;
  readonly withheld: readonly Withheld[];
}

const why = (code: string): string =>
  `the server does not answer which rights the role has or can get (${code})`;

export async function readGrants(session: Session, role: string): Promise<Grants> {
  const rows = await session.tryRows(
    `${REACH} SELECT r.rolname, r.rolsuper::text, r.rolcreaterole::text, r.rolcreatedb::text, r.rolreplication::text,
            r.rolbypassrls::text, (r.rolname = $1)::text
       FROM pg_roles r JOIN reach USING (oid) ORDER BY 1`,
    [role],
  );
  if ('code' in rows) return { value: undefined, withheld: [{ path: '/grants', reason: why(rows.code) }] };
  if (!rows.some((row) => row[6] === 'true'))
    return { value: undefined, withheld: [{ path: '/grants', reason: 'there is no such role' }] };
  const rights = [...rows.flatMap(attributesOf), ...rows.flatMap(predefinedOf)];
  const failed: string[] = [];
  const everything = rows.some((row) => row[1] === 'true');
  if (!everything)
    for (const right of RIGHTS)
      rights.push(...(await linesOf(session, right, role, (code) => failed.push(code))));
  const tables = await readTables(session, role);
  if ('code' in tables) failed.push(tables.code);
  const names = rows.filter((row) => row[6] !== 'true').map(([name]) => nameOrWithheld(name));
  const told: Partial<Tables> = 'code' in tables ? {} : tables;
  const whole = failed.length === 0 && !rights.some((each) => each.includes(WITHHELD));
  return {
    value: {
      role,
      memberOf: names,
      ...(told.tables !== undefined && { tables: told.tables }),
      ...(told.privileges !== undefined && { privileges: told.privileges }),
      rights: [...new Set(rights)],
      ...(whole && { whole: true }),
    },
    withheld: [
      ...(failed.length > 0 ? [{ path: '/grants/whole', reason: why(failed.join(', ')) }] : []),
      ...(told.tables === undefined || told.isCut === true
        ? [
            {
              path: '/grants/tables',
              reason: `the role has privileges on more than ${MAX_TABLES} tables, so not all are listed`,
              ...(told.tables !== undefined && ({ only: 'members' } as const)),
            },
          ]
        : []),
    ],
  };
}

const ATTRIBUTES = ['SUPERUSER', 'CREATEROLE', 'CREATEDB', 'REPLICATION', 'BYPASSRLS'];

function attributesOf(row: Row): readonly string[] {
  const by = row[6] === 'true' ? '' : ` of role ${nameOrWithheld(row[0])}`;
  return ATTRIBUTES.filter((_each, i) => row[i + 1] === 'true').map((each) => `attribute ${each}${by}`);
}

/** Predefined roles that read only settings and statistics: PostgreSQL, "Predefined Roles", as of version 18 (2026-11). */
const READING = new Set([
  'pg_database_owner',
  'pg_monitor',
  'pg_read_all_settings',
  'pg_read_all_stats',
  'pg_stat_scan_tables',
  'pg_use_reserved_connections',
]);

/**
 * A right for each predefined role that allows more than reading settings. Only predefined roles have names that begin with
 * `pg_`. One that is not known here may allow anything, so it is a right too.
 */
function predefinedOf([name, , , , , , own]: Row): readonly string[] {
  const isSpecial = name?.startsWith('pg_') === true && !READING.has(name) && own !== 'true';
  return isSpecial ? [`member of ${nameOrWithheld(name)}`] : [];
}

async function linesOf(
  session: Session,
  { what, sql, since }: Right,
  role: string,
  fail: (code: string) => void,
): Promise<readonly string[]> {
  const rows = await session.tryRows(`${REACH} ${sql} ORDER BY 1 LIMIT ${MAX_LINES}`, [role]);
  if (!('code' in rows)) return rows.map(([name]) => `${what} ${nameOrWithheld(name)}`);
  // Undefined table, function or column: the server's version is older than this kind of right.
  if (since && ['42P01', '42883', '42703'].includes(rows.code)) return [];
  fail(rows.code);
  return [];
}

interface Tables {
  readonly tables: ValueMap;
  readonly privileges: readonly string[];
  readonly isCut: boolean;
}

async function readTables(session: Session, role: string): Promise<Tables | { readonly code: string }> {
  const [[version] = []] = await session.rows("SELECT current_setting('server_version_num')");
  const privileges = Number(version) >= 170_000 ? [...PRIVILEGES, 'MAINTAIN'] : PRIVILEGES;
  const held = `held AS MATERIALIZED (
      SELECT n.nspname, c.relname, p
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, unnest($2::text[]) p
       WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT LIKE 'pg\\_%'
         AND (n.nspname <> 'information_schema' OR p <> 'SELECT')
         AND EXISTS (SELECT FROM reach WHERE has_table_privilege(reach.oid, c.oid, p)
                        OR CASE WHEN p IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')
                                THEN has_any_column_privilege(reach.oid, c.oid, p) ELSE false END))`;
  const rows = await session.tryRows(
    `${REACH}, ${held}, tables AS (SELECT nspname, relname, array_agg(p) all_of FROM held GROUP BY 1, 2 ORDER BY 1, 2 LIMIT ${MAX_TABLES + 1})
     SELECT NULL, NULL, p FROM (SELECT DISTINCT p FROM held) every
     UNION ALL SELECT nspname, relname, p FROM tables, unnest(all_of) p`,
    [role, privileges],
  );
  if ('code' in rows) return rows;
  const tables = new Map<string, string[]>();
  for (const [schema, table, privilege] of rows) {
    if (schema === null || schema === undefined) continue;
    const name = `${nameOrWithheld(schema)}.${nameOrWithheld(table)}`;
    tables.set(name, [...(tables.get(name) ?? []), privilege ?? '']);
  }
  const inOrder = (some: ReadonlySet<string | null | undefined>): readonly string[] =>
    privileges.filter((each) => some.has(each));
  const shown = [...tables].slice(0, MAX_TABLES);
  return {
    tables: Object.fromEntries(shown.map(([name, some]): [string, Value] => [name, inOrder(new Set(some))])),
    // Every privilege on any table, also on tables that are not listed.
    privileges: inOrder(new Set(rows.map(([, , privilege]) => privilege))),
    isCut: tables.size > MAX_TABLES,
  };
}
