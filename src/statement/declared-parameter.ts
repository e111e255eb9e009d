/**
 * Parameters of claims whose values are declared leaves (spec/statements.md §3, "Declared parameters"). A claim names
 * the path of a leaf, and the commitment carries the opening of each leaf that is so named:
 *
 *     claims: [{ …, declared: { ciphers: "/Ciphers" } }]      openings: [[index, salt, "/Ciphers", value, proof]]
 *
 * Whoever parses the commitment checks that each opening leads to the root of the declaration. The parsed claim has the
 * leaf's value among its parameters, so everybody who evaluates it reads the same value, and none can read another.
 */
import { decodeCbor, isCborArray, isCborMap, type CborValue } from '../bytes/cbor.ts';
import { compareUtf8 } from '../bytes/compare.ts';
import { Refusal } from '../bytes/refusal.ts';
import type { Claim } from './claim.ts';
import { isSameParameter, MAX_ITEMS, MAX_PARAMETERS, parameter, type Parameter } from './parameter.ts';
import { opening, verifyOpening, type Opening, type TreeHead } from './saltedleaf.ts';
import { array, describe, utf8Length, wrong } from './schema.ts';
import { inside } from './vocabulary.ts';

/** Most openings of one commitment: an item of a list is one, and so is the list. */
export const MAX_OPENINGS = 64;
/** Most bytes of all of them: salts, paths, values and proofs. Half of what an entry holds. */
export const MAX_OPENED_BYTES = 32_768;

export const openings = array(opening, MAX_OPENINGS, 1);

/** What a leaf can be to a parameter: its value, a list of so many items below it, or nothing, with the reason. */
type LeafContent =
  | { readonly value: Parameter }
  | { readonly items: number }
  | {
      /** Completes `the leaf …`. */
      readonly unfit: string;
    };

/** What a leaf's value in the tree can be to a parameter. */
export function leafContent(value: Opening['value']): LeafContent {
  if (!(value instanceof Uint8Array)) return { unfit: 'is longer than a leaf that can be shown' };
  const content = contentOf(value);
  if (content === undefined) return { unfit: 'is no CBOR, so only its owner knows how to read it' };
  if (isCborMap(content)) return markedContent(content);
  if (isCborArray(content)) return { unfit: 'is an empty list, and a parameter has at least one item' };
  try {
    return { value: parameter.parse(content, '') };
  } catch (error) {
    if (error instanceof Refusal) return { unfit: `is ${describe(content)}, and a parameter ${FORMS}` };
    throw error;
  }
}

/** Completes `a parameter …`. */
export const FORMS = 'is a text of at most 1,024 bytes, a whole number, true or false, or a list of texts';

