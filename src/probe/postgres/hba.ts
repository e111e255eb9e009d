/**
 * Reads the rules of pg_hba.conf on disk (the server may have loaded others), and judges their effect: who is let in without
 * TLS, and who without proving an identity. The first rule that matches a connection decides.
 */
import type { Value, ValueMap } from '../../claim/value.ts';
import { nameOf, nameOrWithheld, wordOf } from '../harmless.ts';
import { addressOf, covers, EVERYWHERE, portionsOf, reachOf, type Portion } from './hba-address.ts';
import { wholeOf } from './settings.ts';
import type { Session } from './session.ts';

const MAX_RULES = 2_000;

const HBA_TYPES = ['local', 'host', 'hostssl', 'hostnossl', 'hostgssenc', 'hostnogssenc'] as const;
type HbaType = (typeof HBA_TYPES)[number];

const METHODS = [
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
] as const;

/** How a connection is made: over a Unix socket, or over TCP unencrypted, with TLS, or with GSSAPI encryption. */
type Way = 'local' | 'clear' | 'tls' | 'gss';

/** The kinds of connections that each type of rule matches (PostgreSQL, "The pg_hba.conf File"). */
const WAYS: Readonly<Record<HbaType, readonly Way[]>> = {
  local: ['local'],
  host: ['clear', 'tls', 'gss'],
  hostssl: ['tls'],
  hostnossl: ['clear', 'gss'],
  hostgssenc: ['gss'],
  hostnogssenc: ['clear', 'tls'],
};

export interface HbaRule {
  readonly line: number;
  /** Undefined if the line is wrong, or its type is not known here. */
  readonly type: HbaType | undefined;
  /** Undefined if the method is not known here. */
  readonly method: string | undefined;
  readonly databases: readonly string[];
  readonly users: readonly string[];
  readonly portions: readonly Portion[];
  /** Whether the rule also asks for a client certificate. */
  readonly clientCert: boolean;
  /** The rule as claims read it. */
  readonly value: ValueMap;
}

/** The rules of pg_hba.conf, or why they are withheld. */
export interface Hba {
  readonly hba: readonly HbaRule[] | undefined;
  readonly hbaWithheld: string | undefined;
}

/** Reads all rules, in order, or none. Of options only clientcert is read, since others can hold passwords. */
export async function readHba(session: Session): Promise<Hba> {
  const rows = await session.tryRows(
    `SELECT line_number::text, type, to_json(database)::text, to_json(user_name)::text, address, netmask, auth_method,
            (error IS NOT NULL)::text,
            coalesce('clientcert=verify-full' = ANY(options) OR 'clientcert=verify-ca' = ANY(options), false)::text,
            coalesce(to_json(rule)->>'file_name', '')
       FROM pg_hba_file_rules() WITH ORDINALITY AS rule ORDER BY rule.ordinality LIMIT ${MAX_RULES + 1}`,
  );
  if ('code' in rows) return { hba: undefined, hbaWithheld: undefined };
  if (rows.length > MAX_RULES)
    return { hba: undefined, hbaWithheld: `pg_hba.conf has more than ${MAX_RULES} rules: too many to list` };
  return {
    hba: rows.map(([line, type, databases, users, address, netmask, method, bad, cert, file]) =>
      ruleOf({
        line: wholeOf(line),
        type: bad === 'true' ? undefined : wordOf(type, HBA_TYPES),
        method: wordOf(method, METHODS),
        databases: textsOf(databases),
        users: textsOf(users),
        address: address ?? '',
        netmask: netmask ?? '',
        clientCert: cert === 'true',
        file: nameOf(file, 1_024) ?? '',
      }),
    ),
    hbaWithheld: undefined,
  };
}

interface Raw extends Omit<HbaRule, 'portions' | 'value'> {
  readonly address: string;
  readonly netmask: string;
  readonly file: string;
}

