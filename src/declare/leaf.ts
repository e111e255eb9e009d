/**
 * Declared leaves: a source taken apart into paths and values with one spelling each. So the same declaration always makes
 * the same bytes, and different declarations make different bytes (spec/claims.md, "Sources").
 *
 *     {"ports": [80, 443]}   →   /ports = {list: 2}   /ports/0 = 80   /ports/1 = 443
 *
 * A list that is not empty has a leaf of its own: `{list: n}` if its items are found by position, or `{list: [steps]}`, in
 * order, if they are found by name. No scalar has such a value, so the tree can be made from the leaves again (tree.ts). The
 * order of a named list is one leaf, and inserting an item changes the path of no other.
 */
import { encodeCbor, type CborValue } from '../bytes/cbor.ts';
import type { JsonScalar, JsonValue, NumberText } from '../bytes/json.ts';
import { printable } from '../bytes/printable.ts';
import { refuse } from '../bytes/refusal.ts';
import { encodeUtf8, HALF_A_PAIR } from '../bytes/text.ts';

/**
 * The content of a leaf. A number keeps its text if it is a fraction, beyond ±(2^53−1), or not written as a whole number:
 * `1.10`, `1e3` and 12345678901234567890 are other declarations than 1.1, 1000 and …891.
 */
export type Scalar = JsonScalar;

/** A tree as sources are read: maps keep the order of the source, which no leaf depends on. */
export type Tree = JsonValue;
export type TreeMap = ReadonlyMap<string, Tree>;

/**
 * A map some of whose names are no texts in YAML: `200` is a number, "200" a text. One more leaf, `{names: [texts]}`,
 * sorted, lists those names.
 */
export class TypedMap extends Map<string, Tree> {
  readonly typed = new Set<string>();
}

export interface DeclaredLeaf {
  /** Steps from the root of the source, JSON Pointer escaped (RFC 6901 §3). */
  readonly path: string;
  /** Deterministic CBOR. */
  readonly value: Uint8Array;
  /** True for a value that is never disclosed. The owner's file has a keyed digest in its place. */
  readonly sensitive: boolean;
  /** The value if it is a text or a number, for the search for secrets. */
  readonly text?: string;
  /** By which name the search for secrets goes, where the last step misleads it: `proxy_pass` of nginx is an address. */
  readonly called?: string;
}

/** Something that was left out, and why. It is part of the commitment, so that readers see what is not declared. */
export interface Exclusion {
  readonly path: string;
  readonly reason: string;
}

/** A source as leaves. */
export interface Declarable {
  /** Name and version of the rules that made the leaves: `json@1`. */
  readonly profile: string;
  readonly leaves: readonly DeclaredLeaf[];
  readonly excluded: readonly Exclusion[];
  /** The tool that wrote the source and its versions, if the source names them. */
  readonly source: {
    readonly kind: string;
    readonly tool?: string;
    readonly toolVersion?: string;
    readonly versions?: ReadonlyMap<string, string>;
  };
  /** What whoever commits should know of it, a sentence each. */
  readonly remarks?: readonly string[];
  /** Leaves that look like secrets for a reason that only this kind of source knows. */
  readonly suspects?: readonly Unmarked[];
}

/** What looks like a secret: where, and why. */
export interface Unmarked {
  readonly path: string;
  readonly why: string;
  /** It is the name of a member, which nothing hides; `path` is where that member stands. */
  readonly inName?: true;
}

/** Most leaves of one declaration, and the longest path: what a commitment can hold (spec/statements.md §8). */
const MAX_LEAVES = 200_000;
const MAX_PATH_BYTES = 1_024;

export function isTreeMap(tree: Tree): tree is TreeMap {
  return tree instanceof Map;
}

export function isTreeList(tree: Tree): tree is readonly Tree[] {
  return Array.isArray(tree);
}

export function isNumberText(tree: Tree): tree is NumberText {
  return typeof tree === 'object' && tree !== null && 'number' in tree;
}

/** Canonical bytes of a leaf's content. Different forms never have the same bytes. */
function encodeContent(content: Scalar): Uint8Array<ArrayBuffer> {
  return isNumberText(content) ? marked('number', content.number) : encodeCbor(content);
}

const NOTHING = 'the source is no map and no list, or an empty one; there is nothing to name';

/** A value that no scalar can have: a map with one member. */
function marked(name: string, value: CborValue): Uint8Array<ArrayBuffer> {
  return encodeCbor(new Map([[name, value]]));
}

const EMPTY_MAP = encodeCbor(new Map());
const EMPTY_LIST = encodeCbor([]);
/** The value of a leaf that is known only after the declaration is applied. */
const UNKNOWN = marked('unknown', true);

