/**
 * YAML as Ansible's loader reads it: by PyYAML's rules (scalars.ts), with merge keys, and with Ansible's tags. A name that is given
 * twice is refused, though PyYAML takes the last. Bounded as other YAML is.
 */
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  type ScalarTag,
  type CollectionTag,
} from 'yaml';
import { printable } from '../../../bytes/printable.ts';
import { refuse, type Refusal } from '../../../bytes/refusal.ts';
import { MAX_DEPTH, readDocuments, TOO_DEEP, type Problem } from '../../../yaml/documents.ts';
import type { NumberText } from '../../../bytes/json.ts';
import type { Scalar } from '../../leaf.ts';
import { plainValue, Sealed, Timestamp } from './scalars.ts';

/** What is read: maps have texts as names, and note those that are none. */
export type PyTree = Scalar | Timestamp | Sealed | readonly PyTree[] | PyMap;
export class PyMap {
  readonly members = new Map<string, PyTree>();
  /** Names that are no texts: numbers, truth values, null, dates. */
  readonly typed = new Set<string>();
  /** Those by what Python compares. */
  readonly equal = new Map<string, string>();
}

/** Most nodes, with aliases and merged members replaced by what they stand for. */
const MAX_NODES = 500_000;
const WHOLE = 'commit the file whole: `tallystick commit files FILE`';
const VAULT: ReadonlySet<string> = new Set(['!vault', '!vault-encrypted']);
const TEXT: ReadonlySet<string> = new Set(['!unsafe', 'tag:yaml.org,2002:str']);

const scalarTag = (tag: string): ScalarTag => ({ tag, resolve: (text) => text });
const collectionTag = (tag: string, collection: 'map' | 'seq'): CollectionTag => ({
  tag,
  collection,
  resolve: (node) => node,
});
const TAGS = [
  ...['!vault', '!vault-encrypted', '!unsafe'].map(scalarTag),
  collectionTag('!unsafe', 'map'),
  collectionTag('!unsafe', 'seq'),
];