function contentOf(value: Uint8Array): CborValue | undefined {
  try {
    return decodeCbor(value);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

/** A map of one marked member (declare/leaf.ts), or the facts of a whole file. */
function markedContent(content: ReadonlyMap<CborValue, CborValue>): LeafContent {
  const items = content.get('list');
  if (content.size === 1 && typeof items === 'number') return { items };
  if (content.has('sensitive'))
    return { unfit: 'is sensitive: only a keyed digest of it stands in the tree' };
  if (content.has('sha256')) return { unfit: 'is a whole file, of which the tree has the SHA-256 alone' };
  return { unfit: `is no value that a parameter can have: a parameter ${FORMS}` };
}

/** Reads opened leaves by path, and records which of them were needed. */
class OpenedLeaves {
  readonly #byPath: ReadonlyMap<string, Opening>;
  readonly #used = new Set<string>();
  readonly #values = new Map<string, Parameter>();

  constructor(shown: readonly Opening[]) {
    this.#byPath = new Map(shown.map((each) => [each.path, each]));
  }

  /** The value of the leaf, or of the list, at a path, made once for all claims that name it. Refuses `malformed-payload`. */
  valueOf(path: string, at: string): Parameter {
    const value = this.#values.get(path) ?? this.#read(path, at);
    this.#values.set(path, value);
    return value;
  }

  #read(path: string, at: string): Parameter {
    const content = this.#contentOf(path, at);
    if ('value' in content) return content.value;
    if ('unfit' in content) throw wrong(at, `the leaf ${describe(path)} ${content.unfit}`);
    if (content.items < 1 || content.items > MAX_ITEMS)
      throw wrong(
        at,
        `the list ${describe(path)} has ${content.items} items; a parameter has 1 to ${MAX_ITEMS}`,
      );
    const texts = Array.from({ length: content.items }, (_, i) => {
      const item = this.#contentOf(`${path}/${i}`, at);
      if ('value' in item && typeof item.value === 'string') return item.value;
      throw wrong(at, `the list ${describe(path)} has an item that is no text`);
    });
    return parameter.parse(texts, at);
  }

  /** The first opening that no claim needed; undefined if there is none. */
  get idle(): Opening | undefined {
    return [...this.#byPath.values()].find(({ path }) => !this.#used.has(path));
  }

  #contentOf(path: string, at: string): LeafContent {
    const found = this.#byPath.get(path);
    if (found === undefined) throw wrong(at, `the leaf ${describe(path)} is not opened in this commitment`);
    this.#used.add(path);
    return leafContent(found.value);
  }
}

/**
 * Claims with the values of the leaves that they name, in the place of which a payload has the paths. Refuses
 * `malformed-payload` for an opening that does not lead to the root or that no claim names, and for a leaf that is not
 * opened or has no value that a parameter can have.
 */
export function withDeclared(
  claims: readonly Claim[],
  shown: readonly Opening[],
  tree: TreeHead,
  at: string,
): readonly Claim[] {
  checkOpenings(shown, tree, inside(at, 'openings'));
  const opened = new OpenedLeaves(shown);
  const resolved = claims.map((claim, i) => {
    const { params, declared } = claim;
    if (declared === undefined) return claim;
    const place = `${inside(at, 'claims')}[${i}].declared`;
    const all = new Map(params);
    for (const [name, path] of declared) {
      const where = `${place}[${describe(name)}]`;
      if (all.has(name)) throw wrong(where, 'the parameter has a constant, too; keep one');
      all.set(name, opened.valueOf(path, where));
    }
    if (all.size > MAX_PARAMETERS) throw wrong(place, `a claim has at most ${MAX_PARAMETERS} parameters`);
    return Object.freeze({ ...claim, params: all });
  });
  const { idle } = opened;
  if (idle !== undefined)
    throw wrong(inside(at, 'openings'), `no claim names the leaf ${describe(idle.path)}; leave it out`);
  return Object.freeze(resolved);
}

/** Ascending by index and by path, since paths ascend in the tree: no path is there twice. */
function checkOpenings(shown: readonly Opening[], tree: TreeHead, at: string): void {
  let bytes = 0;
  for (const [i, each] of shown.entries()) {
    const before = shown[i - 1];
    const ascends =
      before === undefined || (each.index > before.index && compareUtf8(before.path, each.path) < 0);
    if (!ascends) throw wrong(`${at}[${i}]`, 'indices and paths must ascend, each once');
    bytes += openedBytes(each);
    if (bytes > MAX_OPENED_BYTES) throw wrong(at, `they have more than ${MAX_OPENED_BYTES} bytes`);
    try {
      verifyOpening(each, tree);
    } catch (error) {
      if (error instanceof Refusal) throw wrong(`${at}[${i}]`, error.message);
      throw error;
    }
  }
}

/** Bytes of an opening that count for `MAX_OPENED_BYTES`. */
export function openedBytes({ salt, path, value, proof }: Opening): number {
  return (
    salt.length + utf8Length(path) + (value instanceof Uint8Array ? value.length : 40) + 32 * proof.length
  );
}

/**
 * The inverse of `withDeclared`: claims as a payload has them. Refuses `malformed-payload` for a parameter whose value is
 * not that of the leaf which the claim names.
 */
export function withoutDeclared(claims: readonly Claim[], shown: readonly Opening[]): readonly Claim[] {
  const opened = new OpenedLeaves(shown);
  return claims.map((claim) => {
    const { params, declared, ...rest } = claim;
    if (declared === undefined) return claim;
    for (const [name, path] of declared) {
      const value = params?.get(name);
      const place = `claims.declared[${describe(name)}]`;
      if (value !== undefined && !isSameParameter(value, opened.valueOf(path, place)))
        throw wrong(place, `the parameter has another value than the leaf ${describe(path)}`);
    }
    const constants = new Map([...(params ?? [])].filter(([name]) => !declared.has(name)));
    return { ...rest, declared, ...(constants.size > 0 && { params: constants }) };
  });
}
