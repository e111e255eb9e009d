/**
 * Compares the declared rules of pg_hba.conf with those of the file that the server reads, as pg_hba_file_rules shows them. That
 * view shows the file on disk. The rules in force are those of the last reload: they are the same only if the file did not change
 * since, which the time of its last change (ctime) shows.
 */
import { isTreeMap, isTreeList, type Tree, type TreeMap } from '../../declare/leaf.ts';
import { addressOf } from '../../declare/sources/postgresql/address.ts';
import { SECRET_OPTIONS } from '../../declare/sources/postgresql/hba-methods.ts';
import { treeOfLeaves } from '../../declare/tree.ts';
import type { Value } from '../../claim/value.ts';
import { lacks, type Grantee } from '../grant.ts';
import { sensitiveDigest } from '../declared.ts';
import { HBA_GRANT, STAT_GRANT } from './needed.ts';
import type { Row, Session } from './session.ts';
import { wholeOf } from './settings.ts';
import { textsOf } from './hba.ts';
import type { Compared } from './settings-declared.ts';

const MAX_RULES = 2_000;

/** A rule as the view shows it, in one line; and what of it the view does not show. */
interface Shown {
  readonly key: string;
  /** Why an equal line does not show that the rules are the same. */
  readonly unseen: string | undefined;
}

export async function compareRules(
  session: Session,
  declared: ReadonlyMap<string, Value>,
  grantee: Grantee,
): Promise<Compared> {
  const wanted = rulesIn(declared);
  if (wanted === undefined)
    return nothing('the commitment declares no rule of pg_hba.conf: commit that file too');
  const rows = await session.tryRows(
    `SELECT line_number::text, type, to_json(database)::text, to_json(user_name)::text, address, netmask, auth_method,
            to_json(options)::text
       FROM pg_catalog.pg_hba_file_rules() WITH ORDINALITY AS rule ORDER BY rule.ordinality LIMIT ${MAX_RULES + 1}`,
  );
  if ('code' in rows)
    return nothing(`this role may not read the rules of pg_hba.conf${lacks(HBA_GRANT, grantee)}`);
  if (rows.length > MAX_RULES)
    return nothing(`pg_hba.conf has more than ${MAX_RULES} rules: too many to compare`);
  const live = rows.map((row) => ({ line: wholeOf(row[0]), key: keyOfRow(row) }));
  const matched = match(wanted, live);
  const loaded = await wasLoaded(session);
  return {
    value: {
      same: matched.same,
      missing: matched.missing,
      extra: matched.extra,
      ordered: matched.ordered,
      ...(loaded === true && { loaded }),
    },
    withheld: [
      ...(matched.unseen === undefined
        ? []
        : [{ path: '/missing', reason: matched.unseen, only: 'members' } as const]),
      ...(loaded === true ? [] : [{ path: '/loaded', reason: notLoaded(loaded, grantee) }]),
    ],
    leaves: Array.from(declared.keys()).filter((path) => /^\/hba(?:\/|$)/.test(path)).length,
  };
}

function nothing(reason: string): Compared {
  return { value: undefined, withheld: [{ path: '', reason }], leaves: 0 };
}

function notLoaded(loaded: boolean | undefined, grantee: Grantee): string {
  if (loaded === false)
    return (
      'pg_hba.conf changed after it was loaded last, or less than two seconds before, so the rules in force may be others; reload: ' +
      'SELECT pg_reload_conf()'
    );
  return (
    'whether pg_hba.conf changed after it was loaded is not known, so the rules in force may be others: this role may not ask when ' +
    `the file changed, or it is outside the data directory${lacks(STAT_GRANT, grantee)}`
  );
}

interface Matched {
  readonly same: number;
  /** Places of declared rules that the file lacks, from 0. */
  readonly missing: readonly number[];
  /** Lines of rules that nobody declared. */
  readonly extra: readonly number[];
  /** Whether the rules that both have stand in the same order. */
  readonly ordered: boolean;
  readonly unseen: string | undefined;
}

/** Finds each declared rule in the file, each line once. */
function match(
  wanted: readonly Shown[],
  live: readonly { readonly line: number; readonly key: string | undefined }[],
): Matched {
  const left = new Map<string, number[]>();
  for (const [i, { key }] of live.entries())
    if (key !== undefined) left.set(key, [...(left.get(key) ?? []), i]);
  const found = wanted.map(({ key }) => left.get(key)?.shift());
  const places = found.filter((each) => each !== undefined);
  const taken = new Set(places);
  return {
    same: places.length,
    missing: found.flatMap((each, i) => (each === undefined ? [i] : [])),
    extra: live.flatMap(({ line }, i) => (taken.has(i) ? [] : [line])),
    ordered: places.every((place, i) => i === 0 || place > (places[i - 1] ?? -1)),
    unseen: wanted.find(({ unseen }) => unseen !== undefined)?.unseen,
  };
}

/** Stands in the tree for a value of which the declaration has a keyed digest alone. */
const SECRET = '(sensitive)';

/** The declared rules; undefined if none are declared. */
function rulesIn(declared: ReadonlyMap<string, Value>): readonly Shown[] | undefined {
  const found = treeOfLeaves(declared, '/hba', (_, value) =>
    sensitiveDigest(value) === undefined ? undefined : SECRET,
  );
  return found !== undefined && isTreeList(found.tree) ? found.tree.map(shownOf) : undefined;
}

