/**
 * Decides which values of PostgreSQL's settings may leave the agent: those whose type holds no secret (bool, integer, real, and
 * enum with a word that is known here), and those of listed settings that hold text. Commands, connection strings, free text
 * (log_line_prefix, cluster_name) and settings of extensions are withheld, whatever they hold today. The lists are those of
 * PostgreSQL 13 to 18, as of 2026-11.
 */
import { nameOf } from '../harmless.ts';

const LIST = /^[\p{L}\p{N} ,.*"_$+/@-]*$/u;
const HOSTS = /^[A-Za-z0-9 ,.*:_-]*$/;
const CIPHERS = /^[A-Za-z0-9:!+@=_ ,.-]*$/;
const PATH = /^[\p{L}\p{N} ._+~@/-]*$/u;

/** Settings whose text may leave, and the form that it must have. */
const TEXTS: ReadonlyMap<string, RegExp> = new Map([
  ...['hba_file', 'ident_file', 'config_file', 'data_directory', 'external_pid_file', 'log_directory'].map(
    pathOf,
  ),
  ...[
    'ssl_ca_file',
    'ssl_cert_file',
    'ssl_crl_dir',
    'ssl_crl_file',
    'ssl_dh_params_file',
    'ssl_key_file',
  ].map(pathOf),
  ...['krb_server_keyfile', 'promote_trigger_file', 'dynamic_library_path', 'extension_control_path'].map(
    (name): [string, RegExp] => [name, /^[\p{L}\p{N} ._+~@/$:-]*$/u],
  ),
  ...[
    'shared_preload_libraries',
    'session_preload_libraries',
    'local_preload_libraries',
    'log_destination',
    'search_path',
    'synchronized_standby_slots',
    'temp_tablespaces',
    'unix_socket_directories',
    'wal_consistency_checking',
    'createrole_self_grant',
    'restrict_nonsystem_relation_kind',
  ].map((name): [string, RegExp] => [name, LIST]),
  ...[
    'archive_library',
    'client_encoding',
    'datestyle',
    'default_table_access_method',
    'default_tablespace',
    'default_text_search_config',
    'jit_provider',
    'lc_collate',
    'lc_ctype',
    'lc_messages',
    'lc_monetary',
    'lc_numeric',
    'lc_time',
    'log_timezone',
    'recovery_target_timeline',
    'server_encoding',
    'server_version',
    'ssl_library',
    'timezone',
    'timezone_abbreviations',
    'unix_socket_group',
  ].map((name): [string, RegExp] => [name, LIST]),
  ['listen_addresses', HOSTS],
  ['ssl_ciphers', CIPHERS],
  ['ssl_ecdh_curve', CIPHERS],
  ['ssl_groups', CIPHERS],
  ['ssl_tls13_ciphers', CIPHERS],
  ['oauth_validator_libraries', LIST],
]);

function pathOf(name: string): [string, RegExp] {
  return [name, PATH];
}

/** Every word of a setting of type enum in PostgreSQL itself. */
const WORDS: ReadonlySet<string> = new Set(
  (
    'TLSv1 TLSv1.1 TLSv1.2 TLSv1.3 all always auto base64 buffer cache content copy clone ddl debug debug1 debug2 debug3 debug4 ' +
    'debug5 default disabled document error escape fatal fdatasync force_custom_plan force_generic_plan force_parallel_mode ' +
    'fsync fsync_writethrough hex immediate info io_uring iso_8601 local local0 local1 local2 local3 local4 local5 local6 ' +
    'local7 log logical lz4 md5 minimal mmap mod none notice off on open_datasync open_sync origin panic partition pause pglz ' +
    'pl posix postgres postgres_verbose promote read regress remote_apply remote_write replica safe_encoding scram-sha-256 ' +
    'serializable shutdown snapshot sql_standard streaming sync syncfs sysv terse top true false try verbose virtual stored warn warning ' +
    'windows worker yes no zstd'
  ).split(' '),
).union(new Set(['read committed', 'read uncommitted', 'repeatable read', '']));

const NUMBER =
  /^-?[0-9]{1,19}(?:\.[0-9]{1,17})?(?:e[+-]?[0-9]{1,3})?\s{0,2}(?:B|kB|MB|GB|TB|us|ms|s|min|h|d|8kB)?$/i;
/** PostgreSQL takes any unambiguous beginning of these words. */
const BOOL = /^(?:on|off?|t|tr|tru|true|f|fa|fal|fals|false|y|ye|yes|n|no|1|0)$/i;
/** The form of a value by the type of its setting. An integer may be hexadecimal; file modes are octal. */
const FORMS: Readonly<Record<string, (text: string) => boolean>> = {
  bool: (text) => BOOL.test(text),
  integer: (text) => NUMBER.test(text) || /^0x[0-9a-f]{1,16}$/i.test(text),
  real: (text) => NUMBER.test(text),
  enum: (text) => WORDS.has(text) || WORDS.has(text.toLowerCase()),
};

/**
 * The value of a setting if it may leave; undefined if it is withheld. `text`: the value in a file or in pg_settings. If this
 * role may not see the type, only words of enums and the values of listed settings leave.
 */
export function settingText(name: string, type: string | undefined, text: string): string | undefined {
  if (type === undefined && WORDS.has(text)) return text;
  const fits =
    type !== undefined && Object.hasOwn(FORMS, type)
      ? FORMS[type]?.(text)
      : TEXTS.get(name.toLowerCase())?.test(text);
  return fits === true && text.length <= 8_192 ? text : undefined;
}

/** Why a value is withheld. */
export function withheldSetting(name: string): string {
  return (
    `the value of ${nameOf(name) ?? 'this setting'} may hold a secret and does not leave the agent; ` +
    'src/probe/postgres/README.md lists the settings whose values do'
  );
}

/** A unit of pg_settings; empty for any other text. */
export function unitText(text: string): string {
  return /^[0-9]{0,3}(?:B|kB|MB|GB|TB|us|ms|s|min|h|d)$/.test(text) ? text : '';
}

export const TYPES = ['bool', 'integer', 'real', 'enum', 'string'] as const;

/** Where the value of a setting comes from (pg_settings.source). */
export const SOURCES = [
  'default',
  'environment variable',
  'configuration file',
  'command line',
  'global',
  'database',
  'user',
  'database user',
  'client',
  'override',
  'interactive',
  'test',
  'session',
] as const;
