/**
 * Queries for the rights of a role besides its privileges on tables, one query a kind; `$1` is the name of the role. Rights that
 * PUBLIC has in a new database are left out, since every role has them.
 */

/**
 * The table `reach`: the role, and every role that it can become by SET ROLE, by inheritance, or by its right to grant that
 * role. From version 16 on, a membership may give none of these. The owner of the database is a member of pg_database_owner.
 */
export const REACH = `WITH RECURSIVE edge AS (
    SELECT m.member, m.roleid FROM pg_auth_members m
     WHERE m.admin_option OR coalesce((to_jsonb(m)->>'inherit_option')::bool, true)
        OR coalesce((to_jsonb(m)->>'set_option')::bool, true)
    UNION ALL
    SELECT d.datdba, r.oid FROM pg_database d, pg_roles r
     WHERE d.datname = current_database() AND r.rolname = 'pg_database_owner'
  ), reach(oid) AS (
    SELECT oid FROM pg_roles WHERE rolname = $1
    UNION SELECT e.roleid FROM edge e JOIN reach ON e.member = reach.oid
  )`;

export interface Right {
  /** The begin of each line; a name from the query follows. */
  readonly what: string;
  /** The query, which returns names. It is sent after `REACH`. */
  readonly sql: string;
  /** Whether older versions of PostgreSQL lack this right. */
  readonly since?: boolean;
}

/** SQL: an entry of an access list is for a role in `reach`, or for everybody. */
const FOR_US = '(a.grantee = 0 OR a.grantee IN (SELECT oid FROM reach))';

/** Catalogues that hold passwords, each with the column that does. */
const PASSWORDS =
  "('pg_authid', 'rolpassword'), ('pg_shadow', 'passwd'), ('pg_user_mapping', 'umoptions'), ('pg_subscription', 'subconninfo')";

/** Functions that PUBLIC may not call and that only read settings. pg_monitor and its like may call the others of this kind. */
const TELLING = ['pg_hba_file_rules', 'pg_show_all_file_settings', 'pg_ident_file_mappings', 'pg_config']
  .map((each) => `'${each}'`)
  .join(', ');