function shownOf(tree: Tree): Shown {
  const rule: TreeMap = isTreeMap(tree) ? tree : new Map<string, Tree>();
  const text = (name: string): string => textIn(rule, name) ?? '';
  const [databases, users] = [namesOf(text('database')), namesOf(text('user'))];
  const address = unquoted(text('address'));
  const method = text('method');
  const own = rule.get('options');
  const options = optionsOf(method, own !== undefined && isTreeMap(own) ? own : new Map<string, Tree>());
  const isQuoted = databases.isQuoted || users.isQuoted || address !== text('address');
  return {
    key: keyOf([text('type'), ...databases.names, '', ...users.names, '', address, method, ...options.shown]),
    unseen: isQuoted
      ? 'the server does not tell a name in quotes, such as "all", from a keyword, and a declared rule has one'
      : options.unseen,
  };
}

function textIn(rule: TreeMap, name: string): string | undefined {
  const value = rule.get(name);
  return typeof value === 'string' ? value : undefined;
}

function keyOf(parts: readonly string[]): string {
  return JSON.stringify(parts);
}

/** Words that mean something else without their quotes. */
const KEYWORDS = /^(?:all|sameuser|samerole|samegroup|replication|[+@].*)$/s;

/** The names of a declared list as the server shows them, without quotes. */
function namesOf(list: string): { readonly names: readonly string[]; readonly isQuoted: boolean } {
  const parts = list.match(/[+@]?"(?:[^"]|"")*"|[^",]+/g) ?? [];
  return {
    names: parts.map(unquoted).toSorted(),
    isQuoted: parts.some((part) => part.startsWith('"') && KEYWORDS.test(unquoted(part))),
  };
}

function unquoted(part: string): string {
  const [, sign = '', inner] = /^([+@]?)"(.*)"$/s.exec(part) ?? [];
  return inner === undefined ? part : sign + inner.replaceAll('""', '"');
}

/** Options that the server takes and does not show, or shows taken apart. */
const HIDDEN = ['clientname', 'pam_use_hostname', 'compat_realm', 'upn_username', 'ldapurl'];
/** Options that are shown as `true`, or not at all. */
const SWITCHES = new Set(['include_realm', 'ldaptls', 'delegate_ident_mapping']);

/** The options of a declared rule as the server shows them, with those that follow from its method. */
function optionsOf(
  method: string,
  own: TreeMap,
): { readonly shown: readonly string[]; readonly unseen: string | undefined } {
  const all = new Map<string, string>();
  if (method === 'gss' || method === 'sspi') all.set('include_realm', '1');
  if (method === 'cert') all.set('clientcert', 'verify-full');
  if (method === 'ldap') all.set('ldapscope', '2');
  for (const name of own.keys()) all.set(name, SECRET_OPTIONS.has(name) ? SECRET : (textIn(own, name) ?? ''));
  const hidden = [...all.keys()].find((name) => HIDDEN.includes(name) || SECRET_OPTIONS.has(name));
  const shown = [...all]
    .filter(([name, value]) => !HIDDEN.includes(name) && !(SWITCHES.has(name) && value !== '1'))
    .map(([name, value]) => `${name}=${SWITCHES.has(name) ? 'true' : value}`);
  return {
    shown: shown.toSorted(),
    unseen:
      hidden === undefined
        ? undefined
        : `a declared rule has the option ${hidden}, which the server does not show, or which is a secret and not compared`,
  };
}

/** A rule of the view in one line; undefined for one that is wrong. */
function keyOfRow([, type, databases, users, address, netmask, method, options]: Row): string | undefined {
  if (typeof type !== 'string' || typeof method !== 'string') return undefined;
  const at = addressIn(address, netmask);
  return keyOf([
    type,
    ...setOf(databases),
    '',
    ...setOf(users),
    '',
    at,
    method,
    ...textsOf(options).map(withoutSecret).toSorted(),
  ]);
}

/** An option without its value, if that is a secret: it is never compared, since a declaration has a digest of it alone. */
function withoutSecret(option: string): string {
  const [name = ''] = option.split('=', 1);
  return SECRET_OPTIONS.has(name) ? `${name}=${SECRET}` : option;
}

function addressIn(address: string | null | undefined, netmask: string | null | undefined): string {
  if (typeof address !== 'string') return '';
  const mask = typeof netmask === 'string' ? { text: netmask, quoted: false } : undefined;
  const found =
    mask === undefined ? { text: address.toLowerCase() } : addressOf({ text: address, quoted: false }, mask);
  return 'text' in found ? found.text : address;
}

function setOf(json: string | null | undefined): readonly string[] {
  const names = textsOf(json).map((each) => (each === 'samegroup' ? 'samerole' : each));
  return [...new Set(names)].toSorted();
}

/** Whether the file, with what it includes, changed last before it was loaded last; undefined if that is not known. */
async function wasLoaded(session: Session): Promise<boolean | undefined> {
  // The view cuts times to seconds, and the clock of files may be a tick of the kernel behind.
  const rows = await session.tryRows(
    `SELECT bool_and(at.change + interval '1100 ms' < pg_conf_load_time())::text
       FROM (SELECT current_setting('hba_file') UNION SELECT to_json(rule)->>'file_name' FROM pg_hba_file_rules() AS rule) AS file(name),
            LATERAL pg_stat_file(file.name) AS at WHERE file.name IS NOT NULL`,
  );
  if ('code' in rows) return undefined;
  const [[loaded] = []] = rows;
  return loaded === 'true' ? true : loaded === 'false' ? false : undefined;
}