/** Reads the one document of a text; null for one without. Refuses `malformed-text`, with the line. */
export function parsePyYaml(text: string): PyTree {
  const lines = new LineCounter();
  const odd =
    /[^\t\n\r -~\u0085\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]|\r(?!\n)|[\u0085\u2028\u2029]|(?<!^)\ufeff/u.exec(
      text,
    );
  if (odd !== null)
    throw refuse(
      'malformed-text',
      `line ${text.slice(0, odd.index).split('\n').length}: a character that YAML 1.1 does not allow, or takes for the end of a line; write it escaped in double quotes`,
    );
  if (/^(?:[ \t]*(?:#[^\n]*)?\n)*%/.test(text))
    throw refuse('malformed-text', `a directive (%) means nothing to Ansible; take it out`);
  const documents = readDocuments(
    text,
    { version: '1.1', schema: 'failsafe', uniqueKeys: false, merge: false, customTags: TAGS },
    lines,
    problemOf,
  );
  if (documents.length > 1)
    throw refuse(
      'malformed-text',
      'Ansible reads one YAML document of a file, and there are several; make them several files',
    );
  const [document] = documents;
  return document === undefined || document.contents === null
    ? null
    : new Reader(lines).read(document.contents, 0);
}

/** The refusal of a problem that the parser found. */
function problemOf({ code, message, line }: Problem): Refusal {
  const [first = 'not YAML'] = message.split('\n', 1);
  const advice = code === TOO_DEEP || code === 'TAG_RESOLVE_FAILED' ? `; ${WHOLE}` : '';
  return refuse('malformed-text', `line ${line}: ${printable(first)}${advice}`);
}

class Reader {
  readonly #lines: LineCounter;
  readonly #anchors = new Map<string, object>();
  readonly #targets = new Map<object, object>();
  readonly #anchored = new Set<object>();
  #nodes = 0;

  constructor(lines: LineCounter) {
    this.#lines = lines;
  }

  /** `flow`: whether it stands in brackets. */
  read(given: unknown, depth: number, flow = false): PyTree {
    if (depth > MAX_DEPTH)
      throw this.#fault(given, `lists and maps are nested deeper than ${MAX_DEPTH}; ${WHOLE}`);
    if (++this.#nodes > MAX_NODES) throw refuse('too-large', `aliases make it more than ${MAX_NODES} nodes`);
    const node = this.#meant(given);
    if (node === null) return null;
    if (isSeq(node)) return node.items.map((item) => this.read(item, depth + 1, node.flow === true));
    if (isMap(node)) return this.#map(node, depth, flow || node.flow === true);
    if (!isScalar(node) || typeof node.value !== 'string') throw this.#fault(given, 'not a YAML value');
    const { value, tag } = node;
    if (tag !== undefined && VAULT.has(tag)) {
      if (value.startsWith('$ANSIBLE_VAULT;')) return new Sealed(value);
      throw this.#fault(node, 'what is marked !vault begins with $ANSIBLE_VAULT;');
    }
    if (tag === '!unsafe' && plainValue(value) !== value)
      throw this.#fault(
        node,
        'ansible-core 2.19 makes another value of this than earlier ones do; leave !unsafe out',
      );
    if (flow && node.type === 'PLAIN' && /^[?:]/.test(value))
      throw this.#fault(node, `in brackets PyYAML takes ${printable(value, 60)} for no text; quote it`);
    if (node.type !== 'PLAIN' || (tag !== undefined && TEXT.has(tag))) return value;
    const meaning = plainValue(value);
    if (meaning === undefined)
      throw this.#fault(node, `PyYAML makes nothing of ${printable(value, 60)}; quote it`);
    return meaning;
  }

  #map(node: object, depth: number, flow: boolean): PyMap {
    const map = new PyMap();
    const own = new Set<string>();
    const merged: Pair[] = [];
    const pairs = this.#pairs(node, depth, merged);
    for (const { key, value } of merged) this.#put(map, key, this.read(value, depth + 1, flow), flow);
    for (const { key, value } of pairs) {
      const name = this.#put(map, key, this.read(value, depth + 1, flow), flow);
      if (own.has(name)) throw this.#fault(key, `the name ${printable(name)} is given twice; keep one`);
      own.add(name);
    }
    return map;
  }

  /** The pairs of a map without its merge keys; `merged` gets what these bring, earlier ones overridden by later ones. */
  #pairs(node: object, depth: number, merged: Pair[]): readonly Pair[] {
    if (depth > MAX_DEPTH) throw this.#fault(node, `merged maps are nested deeper than ${MAX_DEPTH}`);
    if (!isMap(node)) throw this.#fault(node, 'the merge key << takes a map, or a list of maps');
    const own: Pair[] = [];
    for (const pair of node.items) {
      const { key } = pair;
      const isMerge = isScalar(key) && key.type === 'PLAIN' && key.tag === undefined && key.value === '<<';
      if (!isMerge) {
        own.push(pair);
        continue;
      }
      const value = this.#meant(pair.value);
      // Of a list the first map counts most.
      for (const each of isSeq(value) ? [...value.items].toReversed() : [value]) {
        const from = this.#meant(each);
        const theirs: Pair[] = [];
        const rest = this.#pairs(from ?? {}, depth + 1, theirs);
        merged.push(...theirs, ...rest);
        this.#nodes += rest.length;
        if (merged.length > MAX_NODES)
          throw refuse('too-large', `merge keys make it more than ${MAX_NODES} nodes`);
      }
    }
    return own;
  }

  #put(map: PyMap, key: unknown, value: PyTree, flow: boolean): string {
    const node = this.#meant(key);
    if (node !== null && !isScalar(node)) throw this.#fault(key, `a name must be a text; ${WHOLE}`);
    // `=` is a text where it is a name.
    const read = node !== null && isScalar(node) && node.value === '=' ? '=' : this.read(key, 0, flow);
    if (flow && read === null && !(isScalar(node) && node.value !== ''))
      throw this.#fault(key, 'in brackets a name is written out');
    const [name, isText] = nameOf(read);
    if (name === undefined) throw this.#fault(key, `a name must be a text; ${WHOLE}`);
    const same = isText ? name : (map.equal.get(inPython(name)) ?? name);
    if (same !== name)
      throw this.#fault(
        key,
        `to Python the names ${printable(same)} and ${printable(name)} are one; keep one`,
      );
    if (map.members.has(name) && map.typed.has(name) === isText)
      throw this.#fault(key, `the name ${printable(name)} is a text and a number, or the like; keep one`);
    if (!isText) map.equal.set(inPython(name), name);
    if (!isText) map.typed.add(name);
    map.members.set(name, value);
    return name;
  }

  /** A node, or what an alias stands for; anchors are noted in the order of the text. */
  #meant(node: unknown): object | null {
    if (isAlias(node)) {
      const found = this.#targets.get(node) ?? this.#anchors.get(node.source);
      if (found === undefined)
        throw this.#fault(node, `nothing before it has the anchor &${printable(node.source, 60)}`);
      this.#targets.set(node, found);
      return found;
    }
    if (node === null || node === undefined) return null;
    if (!isNode(node)) throw this.#fault(node, 'not a YAML value');
    if (node.anchor !== undefined && !this.#anchored.has(node)) {
      this.#anchored.add(node);
      if (this.#anchors.has(node.anchor))
        throw this.#fault(
          node,
          `the anchor &${printable(node.anchor, 60)} is given twice; give them two names`,
        );
      this.#anchors.set(node.anchor, node);
    }
    return node;
  }

  #fault(node: unknown, what: string): Refusal {
    const at = isNode(node) || isAlias(node) ? (node.range?.[0] ?? 0) : 0;
    return refuse('malformed-text', `line ${this.#lines.linePos(at).line}: ${what}`);
  }
}

type Node = object & {
  readonly anchor?: string;
  readonly tag?: string;
  readonly range?: readonly number[] | null;
};

function isNode(node: unknown): node is Node {
  return isScalar(node) || isMap(node) || isSeq(node);
}

/** A name that is no text, as Python compares it: True is 1, and so is 1.0. */
function inPython(name: string): string {
  if (name === 'true') return '1';
  return name === 'false' ? '0' : name.replace(/^(-?[0-9]+)\.0$/, '$1').replace(/^-0$/, '0');
}

/** The name of a member, and whether it is a text. */
function nameOf(tree: PyTree): readonly [string | undefined, boolean] {
  if (typeof tree === 'string') return [tree, true];
  if (tree === null || typeof tree === 'number' || typeof tree === 'boolean') return [String(tree), false];
  if (tree instanceof Timestamp) return [tree.iso, false];
  return [isNumber(tree) ? tree.number : undefined, false];
}

/** Whether it is a number that is kept as a text. */
export function isNumber(tree: PyTree): tree is NumberText {
  return typeof tree === 'object' && tree !== null && 'number' in tree;
}

export function isPyList(tree: PyTree): tree is readonly PyTree[] {
  return Array.isArray(tree);
}
