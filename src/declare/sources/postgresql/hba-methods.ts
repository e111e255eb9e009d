/** Words of pg_hba.conf: types, methods, and the options that each method takes (PostgreSQL 13 to 18, as of 2026-11). */

export const TYPES: readonly string[] = [
  'local',
  'host',
  'hostssl',
  'hostnossl',
  'hostgssenc',
  'hostnogssenc',
];

export const METHODS: readonly string[] = [
  'trust',
  'reject',
  'scram-sha-256',
  'md5',
  'password',
  'gss',
  'sspi',
  'ident',
  'peer',
  'ldap',
  'radius',
  'cert',
  'pam',
  'bsd',
  'oauth',
];

/** Options whose values are secrets. */
export const SECRET_OPTIONS: ReadonlySet<string> = new Set([
  'ldapbindpasswd',
  'radiussecrets',
  'radiussecret',
]);

const LDAP = [
  'ldapserver',
  'ldapport',
  'ldapscheme',
  'ldaptls',
  'ldapbinddn',
  'ldapbindpasswd',
  'ldapsearchattribute',
  'ldapsearchfilter',
  'ldapbasedn',
  'ldapprefix',
  'ldapsuffix',
  'ldapurl',
];

/** Options by the methods that take them. */
const OPTIONS: ReadonlyMap<string, readonly string[]> = new Map([
  ['map', ['ident', 'peer', 'gss', 'sspi', 'cert', 'oauth']],
  ['pamservice', ['pam']],
  ['pam_use_hostname', ['pam']],
  ['krb_realm', ['gss', 'sspi']],
  ['include_realm', ['gss', 'sspi']],
  ['compat_realm', ['sspi']],
  ['upn_username', ['sspi']],
  ...LDAP.map((name): [string, string[]] => [name, ['ldap']]),
  ...['radiusservers', 'radiusports', 'radiussecrets', 'radiusidentifiers'].map(
    (name): [string, string[]] => [name, ['radius']],
  ),
  ...['issuer', 'scope', 'validator', 'delegate_ident_mapping'].map((name): [string, string[]] => [
    name,
    ['oauth'],
  ]),
]);

/** Options that are on for 1, and off for anything else. */
const SWITCHES: ReadonlySet<string> = new Set([
  'pam_use_hostname',
  'ldaptls',
  'include_realm',
  'compat_realm',
  'upn_username',
  'delegate_ident_mapping',
]);

/** What is wrong with an option, in words that continue its name; undefined if the server takes it. */
export function optionFault(
  name: string,
  value: string,
  { type, method }: { readonly type: string; readonly method: string },
): string | undefined {
  if (name === 'clientcert') return clientCertFault(value, type, method);
  if (name === 'clientname') {
    if (type !== 'hostssl') return 'is for rules of type hostssl';
    return value === 'CN' || value === 'DN' ? undefined : 'is CN or DN';
  }
  const methods = OPTIONS.get(name);
  if (methods === undefined) return 'is none that the server knows';
  if (SWITCHES.has(name) && value !== '0' && value !== '1')
    return 'is 0 or 1, and the server takes any other word for 0';
  return methods.includes(method) ? undefined : `is for ${methods.join(', ')} alone`;
}

function clientCertFault(value: string, type: string, method: string): string | undefined {
  if (type !== 'hostssl') return 'is for rules of type hostssl';
  if (value !== 'verify-ca' && value !== 'verify-full') return 'is verify-ca or verify-full';
  return value === 'verify-ca' && method === 'cert'
    ? 'is verify-full, or left out, with the method cert'
    : undefined;
}