/** Collects leaves. Refuses `too-large`, and `malformed-payload` for a path that occurs twice or has a control character. */
export class Leaves {
  readonly #leaves = new Map<string, DeclaredLeaf>();

  /** Adds everything at and below a tree. `sensitive` decides leaf by leaf, by path. */
  add(at: string, tree: Tree, sensitive: (path: string) => boolean = () => false, called?: string): void {
    if (isTreeMap(tree) && tree.size > 0) {
      if (tree instanceof TypedMap) this.addNames(at, tree, sensitive(at));
      for (const [name, child] of tree) this.add(below(at, name), child, sensitive);
    } else if (isTreeList(tree) && tree.length > 0) {
      this.addList(at, tree.length, sensitive(at));
      for (const [i, child] of tree.entries()) this.add(below(at, String(i)), child, sensitive);
    } else if (at === '') {
      throw refuse('malformed-payload', NOTHING);
    } else {
      if (typeof tree === 'string' && !tree.isWellFormed())
        throw refuse('malformed-text', `${printable(at)}: ${HALF_A_PAIR}`);
      const value = isTreeMap(tree) ? EMPTY_MAP : isTreeList(tree) ? EMPTY_LIST : encodeContent(tree);
      this.put({
        path: at,
        value,
        sensitive: sensitive(at),
        ...(typeof tree === 'string' && { text: tree }),
        ...(typeof tree === 'number' && { text: String(tree) }),
        ...(isNumberText(tree) && { text: tree.number }),
        ...(called !== undefined && { called }),
      });
    }
  }

  /** The leaf of a list: how many items it has, or the steps to them in order. */
  addList(path: string, items: number | readonly string[], sensitive = false): void {
    this.put({ path, value: marked('list', items), sensitive });
  }

  /** The leaf of a map that has names that are no texts; none for other maps. */
  addNames(path: string, { typed }: TypedMap, sensitive = false): void {
    if (typed.size > 0) this.put({ path, value: marked('names', [...typed].toSorted()), sensitive });
  }

  /** The leaf at the top of a source of several documents, each below its number. */
  addDocuments(count: number): void {
    this.put({ path: '', value: marked('documents', count), sensitive: false });
  }

  /** The leaf that marks a tree as the contents of a text; `of`: the format of that text, `iam-policy`. */
  addText(path: string, of: string): void {
    this.put({ path, value: marked('text', of), sensitive: false });
  }

  /** A date, or a date with a time, in ISO 8601. */
  addTimestamp(path: string, iso: string): void {
    this.put({ path, value: marked('timestamp', iso), sensitive: false });
  }

  /** A value that is encrypted in the source, as its ciphertext. It is sensitive. */
  addSealed(path: string, ciphertext: string): void {
    this.put({ path, value: marked('sealed', ciphertext), sensitive: true });
  }

  /** A value that is known only after the declaration is applied. */
  addUnknown(path: string): void {
    this.put({ path, value: UNKNOWN, sensitive: false });
  }

  has(path: string): boolean {
    return this.#leaves.has(path);
  }

  /** All leaves, in the order of their paths. */
  all(): readonly DeclaredLeaf[] {
    return [...this.#leaves.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1));
  }

  /** A leaf that was made elsewhere. */
  put(leaf: DeclaredLeaf): void {
    const { path } = leaf;
    if (!path.isWellFormed())
      throw refuse('malformed-text', `the name of ${printable(path)}: ${HALF_A_PAIR}`);
    if (/\p{Cc}/u.test(path))
      throw refuse(
        'malformed-payload',
        `the name of ${printable(path)} has a control character, which no path of a leaf can have; ` +
          'commit the file whole: `tallystick commit files FILE`',
      );
    // A UTF-16 unit takes at most three bytes.
    if (path.length * 3 > MAX_PATH_BYTES && encodeUtf8(path).length > MAX_PATH_BYTES)
      throw refuse(
        'too-large',
        `a path of more than ${MAX_PATH_BYTES} bytes: ${printable(path, 100)}; ` +
          'commit the file whole: `tallystick commit files FILE`',
      );
    if (this.#leaves.size >= MAX_LEAVES)
      throw refuse('too-large', `more than ${MAX_LEAVES} leaves; commit to its parts one by one`);
    if (this.#leaves.has(path))
      throw refuse(
        'malformed-payload',
        `${path} is declared twice; the later one would hide the earlier, so keep one`,
      );
    this.#leaves.set(path, leaf);
  }
}

/** A path one step further (RFC 6901 §3). */
export function below(at: string, name: string): string {
  return `${at}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
