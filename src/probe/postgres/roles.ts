/** Lists the roles of a server that are superusers or can log in, and their attributes. */
import type { Value, ValueMap } from '../../claim/value.ts';
import { nameOrWithheld, WITHHELD } from '../harmless.ts';
import type { Session } from './session.ts';

/** Most roles that are listed; if there are more, none is. */
const MAX_ROLES = 2_000;

export interface Roles {
  /** Names of roles by attribute. `whole`: no name is withheld. */
  readonly value: ValueMap | undefined;
  /** Why there is no value; empty if there is one. */
  readonly withheld: string;
}

export async function readRoles(session: Session): Promise<Roles> {
  const rows = await session.tryRows(
    `SELECT rolname, rolsuper::text, rolcanlogin::text, rolcreaterole::text, rolcreatedb::text, rolreplication::text,
            rolbypassrls::text
       FROM pg_roles WHERE rolsuper OR rolcanlogin ORDER BY rolname LIMIT ${MAX_ROLES + 1}`,
  );
  if ('code' in rows)
    return { value: undefined, withheld: `the server does not list its roles (${rows.code})` };
  if (rows.length > MAX_ROLES)
    return { value: undefined, withheld: `there are more than ${MAX_ROLES} roles: too many to list` };
  const named = (column: number): readonly string[] =>
    rows.filter((row) => row[column] === 'true').map(([name]) => nameOrWithheld(name));
  const value: Readonly<Record<string, Value>> = {
    superusers: named(1),
    login: named(2),
    createrole: named(3),
    createdb: named(4),
    replication: named(5),
    bypassrls: named(6),
  };
  const isWhole = !rows.some(([name]) => nameOrWithheld(name) === WITHHELD);
  return { value: { ...value, ...(isWhole && { whole: true }) }, withheld: '' };
}
