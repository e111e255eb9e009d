/** The target and the parameters of one run of `api@1`. */
import { refuse } from '../../bytes/refusal.ts';
import { parseAddress } from '../../evidence/address.ts';
import type { Place } from '../connection.ts';
import { declaredLeaves } from '../declared.ts';
import { ParsedParameters } from '../parsed-parameters.ts';
import type { ProbeTask } from '../probe.ts';
import { assertForm } from '../target-form.ts';
import { contractOf, type Contract } from './contract.ts';
import { API, MAX_REQUESTS } from './describe.ts';
import type { Values } from './requests.ts';

export interface Settings {
  readonly place: Place;
  readonly contract: Contract;
  /** Path that all of the contract's are below, without a slash at its end. */
  readonly base: string;
  /** Whether a server that an operation names for itself is the target. */
  readonly isTarget: (server: string) => boolean;
  readonly token: string | undefined;
  readonly scheme: string;
  readonly requests: number;
  readonly values: Values;
  /** Whether an operation is meant, by `METHOD /template` or the template alone. */
  readonly isMeant: (method: string, template: string) => boolean;
  /** Whether the owner keeps an operation from being asked: its template, or the path that would be sent. */
  readonly isKept: (method: string, path: string) => boolean;
}

const OPERATION = /^(?:(?:GET|HEAD) )?\/[!-~]{0,500}$/;
const SAYS =
  'is a path of the contract, such as /pets/{id}, with GET or HEAD before it where one of them is meant';
const VALUE = /^((?:GET|HEAD) \/[!-~]{0,500} [^\s=]{1,100})=(.{0,200})$/u;

/** `timeoutMs`: milliseconds for one answer. Refuses `config-invalid`. */
export async function readSettings(task: ProbeTask, timeoutMs: number): Promise<Settings> {
  const given = new ParsedParameters('api@1', task.params);
  assertForm(API.name, API.target, task.target);
  const url = new URL(task.target);
  const secured = url.protocol === 'https:';
  const spki = given.text('spki', /^[0-9a-f]{64}$/, 'is a SHA-256 in lower-case hex');
  const token = tokenOf(await task.secret('token'));
  const contract = contractOf(declaredLeaves('api@1', task));
  const values = given.texts('values', VALUE, 'is METHOD /path/{name} NAME=VALUE', 200) ?? [];
  const [only, skip] = [given.texts('only', OPERATION, SAYS), given.texts('skip', OPERATION, SAYS, 500)];
  const base = baseOf(url, contract, token !== undefined);
  return {
    place: {
      ...parseAddress(task.target, secured ? 443 : 80),
      trust: secured ? { spki, verify: given.flag('verify', true), ca: await task.secret('ca') } : undefined,
      timeoutMs,
      signal: task.signal,
    },
    contract,
    base,
    isTarget: (server) => isAt(server, url, base),
    token,
    scheme: given.text('scheme', /^[A-Za-z0-9-]{1,32}$/, 'is a word') ?? 'Bearer',
    requests: given.whole('requests', 1, MAX_REQUESTS) ?? 30,
    values: new Map(
      values.map((each): [string, string] => [VALUE.exec(each)?.[1] ?? '', VALUE.exec(each)?.[2] ?? '']),
    ),
    isMeant: among(only) ?? (() => true),
    isKept: among(skip) ?? (() => false),
  };
}

function among(list: readonly string[] | undefined): Settings['isMeant'] | undefined {
  if (list === undefined) return undefined;
  const names = new Set(list);
  return (method, template) => names.has(template) || names.has(`${method} ${template}`);
}

/** Another host, another scheme, another path or a server with variables is another one. */
function isAt(server: string, target: URL, base: string): boolean {
  if (/[{}?#]/.test(server) || !URL.canParse(server, target)) return false;
  const { origin, pathname } = new URL(server, target);
  return origin === target.origin && pathname.replace(/\/+$/, '') === base;
}

/** The path of the target. Without one that of the contract's first server, unless a token goes there: its way is the owner's to say. */
function baseOf({ pathname }: URL, { base }: Contract, hasToken: boolean): string {
  const own = pathname.replace(/\/+$/, '');
  if (own !== '' || hasToken) return own;
  if (base !== undefined) return base;
  throw refuse(
    'config-invalid',
    'the first server of the contract has variables; write the target with its path, such as https://api.example/v1',
  );
}

/** Refuses `config-invalid` for a value that cannot stand in a header; no message contains it. */
function tokenOf(secret: string | undefined): string | undefined {
  const token = secret?.trim();
  if (token === undefined || /^[!-~ ]{1,8192}$/.test(token)) return token;
  throw refuse('config-invalid', 'the secret "token" of api@1 is one line of ASCII');
}
