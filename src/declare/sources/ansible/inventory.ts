/**
 * INI inventories (ansible-core 2.19, plugins/inventory/ini.py) in the shape that YAML inventories have: groups with `hosts`, `vars`
 * and `children`. Patterns of hosts are written out, as Ansible does.
 */
import { printable } from '../../../bytes/printable.ts';
import { refuse, type Refusal } from '../../../bytes/refusal.ts';
import { pythonLines } from '../python-lines.ts';
import { literalValue } from './literal.ts';
import { PyMap } from './pyyaml.ts';

const SECTION = /^\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?$/s;
const GROUP = /^([^:\]\s]+)\s*(?:#.*)?$/s;
/** Most hosts of one pattern, and of one file. */
const MAX_HOSTS = 50_000;
/** Most ranges of one pattern: 16 of two each have more hosts than are read. */
const MAX_RANGES = 16;

type State = 'hosts' | 'vars' | 'children';

/** Reads an inventory. Refuses `malformed-text`, with the line. */
export function parseInventory(text: string): PyMap {
  return new InventoryReader().read(text);
}

class InventoryReader {
  readonly #groups = new PyMap();
  /** Where a group was named that must be declared elsewhere. */
  readonly #needed = new Map<string, number>();
  readonly #declared = new Set(['all', 'ungrouped']);
  #hosts = 0;
  readonly #hostAt = new Map<string, number>();
  #line = 0;

  read(text: string): PyMap {
    let [group, state]: [string, State] = ['ungrouped', 'hosts'];
    for (const raw of pythonLines(text)) {
      this.#line += 1;
      const line = raw.trim();
      if (line === '' || line.startsWith('#') || line.startsWith(';')) continue;
      const [section, name = '', kind = 'hosts'] = SECTION.exec(line) ?? [];
      if (section !== undefined) {
        if (kind !== 'hosts' && kind !== 'vars' && kind !== 'children')
          throw this.#fault(
            `the section [${printable(name, 60)}:${printable(kind, 20)}] is none of hosts, vars and children`,
          );
        [group, state] = [name, kind];
        if (state === 'vars') this.#needed.set(name, this.#needed.get(name) ?? this.#line);
        else this.#declared.add(name);
        this.#part(group, state);
      } else if (line.startsWith('[') && line.endsWith(']'))
        throw this.#fault('a section has no blanks and no brackets in its name');
      else if (state === 'hosts') this.#host(group, line);
      else if (state === 'vars') this.#variable(group, line);
      else this.#child(group, line);
    }
    for (const [name, line] of this.#needed)
      if (!this.#declared.has(name))
        throw refuse(
          'malformed-text',
          `line ${line}: the group ${printable(name, 60)} is declared nowhere in this file`,
        );
    for (const [host, line] of this.#hostAt)
      if (this.#declared.has(host))
        throw refuse(
          'malformed-text',
          `line ${line}: a host has the name of the group ${printable(host, 60)}, and Ansible gives its variables to the group; rename one`,
        );
    return this.#groups;
  }

  #part(group: string, state: State): PyMap {
    return mapIn(mapIn(this.#groups, group), state);
  }

  #variable(group: string, line: string): void {
    const at = line.indexOf('=');
    if (at < 0) throw this.#fault('expected NAME=VALUE');
    this.#set(this.#part(group, 'vars'), line.slice(0, at).trim(), line.slice(at + 1).trim());
  }

  #child(group: string, line: string): void {
    const [, name] = GROUP.exec(line) ?? [];
    if (name === undefined) throw this.#fault('expected the name of a group');
    if (!this.#needed.has(name)) this.#needed.set(name, this.#line);
    mapIn(this.#part(group, 'children'), name);
  }

  #host(group: string, line: string): void {
    const [pattern = '', ...assigned] = wordsOf(line, (what) => this.#fault(what));
    const { names, port } = hostsOf(pattern, (what) => this.#fault(what));
    if ((this.#hosts += names.length) > MAX_HOSTS) throw refuse('too-large', `more than ${MAX_HOSTS} hosts`);
    for (const name of names) {
      this.#hostAt.set(name, this.#line);
      const host = mapIn(this.#part(group, 'hosts'), name);
      if (port !== undefined) host.members.set('ansible_port', port);
      for (const each of assigned) {
        const at = each.indexOf('=');
        if (at < 0) throw this.#fault('expected NAME=VALUE after the host; put what has blanks in quotes');
        this.#set(host, each.slice(0, at), each.slice(at + 1));
      }
    }
  }

  #set(map: PyMap, name: string, text: string): void {
    if (map.members.has(name))
      throw this.#fault(`the variable ${printable(name, 60)} is set twice; keep one`);
    const value = literalValue(text);
    if (value === undefined)
      throw this.#fault(
        `Python takes the value of ${printable(name, 60)} for what no YAML has, such as a tuple; put it in quotes twice: '"TEXT"'`,
      );
    map.members.set(name, value);
  }

  #fault(what: string): Refusal {
    return refuse('malformed-text', `line ${this.#line}: ${what}`);
  }
}

function mapIn(map: PyMap, name: string): PyMap {
  const found = map.members.get(name);
  if (found instanceof PyMap) return found;
  const made = new PyMap();
  map.members.set(name, made);
  return made;
}

type Fault = (what: string) => Refusal;

/** Words as Python's shlex splits them, with comments: `#` begins one also within a word (Python 3.13, Lib/shlex.py, posix). */
function wordsOf(line: string, fault: Fault): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (let i = 0; i < line.length; i++) {
    const sign = line[i] ?? '';
    if (sign === '#') break;
    if (/[ \t\r\n]/.test(sign)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (sign === '\\') {
      if (i + 1 >= line.length) throw fault('it ends in a backslash');
      word = (word ?? '') + (line[++i] ?? '');
    } else if (sign === "'" || sign === '"') {
      const end = endOfQuote(line, i);
      if (end < 0) throw fault('a quote is not closed');
      const inside = line.slice(i + 1, end);
      word = (word ?? '') + (sign === '"' ? inside.replaceAll(/\\(["\\])/g, '$1') : inside);
      i = end;
    } else word = (word ?? '') + sign;
  }
  return word === undefined ? words : [...words, word];
}

function endOfQuote(line: string, at: number): number {
  const quote = line[at];
  for (let i = at + 1; i < line.length; i++) {
    if (line[i] === '\\' && quote === '"') i += 1;
    else if (line[i] === quote) return i;
  }
  return -1;
}

/** The hosts that a pattern names, and their port (ansible-core 2.19, parsing/utils/addresses.py and plugins/inventory). */
function hostsOf(
  pattern: string,
  fault: Fault,
): { readonly names: readonly string[]; readonly port: number | undefined } {
  if (pattern === '' || pattern === '---')
    throw fault('expected a host; a file that begins with --- is YAML, whose name ends in .yml');
  const [, v6 = '', v6port] = /^\[([0-9A-Fa-f:.]+)\](?::([0-9]+))?$/.exec(pattern) ?? [];
  if (v6.split(':', 3).length === 3)
    return { names: [v6], port: v6port === undefined ? undefined : Number(v6port) };
  if (/^[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:.]*$/.test(pattern))
    return { names: [pattern], port: undefined };
  const [, host = '', port] = /^((?:[^[\]:]|\[[^\]]*\])+?)(?::([0-9]+))?$/.exec(pattern) ?? [];
  if (host === '') throw fault(`${printable(pattern, 60)} is no host, and no pattern of hosts`);
  return { names: expanded(host, fault), port: port === undefined ? undefined : Number(port) };
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

function expanded(host: string, fault: Fault): readonly string[] {
  const at = host.indexOf('[');
  if (at < 0) return [host];
  if (host.split('[', MAX_RANGES + 2).length > MAX_RANGES + 1)
    throw refuse('too-large', `more than ${MAX_RANGES} ranges in the name of a host`);
  const end = host.indexOf(']', at);
  const [head, inside, tail] = [host.slice(0, at), host.slice(at + 1, end), host.slice(end + 1)];
  const [, begin = '', last = '', step = '1'] =
    /^([0-9]*|[a-zA-Z]):([0-9]+|[a-zA-Z])(?::([0-9]+))?$/.exec(inside) ?? [];
  if (last === '' || Number(step) === 0)
    throw fault(`${printable(host, 60)} has no range such as [01:20] or [a:f]`);
  const rests = expanded(tail, fault);
  const steps = rangeOf(begin === '' ? '0' : begin, last, Number(step), fault);
  if (steps.length * rests.length > MAX_HOSTS) throw refuse('too-large', `more than ${MAX_HOSTS} hosts`);
  return steps.flatMap((each) => rests.map((rest) => head + each + rest));
}

function rangeOf(begin: string, last: string, step: number, fault: Fault): readonly string[] {
  const isNumber = /^[0-9]+$/.test(begin);
  if (isNumber !== /^[0-9]+$/.test(last)) throw fault('a range is of numbers or of letters');
  if (isNumber && begin.length > 1 && begin.startsWith('0') && begin.length !== last.length)
    throw fault('both ends of a range with zeros before it have the same length');
  const [from, to] = isNumber
    ? [Number(begin), Number(last)]
    : [LETTERS.indexOf(begin), LETTERS.indexOf(last)];
  if (from > to) throw fault('a range ends before it begins');
  if ((to - from) / step > MAX_HOSTS) throw refuse('too-large', `more than ${MAX_HOSTS} hosts`);
  const width = isNumber && begin.startsWith('0') ? begin.length : 0;
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) =>
    isNumber ? String(from + i * step).padStart(width, '0') : (LETTERS[from + i * step] ?? ''),
  );
}
