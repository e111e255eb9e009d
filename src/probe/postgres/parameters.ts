/** Reads the parameters of the probe `postgres@1`, and the login in the secret connection string. */
import { refuse, type Refusal } from '../../bytes/refusal.ts';
import { parseAddress, type Address } from '../../evidence/address.ts';
import { ParsedParameters } from '../parsed-parameters.ts';
import type { ProbeTask } from '../probe.ts';
import type { Trust } from '../trust.ts';
import { SETTINGS } from './describe.ts';
import type { Login } from './session.ts';

export interface PostgresParameters {
  readonly address: Address;
  readonly trust: Trust | undefined;
  /** Undefined if the owner of the target gave no connection string. */
  readonly login: Login | undefined;
  readonly settings: readonly string[];
  readonly role: string | undefined;
  readonly tables: readonly string[];
  readonly schemas: readonly string[];
  /** Whether all declared settings and rules are compared. */
  readonly compare: boolean;
  readonly plaintext: boolean;
  readonly wire: boolean;
}

/** Refuses `config-invalid`. */
export async function readParameters(task: ProbeTask): Promise<PostgresParameters> {
  const given = new ParsedParameters('postgres@1', task.params);
  const address = parseAddress(task.target, 5432);
  const secret = await task.secret('dsn');
  const { login, encrypted, verified } =
    secret === undefined ? { login: undefined, encrypted: true, verified: false } : loginOf(secret, address);
  const spki = given.text('spki', /^[0-9a-f]{64}$/, 'is a SHA-256 in lower-case hex');
  const verify = given.flag('verify', false) || verified;
  const names = /^[a-z_][a-z0-9_.]{0,62}$/;
  return {
    address,
    trust: encrypted ? { spki, verify, ca: await task.secret('ca') } : undefined,
    login,
    settings: given.texts('settings', names, 'is the name of a setting, in lower case') ?? SETTINGS,
    role: given.text('role', /^[^\0]{1,63}$/, 'is the name of a role') ?? login?.user,
    tables: given.texts('tables', /^[^\0.]{1,63}\.[^\0.]{1,63}$/, 'is schema.table') ?? [],
    schemas: given.texts('schemas', /^[^\0]{1,63}$/, 'is the name of a schema') ?? [],
    compare: given.flag('compare', false),
    plaintext: given.flag('plaintext', true),
    wire: given.flag('wire', true),
  };
}

interface Dsn {
  readonly login: Login;
  readonly encrypted: boolean;
  readonly verified: boolean;
}

/**
 * Reads `postgresql://user:password@host:port/database?sslmode=require`. It is refused if it leads elsewhere than the target
 * that the owner enrolled. No message contains any part of it.
 */
function loginOf(secret: string, { host, port }: Address): Dsn {
  const text = secret.trim();
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^postgres(?:ql)?:$/.test(url.protocol) || url.username === '')
    throw wrong('is no connection string: postgresql://user:password@host/database');
  const [named, at] = [url.hostname.replace(/^\[(.*)\]$/, '$1'), Number(url.port || 5432)];
  if (named !== '' && (named !== host || at !== port))
    throw wrong(`leads elsewhere than the target ${host}:${port}; enrol the target it is for`);
  const options = [...url.searchParams];
  const mode = url.searchParams.get('sslmode') ?? 'require';
  if (options.some(([name]) => name !== 'sslmode') || !['disable', 'require', 'verify-full'].includes(mode))
    throw wrong('has an option besides sslmode=disable, require or verify-full');
  const user = decoded(url.username);
  const database = decoded(url.pathname.slice(1));
  return {
    login: { user, password: decoded(url.password), database: database === '' ? user : database },
    encrypted: mode !== 'disable',
    verified: mode === 'verify-full',
  };
}

function decoded(text: string): string {
  let plain: string;
  try {
    plain = decodeURIComponent(text);
  } catch {
    throw wrong('is not percent-encoded as a URL is');
  }
  if (plain.includes('\0')) throw wrong('has a zero byte');
  return plain;
}

function wrong(what: string): Refusal {
  return refuse('config-invalid', `the secret "dsn" of postgres@1 ${what}`);
}
