/**
 * YAML that every reader reads alike: plain scalars on which versions differ (plain.ts), names given twice, tags and merge
 * keys are refused, with what to write instead. The nodes that aliases stand for are bounded.
 */
import { isAlias, isMap, isScalar, isSeq, LineCounter } from 'yaml';
import { printable } from '../bytes/printable.ts';
import { refuse, type Refusal } from '../bytes/refusal.ts';
import { MAX_DEPTH, readDocuments, TOO_DEEP, type Problem } from '../yaml/documents.ts';
import { goMeaning } from './goyaml.ts';
import { Leaves, TypedMap, type Declarable, type Tree } from './leaf.ts';
import { adviceFor, meaningOf } from './plain.ts';

/** Most nodes of a text, with aliases replaced by what they stand for: a kilobyte of text can mean 10^9 of them. */
const MAX_NODES = 500_000;
const MAX_DOCUMENTS = 10_000;

/** How a text is read. */
interface YamlOptions {
  /**
   * How names that are no texts are read: `typed` notes them (`200` is another name than "200"); `kubectl` makes texts of
   * them, as sigs.k8s.io/yaml does, and refuses those that it would spell differently.
   */
  readonly names: 'typed' | 'kubectl';
  /** The meaning of a plain scalar on which versions of YAML disagree. Without it, it is refused. */
  readonly otherwise?: (source: string) => Tree | undefined;
  /**
   * What an empty document is, such as the one that `---` at the end of a text starts: null, as in YAML (1.2.2 §9.1.4), or
   * no document, as for kubectl.
   */
  readonly empty: 'null' | 'no document';
  /** Advice for text that cannot be declared part by part. */
  readonly whole: string;
}

const PARTS: YamlOptions = {
  names: 'typed',
  empty: 'null',
  whole: 'commit the file whole: `tallystick commit files FILE`',
};

/** Reads every document of a text. Refuses `malformed-text`, with the line. */
export function parseYaml(text: string, reading = PARTS): readonly Tree[] {
  assertOneReading(text);
  const lines = new LineCounter();
  // The failsafe schema leaves every scalar the text it is; what it means is decided below.
  const documents = readDocuments(
    text,
    // Names given twice are found below: the library compares each with each.
    { version: '1.2', schema: 'failsafe', uniqueKeys: false, merge: false },
    lines,
    (problem) => problemOf(problem, reading.whole),
  );
  if (documents.length > MAX_DOCUMENTS)
    throw refuse('too-large', `more than ${MAX_DOCUMENTS} YAML documents`);
  return documents.flatMap(({ contents }) => {
    const empty =
      contents === null ||
      (isScalar(contents) &&
        contents.type === 'PLAIN' &&
        contents.value === '' &&
        contents.tag === undefined);
    if (empty) return reading.empty === 'null' ? [null] : [];
    return [new YamlReader(lines, reading).read(contents, 0)];
  });
}

/** Characters that end a line for some readers only, and byte order marks that joined files leave in the middle. */
const ODD: readonly (readonly [RegExp, string])[] = [
  [/\r(?!\n)/, 'a carriage return without a line feed ends a line to some readers only; write line feeds'],
  [
    /[\u0085\u2028\u2029]/,
    'U+0085, U+2028 and U+2029 end a line in YAML 1.1 and not in 1.2; in double quotes write them as "\\N", "\\L", "\\P"',
  ],
  [
    /(?<!^)\ufeff/,
    'a byte order mark within the text is none to some readers; take it out, or write it as "\\uFEFF"',
  ],
];

/** Refuses `malformed-text` for characters that readers of YAML take differently wherever they stand. */
function assertOneReading(text: string): void {
  for (const [pattern, what] of ODD) {
    const at = text.search(pattern);
    if (at >= 0) throw refuse('malformed-text', `line ${text.slice(0, at).split(/\r?\n/).length}: ${what}`);
  }
}

/** Reads manifests as kubectl does. */
export function parseManifests(text: string): readonly Tree[] {
  return parseYaml(text, { ...PARTS, names: 'kubectl', empty: 'no document' });
}

/** Reads what helm renders, as Go does where versions of YAML disagree. */
export function parseRendered(text: string): readonly Tree[] {
  return parseYaml(text, { ...PARTS, names: 'kubectl', empty: 'no document', otherwise: goMeaning });
}

/** Leaves of a YAML file; of several documents, each below its number. `yaml@1`. */
export function declareYaml(text: string): Declarable {
  const documents = parseYaml(text);
  const leaves = new Leaves();
  const [only] = documents;
  if (documents.length === 1 && only !== undefined) leaves.add('', only);
  else if (documents.length > 0) {
    leaves.addDocuments(documents.length);
    for (const [i, document] of documents.entries()) leaves.add(`/${i}`, document);
  }
  return { profile: 'yaml@1', leaves: leaves.all(), excluded: [], source: { kind: 'yaml' } };
}

class YamlReader {
  readonly #anchors = new Map<string, object>();
  readonly #anchored = new Set<object>();
  readonly #targets = new Map<object, object>();
  readonly #lines: LineCounter;
  readonly #reading: YamlOptions;
  #nodes = 0;

  constructor(lines: LineCounter, reading: YamlOptions) {
    this.#lines = lines;
    this.#reading = reading;
  }