export const RIGHTS: readonly Right[] = [
  {
    what: 'CREATE on schema',
    sql: `SELECT DISTINCT n.nspname FROM pg_namespace n, reach
      WHERE n.nspname !~ '^pg_(toast|temp)' AND has_schema_privilege(reach.oid, n.oid, 'CREATE')`,
  },
  {
    what: 'CREATE on database',
    sql: `SELECT DISTINCT d.datname FROM pg_database d, reach WHERE has_database_privilege(reach.oid, d.oid, 'CREATE')`,
  },
  {
    what: 'CREATE on tablespace',
    sql: `SELECT DISTINCT s.spcname FROM pg_tablespace s, reach WHERE has_tablespace_privilege(reach.oid, s.oid, 'CREATE')`,
  },
  ...['USAGE', 'UPDATE'].map((privilege) => ({
    what: `${privilege} on sequence`,
    sql: `SELECT DISTINCT n.nspname || '.' || c.relname
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, reach
      WHERE c.relkind = 'S' AND n.nspname !~ '^pg_(toast|temp)'
        AND has_sequence_privilege(reach.oid, c.oid, '${privilege}')`,
  })),
  {
    what: 'owner of',
    sql: `SELECT DISTINCT CASE WHEN s.dbid IN (0, d.oid)
                        THEN (SELECT i.type || ' ' || i.identity FROM pg_identify_object(s.classid, s.objid, s.objsubid) i)
                        ELSE 'objects in database ' || o.datname END
       FROM pg_shdepend s JOIN reach ON reach.oid = s.refobjid JOIN pg_database d ON d.datname = current_database()
       LEFT JOIN pg_database o ON o.oid = s.dbid
      WHERE s.refclassid = 'pg_authid'::regclass AND s.deptype = 'o'`,
  },
  {
    // A role owns the objects that it makes, so its default privileges on these add nothing.
    what: 'by default privileges',
    sql: `SELECT DISTINCT a.privilege_type || ' on future ' || CASE d.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences'
                        WHEN 'n' THEN 'schemas' ELSE 'large objects' END || ' of ' || pg_get_userbyid(d.defaclrole)
       FROM pg_default_acl d, aclexplode(d.defaclacl) a
      WHERE ${FOR_US} AND a.grantee <> d.defaclrole
        AND ((d.defaclobjtype IN ('r', 'S', 'L') AND a.privilege_type <> 'SELECT')
             OR (d.defaclobjtype = 'n' AND a.privilege_type = 'CREATE'))`,
  },
  {
    what: 'on parameter:',
    since: true,
    sql: `SELECT DISTINCT a.privilege_type || ' ' || p.parname FROM pg_parameter_acl p, aclexplode(p.paracl) a WHERE ${FOR_US}`,
  },
  {
    what: 'UPDATE on large object',
    sql: `SELECT m.oid::text FROM pg_largeobject_metadata m, aclexplode(m.lomacl) a
      WHERE ${FOR_US} AND a.privilege_type = 'UPDATE' AND a.grantee <> m.lomowner
      UNION SELECT 'of every role, by lo_compat_privileges' WHERE current_setting('lo_compat_privileges') = 'on'`,
  },
  {
    what: 'USAGE on foreign server',
    sql: `SELECT DISTINCT s.srvname FROM pg_foreign_server s, reach WHERE has_server_privilege(reach.oid, s.oid, 'USAGE')`,
  },
  {
    what: 'USAGE on foreign data wrapper',
    sql: `SELECT DISTINCT w.fdwname FROM pg_foreign_data_wrapper w, reach
      WHERE has_foreign_data_wrapper_privilege(reach.oid, w.oid, 'USAGE')`,
  },
  {
    what: 'SELECT of passwords in',
    sql: `SELECT DISTINCT c.relname FROM (VALUES ${PASSWORDS}) AS p(relname, attname)
       JOIN pg_class c ON c.relname = p.relname AND c.relnamespace = 'pg_catalog'::regnamespace
       LEFT JOIN pg_attribute t ON t.attrelid = c.oid AND t.attname = p.attname,
            aclexplode(coalesce(c.relacl, '{}') || coalesce(t.attacl, '{}')) a
      WHERE ${FOR_US} AND a.privilege_type = 'SELECT'`,
  },
  {
    what: 'EXECUTE as its owner of',
    sql: `SELECT DISTINCT n.nspname || '.' || p.proname || '(' || oidvectortypes(p.proargtypes) || ')'
       FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace, reach
      WHERE p.prosecdef AND has_function_privilege(reach.oid, p.oid, 'EXECUTE')
        AND p.proowner NOT IN (SELECT oid FROM reach)`,
  },
  {
    // The owner of an aggregate, not its caller, needs the right to call its functions (PostgreSQL, CREATE AGGREGATE).
    what: 'EXECUTE as its owner of a part of aggregate',
    sql: `SELECT DISTINCT n.nspname || '.' || p.proname || '(' || oidvectortypes(p.proargtypes) || ')'
       FROM pg_aggregate g JOIN pg_proc p ON p.oid = g.aggfnoid JOIN pg_namespace n ON n.oid = p.pronamespace
       JOIN pg_proc f ON f.oid IN (g.aggtransfn, g.aggfinalfn, g.aggcombinefn, g.aggserialfn, g.aggdeserialfn,
                                   g.aggmtransfn, g.aggminvtransfn, g.aggmfinalfn), reach
      WHERE f.prosecdef AND has_function_privilege(reach.oid, p.oid, 'EXECUTE')
        AND f.proowner NOT IN (SELECT oid FROM reach)`,
  },
  {
    what: 'EXECUTE in an untrusted language of',
    sql: `SELECT DISTINCT n.nspname || '.' || p.proname || '(' || oidvectortypes(p.proargtypes) || ')'
       FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang, reach
      WHERE NOT l.lanpltrusted AND l.lanname <> 'internal' AND n.nspname <> 'pg_catalog'
        AND NOT (l.lanname = 'c' AND EXISTS (SELECT FROM pg_depend e
              WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid AND e.deptype = 'e'))
        AND has_function_privilege(reach.oid, p.oid, 'EXECUTE')`,
  },
  {
    // Functions that were made without EXECUTE for PUBLIC, by PostgreSQL or an extension.
    what: 'EXECUTE of',
    sql: `SELECT DISTINCT n.nspname || '.' || p.proname || '(' || oidvectortypes(p.proargtypes) || ')'
       FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
       JOIN pg_init_privs i ON i.classoid = 'pg_proc'::regclass AND i.objoid = p.oid, reach
      WHERE p.proname NOT IN (${TELLING}) AND has_function_privilege(reach.oid, p.oid, 'EXECUTE')
        AND NOT EXISTS (SELECT FROM aclexplode(i.initprivs) a LEFT JOIN pg_roles r ON r.oid = a.grantee
              WHERE a.grantee = 0 OR r.rolname IN ('pg_monitor', 'pg_read_all_settings', 'pg_read_all_stats', 'pg_stat_scan_tables'))`,
  },
];