function ruleOf({ address, netmask, file, ...rule }: Raw): HbaRule {
  const { line, type, method, databases, users } = rule;
  return {
    ...rule,
    portions: type === 'local' ? [] : portionsOf(address, netmask),
    value: {
      ...(file !== '' && { file }),
      line,
      type: type ?? '(wrong)',
      database: databases.map((each) => nameOrWithheld(each)).join(','),
      user: users.map((each) => nameOrWithheld(each)).join(','),
      address: addressOf(address),
      netmask: addressOf(netmask),
      method: method ?? '(unknown)',
      ...(type === undefined && { error: true }),
    },
  };
}

/** The texts of a JSON list; none for anything else. */
export function textsOf(json: string | null | undefined): readonly string[] {
  if (json === null || json === undefined) return [];
  try {
    const list: unknown = JSON.parse(json);
    return Array.isArray(list) ? list.map((each) => (typeof each === 'string' ? each : '')) : [];
  } catch {
    return [];
  }
}

/** Whether a line is not understood. The server does not load a file with a wrong line: it keeps the rules it had. */
export function isWrong({ type, method }: HbaRule): boolean {
  return type === undefined || method === undefined;
}

/**
 * The effect of the rules: `clear` lists rules that let in other machines without TLS, `unproven` those that let in without
 * proof. A rule decides nothing, and is left out, if earlier rules match all of its connections.
 */
export function judgeHba(rules: readonly HbaRule[]): ValueMap {
  const clear: Value[] = [];
  const unproven: Value[] = [];
  for (const [i, rule] of rules.entries()) {
    const { type, method } = rule;
    if (type === undefined || method === 'reject') continue;
    const before = rules.slice(0, i);
    const ways = WAYS[type].filter((way) => !isTaken(rule, way, before));
    const reach = type === 'local' ? 'local' : reachOf(rule.portions);
    // Connections within the machine need no TLS.
    if (ways.includes('clear') && reach === 'network') clear.push(rule.value);
    if (ways.length > 0 && provesNothing(rule, reach)) unproven.push(rule.value);
  }
  return { clear, unproven, ...(!rules.some(isWrong) && { whole: true }) };
}

/** Whether a rule lets in without proof: `trust` asks for nothing, and `ident` believes the other machine. */
function provesNothing({ method, clientCert }: HbaRule, reach: 'local' | 'loopback' | 'network'): boolean {
  return (method === 'trust' && !clientCert) || (method === 'ident' && reach === 'network');
}

/** Whether earlier rules match every connection of a rule: each database, each user and each range of its addresses. */
function isTaken(rule: HbaRule, way: Way, before: readonly HbaRule[]): boolean {
  const sameWay = before.filter(({ type }) => type !== undefined && WAYS[type].includes(way));
  const portions = way === 'local' ? [undefined] : rule.portions;
  // If databases or users could not be read, nothing is known to match them.
  if (rule.databases.length === 0 || rule.users.length === 0) return false;
  return rule.databases.every((database) =>
    rule.users.every((user) => {
      const earlier = sameWay.filter(
        ({ databases, users }) => has(databases, database, 'replication') && has(users, user, undefined),
      );
      return portions.every((portion) => covered(portion, earlier));
    }),
  );
}

function covered(portion: Portion | undefined, earlier: readonly HbaRule[]): boolean {
  if (portion === undefined) return earlier.length > 0;
  const isCovered = (each: Portion): boolean =>
    earlier.some(({ portions }) => portions.some((outer) => covers(outer, each)));
  // A name resolves to addresses of either family, so rules for all addresses of both match it.
  return isCovered(portion) || (portion.family === 'words' && EVERYWHERE.every(isCovered));
}

/** Whether a list contains a name. `all` contains every name but `except`. */
function has(ours: readonly string[], name: string, except: string | undefined): boolean {
  return ours.includes(name) || (ours.includes('all') && name !== except);
}
