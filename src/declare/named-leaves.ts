/**
 * Leaves of a declaration that its claims name in place of constants: `params: { ciphers: { declared: /Ciphers } }`. A
 * path is resolved when the claims file is read. The leaves so named become public with the commitment, each with its
 * opening (statement/declared-parameter.ts).
 */
import { refuse } from '../bytes/refusal.ts';
import { nearest } from '../bytes/suggest.ts';
import {
  FORMS,
  leafContent,
  MAX_OPENED_BYTES,
  MAX_OPENINGS,
  openedBytes,
} from '../statement/declared-parameter.ts';
import { MAX_ITEMS, type Parameter } from '../statement/parameter.ts';
import { openLeaf, type Opening, type SaltedTree } from '../statement/saltedleaf.ts';
import { fault } from './fields.ts';
import { showPath } from './leafopening.ts';

/** Most paths below the named one that a refusal lists. */
const MOST_NEAR = 3;

export class NamedLeaves {
  readonly #tree: SaltedTree | undefined;
  readonly #indices: ReadonlyMap<string, number>;
  readonly #named = new Set<number>();
  readonly #missed = new Set<string>();

  /** `tree`: of the declaration; undefined if there is none, and then no claim can name a leaf. */
  constructor(tree?: SaltedTree) {
    this.#tree = tree;
    this.#indices = new Map(tree?.leaves.map(({ path }, index) => [path, index]));
  }

  /**
   * The value of the leaf, or of the list of texts, at a path. `at`: place in the claims file. Refuses `malformed-payload`
   * for a path that is not there, naming the nearest ones, and for a leaf that no parameter can be.
   */
  valueOf(path: string, at: string): Parameter {
    const content = this.#contentOf(path, at);
    if ('value' in content) return content.value;
    if ('unfit' in content) throw unfit(path, at, content.unfit);
    if (content.items < 1 || content.items > MAX_ITEMS)
      throw unfit(path, at, `is a list of ${content.items} items, and a parameter has 1 to ${MAX_ITEMS}`);
    return Array.from({ length: content.items }, (_, i) => {
      const item = this.#contentOf(`${path}/${i}`, at);
      if ('value' in item && typeof item.value === 'string') return item.value;
      throw unfit(path, at, `is a list whose item ${i} is no text; a parameter ${FORMS}`);
    });
  }

  /** Whether there is a leaf at a path that a pack looks for. */
  find(path: string): boolean {
    const isThere = this.#indices.has(path);
    if (!isThere) this.#missed.add(path);
    return isThere;
  }

  /** Paths that `find` did not find. */
  get missed(): readonly string[] {
    return [...this.#missed];
  }

  /** The openings of all leaves that were named, in the order of the tree. Refuses `malformed-payload` for too many. */
  openings(): readonly Opening[] {
    const tree = this.#tree;
    if (tree === undefined) return [];
    const shown = [...this.#named].toSorted((a, b) => a - b).map((index) => openLeaf(tree, index));
    const bytes = shown.reduce((sum, each) => sum + openedBytes(each), 0);
    if (shown.length > MAX_OPENINGS || bytes > MAX_OPENED_BYTES)
      throw fault(
        'claims',
        `name ${shown.length} declared leaves, which take ${bytes} bytes in the commitment; it holds ${MAX_OPENINGS} and ` +
          `${MAX_OPENED_BYTES} bytes at most: name fewer, or split the subject`,
      );
    return shown;
  }

  #contentOf(path: string, at: string): ReturnType<typeof leafContent> {
    const index = this.#indices.get(path);
    const leaf = index === undefined ? undefined : this.#tree?.leaves[index];
    if (index === undefined || leaf === undefined) throw this.#missing(path, at);
    this.#named.add(index);
    return leafContent(leaf.value);
  }

  #missing(path: string, at: string): Error {
    const paths = [...this.#indices.keys()];
    if (paths.length === 0) return fault(at, 'names a declared leaf, and nothing is declared here');
    const below = paths.filter((each) => each.startsWith(`${path}/`)).slice(0, MOST_NEAR);
    if (below.length > 0)
      return fault(
        at,
        `${showPath(path)} is no leaf, and leaves lie below it: name one, such as ${below.map(showPath).join(', ')}`,
      );
    const near = nearPaths(path, paths).map(showPath);
    const nothing = `${at}: nothing is declared at ${showPath(path)}`;
    return near.length === 0
      ? refuse('malformed-payload', `${nothing}; list what there is`, { remedy: { list: true } })
      : refuse('malformed-payload', `${nothing}; did you mean ${near.join(', ')}?`);
  }
}

/** At most three, the nearest first; a list stands for its items. */
function nearPaths(path: string, paths: readonly string[]): readonly string[] {
  const near = [...new Set([...nearest(path, paths, 2 * MOST_NEAR), ...withLastStep(path, paths)])];
  return near.filter((each) => !near.some((other) => each.startsWith(`${other}/`))).slice(0, MOST_NEAR);
}

/** Paths that end in the last step of a path: who names a setting often leaves out in which block it stands. */
function withLastStep(path: string, paths: readonly string[]): readonly string[] {
  const step = path.slice(path.lastIndexOf('/')).toLowerCase();
  return step === '/' ? [] : paths.filter((each) => each.toLowerCase().endsWith(step)).slice(0, MOST_NEAR);
}

function unfit(path: string, at: string, why: string): Error {
  return fault(at, `the leaf ${showPath(path)} ${why}`);
}
