/**
 * Records of pg_hba.conf, each as a map with one value a field, in one spelling (src/backend/libpq/hba.c, parse_hba_line). What
 * the server refuses is refused, with its line: a server keeps the rules it had, or does not start.
 */
import { printable } from '../../../bytes/printable.ts';
import type { TreeMap } from '../../leaf.ts';
import { addressOf, takesMask } from './address.ts';
import { fault, type Place } from './given.ts';
import { METHODS, optionFault, SECRET_OPTIONS, TYPES } from './hba-methods.ts';
import type { Field, Line, Token } from './tokens.ts';

/** A record, and the options in it that hold a secret. */
export interface Rule {
  readonly tree: TreeMap;
  readonly secrets: readonly string[];
}

/** Reads a record. Refuses `malformed-text`. */
export function ruleOf({ fields, ...at }: Line): Rule {
  const rest = [...fields];
  const next = (what: string): Field => {
    const field = rest.shift();
    if (field === undefined) throw fault(at, `the rule ends before its ${what}`);
    return field;
  };
  const type = only(next('type'), 'type', at).text;
  if (!TYPES.includes(type))
    throw fault(at, `a rule begins with ${TYPES.join(', ')}; its words are in lower case`);
  const database = listOf(next('databases'), DATABASES, at);
  const user = listOf(next('users'), USERS, at);
  const address = type === 'local' ? undefined : nextAddress(next, at);
  const named = only(next('method'), 'method', at).text;
  // For a socket the server takes ident as peer.
  const method = type === 'local' && named === 'ident' ? 'peer' : named;
  assertMethod(type, method, at);
  const options = optionsOf(rest.flat(), { type, method }, at);
  const map = new Map<string, string | ReadonlyMap<string, string>>([
    ['type', type],
    ['database', database],
    ['user', user],
  ]);
  if (address !== undefined) map.set('address', address);
  map.set('method', method);
  if (options.size > 0) map.set('options', options);
  return { tree: map, secrets: [...options.keys()].filter((name) => SECRET_OPTIONS.has(name)) };
}

function nextAddress(next: (what: string) => Field, at: Place): string {
  const token = only(next('address'), 'address', at);
  const mask = takesMask(token) ? only(next('mask'), 'mask', at) : undefined;
  const address = addressOf(token, mask);
  if ('fault' in address) throw fault(at, `the address ${address.fault}`);
  return address.text;
}

function assertMethod(type: string, method: string, at: Place): void {
  if (!METHODS.includes(method))
    throw fault(at, `the method is not one of ${METHODS.join(', ')}; its word is in lower case`);
  const wrong =
    (type === 'local' && ['gss', 'sspi', 'cert'].includes(method)) ||
    (type !== 'local' && method === 'peer') ||
    (type !== 'hostssl' && method === 'cert');
  if (wrong) throw fault(at, `the server does not take the method ${method} in a rule of type ${type}`);
}

/** The only token of a field. */
export function only(field: Field, what: string, at: Place): Token {
  const [token, ...more] = field;
  if (token === undefined || more.length > 0) throw fault(at, `the ${what} is one word; take the comma out`);
  return token;
}

const DATABASES: ReadonlySet<string> = new Set(['all', 'sameuser', 'samerole', 'samegroup', 'replication']);
export const USERS: ReadonlySet<string> = new Set(['all']);

/**
 * A list of names, sorted, since any of them matches: `"app,db",all`. A name is in quotes if it would mean something else
 * without them; a pattern never is, since it is one in quotes too.
 */
function listOf(field: Field, words: ReadonlySet<string>, at: Place): string {
  const names = field.map((token) => nameOf(token, words, at));
  return [...new Set(names)].toSorted((a, b) => (a < b ? -1 : 1)).join(',');
}

export function nameOf({ text, quoted }: Token, words: ReadonlySet<string>, at: Place): string {
  if (text === '') throw fault(at, 'a name is empty, and matches nobody; take it out');
  const isKeyword = words.has(text) || /^[+@]/.test(text);
  const needs = /[\s,"#]/.test(text) || (quoted && isKeyword) || text.startsWith('"');
  // A quote behind the sign leaves a group a group: `+"my group"`.
  if (!needs) return isKeyword && text === 'samegroup' ? 'samerole' : text;
  return !quoted && /^[+@]/.test(text) ? `${text.charAt(0)}${inQuotes(text.slice(1))}` : inQuotes(text);
}

function inQuotes(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

function optionsOf(
  tokens: readonly Token[],
  rule: { readonly type: string; readonly method: string },
  at: Place,
): ReadonlyMap<string, string> {
  const options = new Map<string, string>();
  for (const { text } of tokens) {
    const [, name = '', value = ''] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
    if (name === '') throw fault(at, 'an option is not written as name=value');
    const wrong = optionFault(name, value, rule);
    if (wrong !== undefined) throw fault(at, `the option ${printable(name, 40)} ${wrong}`);
    if (options.has(name))
      throw fault(at, `the option ${name} stands twice, and the server takes the last; keep one`);
    options.set(name, value);
  }
  return options;
}
