/**
 * YAML, read so that nobody can read it otherwise. YAML 1.1 and 1.2 give `0644`, `NO`, `on` and `22:22` other types
 * and values, and tools differ in which they speak: a plain scalar on which the two disagree is refused, and quoting
 * it is the fix. Names given twice, unknown tags and merge keys are refused; aliases are bounded.
 */
import { isAlias, isMap, isScalar, isSeq, LineCounter, parse, parseAllDocuments, type Document } from 'yaml';
import { refuse, type Refusal } from '../bytes/refusal.ts';
import { numberOf } from './json.ts';
import { Leaves, type Declarable, type Tree } from './leaf.ts';

const MAX_DEPTH = 200;
/** Nodes that aliases may stand for, all together: a text of a kilobyte can name 10^9. */
const MAX_NODES = 500_000;
const MAX_DOCUMENTS = 10_000;

/** Reads every document of a text. Refuses `malformed-text`, with the line. */
export function parseYaml(text: string): readonly Tree[] {
  const lines = new LineCounter();
  // The failsafe schema leaves every scalar the text it is; what it means is decided below.
  const parsed = parseAllDocuments(text, {
    version: '1.2',
    schema: 'failsafe',
    uniqueKeys: true,
    lineCounter: lines,
    merge: false,
  });
  const documents: readonly Document[] = Array.isArray(parsed) ? parsed : [];
  if (documents.length > MAX_DOCUMENTS)
    throw refuse('too-large', `more than ${MAX_DOCUMENTS} YAML documents`);
  return documents.flatMap((document) => {
    const [problem] = [...document.errors, ...document.warnings];
    if (problem !== undefined)
      throw refuse('malformed-text', problem.message.split('\n', 1)[0] ?? 'not YAML');
    // `---` at the end of a file starts a document in which there is nothing.
    const { contents } = document;
    const empty = isScalar(contents) && contents.type === 'PLAIN' && contents.value === '';
    return contents === null || empty ? [] : [new Reader(document, lines).read(contents, 0)];
  });
}

/** Leaves of a YAML file with one document; `yaml@1`. */
export function declareYaml(text: string): Declarable {
  const documents = parseYaml(text);
  const leaves = new Leaves();
  const [only] = documents;
  if (documents.length === 1 && only !== undefined) leaves.add('', only);
  else for (const [i, document] of documents.entries()) leaves.add(`/${i}`, document);
  return { profile: 'yaml@1', leaves: leaves.all(), excluded: [], source: { kind: 'yaml' } };
}

class Reader {
  readonly #document: Document;
  readonly #lines: LineCounter;
  #nodes = 0;

  constructor(document: Document, lines: LineCounter) {
    this.#document = document;
    this.#lines = lines;
  }

  read(node: unknown, depth: number): Tree {
    if (depth > MAX_DEPTH) throw this.#fault(node, `nested deeper than ${MAX_DEPTH}`);
    if (++this.#nodes > MAX_NODES) throw refuse('too-large', `aliases make it more than ${MAX_NODES} nodes`);
    if (isAlias(node)) return this.read(node.resolve(this.#document), depth + 1);
    if (isSeq(node)) return node.items.map((item) => this.read(item, depth + 1));
    if (isMap(node)) {
      const members = new Map<string, Tree>();
      for (const { key, value } of node.items) members.set(this.#key(key), this.read(value, depth + 1));
      return members;
    }
    if (node === null) return null;
    if (!isScalar(node) || typeof node.value !== 'string') throw this.#fault(node, 'not a YAML value');
    const { tag, value, type } = node;
    if (tag !== undefined && tag !== 'tag:yaml.org,2002:str')
      throw this.#fault(node, `the tag ${tag} is not read here; write the value itself`);
    if (!value.isWellFormed()) throw this.#fault(node, 'half of a surrogate pair, which no text is');
    if (type !== 'PLAIN' || tag !== undefined) return value;
    const meaning = meaningOf(value);
    if (meaning !== undefined) return meaning;
    const fix = `quote it: "${value}"`;
    throw this.#fault(node, `${value} is not the same to every reader of YAML (1.1, 1.2); ${fix}`);
  }

  /** A name is the text it is written as, whatever its type would be. */
  #key(key: unknown): string {
    const node = isAlias(key) ? key.resolve(this.#document) : key;
    if (!isScalar(node) || typeof node.value !== 'string') throw this.#fault(key, 'a name must be a text');
    if (node.value === '<<' && node.type === 'PLAIN')
      throw this.#fault(key, 'the merge key << is of YAML 1.1 alone; write the members out');
    return node.value;
  }

  #fault(node: unknown, what: string): Refusal {
    const at = isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? (node.range?.[0] ?? 0) : 0;
    return refuse('malformed-text', `line ${this.#lines.linePos(at).line}: ${what}`);
  }
}

/** What few plain scalars a declaration has are seen again and again. */
const known = new Map<string, Tree | undefined>();
const MAX_KNOWN = 50_000;

/** A date or a time to readers of YAML 1.1 (yaml.org/type/timestamp), a text to all others. */
const TIMESTAMP = /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:$|[Tt \t])/;

/** What YAML 1.1 and 1.2 both take a plain scalar for; undefined where they differ. */
function meaningOf(source: string): Tree | undefined {
  if (TIMESTAMP.test(source)) return undefined;
  if (known.has(source)) return known.get(source);
  const [old, now] = (['1.1', '1.2'] as const).map((version): unknown =>
    parse(source, {
      version,
      schema: version === '1.1' ? 'yaml-1.1' : 'core',
      intAsBigInt: true,
      logLevel: 'silent',
    }),
  );
  // The library's pattern for floats of YAML 1.1 takes `E3` for one, which no version does.
  const same = Object.is(old, now) || (Number.isNaN(old) && !/nan/i.test(source));
  const meaning = same ? scalarOf(now, source) : undefined;
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(source, meaning);
  return meaning;
}

function scalarOf(value: unknown, source: string): Tree | undefined {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  // `+1`, `1_000` and `0x10` have other spellings; a number is declared in the plain one.
  if (typeof value === 'bigint') return String(value) === source ? numberOf(source) : undefined;
  // `1e3`, `.5` and `1.` are numbers to some readers of YAML 1.1 and texts to others.
  return typeof value === 'number' && /^-?[0-9]+\.[0-9]+$/.test(source) ? numberOf(source) : undefined;
}