  read(node: unknown, depth: number): Tree {
    if (depth > MAX_DEPTH)
      throw this.#fault(node, `lists and maps are nested deeper than ${MAX_DEPTH}; ${this.#reading.whole}`);
    if (++this.#nodes > MAX_NODES) throw refuse('too-large', `aliases make it more than ${MAX_NODES} nodes`);
    if (isAlias(node)) return this.read(this.#target(node), depth + 1);
    if (node === null) return null;
    if (isSeq(node) || isMap(node) || isScalar(node)) {
      this.#anchor(node);
      this.#assertUntagged(node);
    }
    if (isSeq(node)) return node.items.map((item) => this.read(item, depth + 1));
    if (isMap(node)) {
      const members = new TypedMap();
      for (const { key, value } of node.items) {
        const name = this.#key(key, members);
        if (members.has(name)) throw this.#fault(key, `the name ${printable(name)} is given twice; keep one`);
        members.set(name, this.read(value, depth + 1));
      }
      return members.typed.size === 0 ? new Map(members) : members;
    }
    if (!isScalar(node) || typeof node.value !== 'string') throw this.#fault(node, 'not a YAML value');
    const { tag, value, type } = node;
    if (type !== 'PLAIN' || tag !== undefined) return value;
    const meaning = meaningOf(value);
    // Go takes `0B1` and `+_7` for numbers, which no version of YAML does.
    const isNumber =
      typeof meaning === 'string' &&
      this.#reading.names === 'kubectl' &&
      typeof goMeaning(value) !== 'string';
    if (meaning !== undefined && !isNumber) return meaning;
    // To kubectl, helm and the API server (go-yaml) it is a text, and no other reader takes it for anything else.
    if (value === '=' && this.#reading.names === 'kubectl') return value;
    const other = this.#reading.otherwise?.(value);
    if (other !== undefined) return other;
    throw this.#fault(node, adviceFor(value, this.#reading.whole));
  }

  /** Notes an anchor. Nodes are read in the order of the text, so an alias means the last node before it with its name. */
  #anchor(node: { readonly anchor?: string | undefined }): void {
    if (node.anchor === undefined || this.#anchored.has(node)) return;
    this.#anchored.add(node);
    this.#anchors.set(node.anchor, node);
  }

  /** The node that an alias stands for. It is remembered, since the alias may be read again after its name was used anew. */
  #target(alias: { readonly source: string }): unknown {
    const found = this.#targets.get(alias) ?? this.#anchors.get(alias.source);
    if (found === undefined)
      throw this.#fault(alias, `nothing before it has the anchor &${printable(alias.source, 60)}`);
    this.#targets.set(alias, found);
    return found;
  }

  #assertUntagged(node: { readonly tag?: string | undefined }): void {
    if (node.tag === undefined || CORE_TAGS.has(node.tag)) return;
    throw this.#fault(node, tagAdvice(node.tag, this.#reading.whole));
  }

  /** The text of a name. A name that is no text is noted or refused, as the reading says. */
  #key(key: unknown, { typed }: TypedMap): string {
    const node = isAlias(key) ? this.#target(key) : key;
    if (isScalar(node)) this.#anchor(node);
    if (!isScalar(node) || typeof node.value !== 'string')
      throw this.#fault(key, `a name must be a text; ${this.#reading.whole}`);
    this.#assertUntagged(node);
    const { value, type, tag } = node;
    if (type !== 'PLAIN' || tag !== undefined) return value;
    if (value === '<<')
      throw this.#fault(key, 'the merge key << is of YAML 1.1 alone; write the members out');
    const meaning = meaningOf(value);
    if (typeof meaning === 'string') return value;
    if (this.#reading.names === 'typed') {
      // `~` and `null`, `True` and `true` are one name.
      const name = meaning === null || typeof meaning === 'boolean' ? String(meaning) : value;
      typed.add(name);
      return name;
    }
    if (typeof meaning === 'number' || typeof meaning === 'boolean') return String(meaning);
    throw this.#fault(key, `kubectl takes the name ${value} for no text; quote it: ${JSON.stringify(value)}`);
  }

  #fault(node: unknown, what: string): Refusal {
    const at = isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? (node.range?.[0] ?? 0) : 0;
    return refuse('malformed-text', `line ${this.#lines.linePos(at).line}: ${what}`);
  }
}

/** The refusal of a problem that the parser found. */
function problemOf({ code, message, line }: Problem, whole: string): Refusal {
  const [first = 'not YAML'] = message.split('\n', 1);
  const [, tag = ''] = /(!\S*)/.exec(first) ?? [];
  const what =
    code === TOO_DEEP ? `${first}; ${whole}` : code === 'TAG_RESOLVE_FAILED' ? tagAdvice(tag, whole) : first;
  return refuse('malformed-text', `line ${line}: ${what}`);
}

/** Tags that change nothing. */
const CORE_TAGS: ReadonlySet<string> = new Set([
  'tag:yaml.org,2002:str',
  'tag:yaml.org,2002:map',
  'tag:yaml.org,2002:seq',
]);

/** Advice for a tag, whose meaning only its tool knows: `!vault` of Ansible, `!Sub` of CloudFormation, `!reference` of GitLab. */
function tagAdvice(tag: string, whole: string): string {
  return `what the tag ${printable(tag, 60)} makes of a value is known to the tool that reads it, and not here; ${whole}`;
}
