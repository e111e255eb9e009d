/** What `postgres@1` needs. The role needs no right to any table. */
import { sqlName, type Grant } from '../grant.ts';

export const SETTINGS_GRANT: Grant = {
  lets: 'see every setting, where each comes from, and what ALTER SYSTEM overrides',
  by: 'sql',
  statement: ({ who }) => `GRANT pg_read_all_settings TO ${sqlName(who)};`,
};

export const FILES_GRANT: Grant = {
  lets: 'see what the configuration files say, line by line',
  by: 'sql',
  statement: ({ who }) =>
    `GRANT SELECT ON pg_file_settings TO ${sqlName(who)};\n` +
    `GRANT EXECUTE ON FUNCTION pg_show_all_file_settings() TO ${sqlName(who)};`,
};

export const HBA_GRANT: Grant = {
  lets: 'see the rules of pg_hba.conf',
  by: 'sql',
  statement: ({ who }) =>
    `GRANT SELECT ON pg_hba_file_rules TO ${sqlName(who)};\n` +
    `GRANT EXECUTE ON FUNCTION pg_hba_file_rules() TO ${sqlName(who)};`,
};

export const STAT_GRANT: Grant = {
  lets: 'see when pg_hba.conf changed, so that the rules in force are known to be those of the file',
  by: 'sql',
  statement: ({ who }) => `GRANT EXECUTE ON FUNCTION pg_stat_file(text) TO ${sqlName(who)};`,
};

export const POSTGRES_GRANTS: readonly Grant[] = [SETTINGS_GRANT, FILES_GRANT, HBA_GRANT, STAT_GRANT];
