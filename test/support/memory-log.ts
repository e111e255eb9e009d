/**
 * The one log in memory: entries, their tree, files and search, by the definitions of RFC 9162 and C2SP. It admits whatever
 * it is given. Faces stand around it: `served-log.ts` behind a `fetch`, `fake-log.ts` behind the log's own port,
 * `hostile-log.ts` on a socket, `agent-world.ts` behind the agent's port.
 */
import { entryId, leafIndex, treeSize, type Digest, type EntryId } from '#src/bytes/brand.ts';
import { concatBytes } from '#src/bytes/compare.ts';
import { encodeInclusionReceipt } from '#src/cose/receipt.ts';
import type { SealedHead } from '#src/log/ports.ts';
import { kindOf, type StatementKind } from '#src/statement/kinds.ts';
import { parseHeaders } from '#src/statement/parse.ts';
import { encodeBundle } from '#src/tree/bundle.ts';
import { emptyEdge, grow, type Growth } from '#src/tree/grow.ts';
import { hashLeaf, nobleHasher } from '#src/tree/hash.ts';
import { proveConsistency, proveInclusion } from '#src/tree/prove.ts';
import { parseTilePath } from '#src/tree/tile.ts';
import { entryIdOf } from './world.ts';

/** What the index says of an entry. */
export interface Row {
  readonly index: number;
  readonly id: EntryId;
  readonly kind: StatementKind;
  readonly subject: string;
  readonly kid: string;
}

/** What a search is asked for; each as the log's own search has it. */
export interface Query {
  readonly from?: number | undefined;
  readonly before?: number | undefined;
  readonly subject?: string | undefined;
  readonly kind?: string | undefined;
  readonly kid?: string | undefined;
}

/** Leaf hashes of entries, by identity: entries are never changed in place. */
const LEAVES = new WeakMap<Uint8Array, Digest>();

function leafOf(entry: Uint8Array): Digest {
  const known = LEAVES.get(entry) ?? hashLeaf(entry);
  LEAVES.set(entry, known);
  return known;
}

export class MemoryLog {
  /** Tests add to it, and put others in their places. */
  entries: Uint8Array[];
  readonly #trees = new Map<number, { readonly of: readonly Uint8Array[]; readonly growth: Growth }>();

  constructor(entries: readonly Uint8Array[] = []) {
    this.entries = [...entries];
  }

  /** Adds an entry, unless it is there. Returns its index, and whether it was there. */
  add(entry: Uint8Array): { readonly index: number; readonly duplicate: boolean } {
    const known = this.find(entryIdOf(entry));
    return known === undefined
      ? { index: this.entries.push(entry) - 1, duplicate: false }
      : { index: known, duplicate: true };
  }

  find(id: string): number | undefined {
    const index = this.entries.findIndex((entry) => entryIdOf(entry) === id);
    return index === -1 ? undefined : index;
  }

  root(size = this.entries.length): Digest {
    return this.tree(size).root;
  }

  inclusion(index: number, size = this.entries.length): readonly Digest[] {
    return proveInclusion(this.tree(size).read, leafIndex(index), treeSize(size));
  }

  consistency(from: number, to = this.entries.length): readonly Digest[] {
    return from === 0 ? [] : proveConsistency(this.tree(to).read, treeSize(from), treeSize(to));
  }

  /** A receipt under a sealed head. */
  receipt(index: number, { size, seal }: Pick<SealedHead, 'size' | 'seal'>): Uint8Array {
    return encodeInclusionReceipt(seal, size, leafIndex(index), this.inclusion(index, size));
  }

  /** A file of a tree of that size, such as `tile/0/000.p/5` or `tile/entries/000`; undefined when it has none. */
  file(path: string, size = this.entries.length): Uint8Array | undefined {
    const { kind, level, index, width } = parseTilePath(path);
    return kind === 'bundle' ? this.bundle(index, width, size) : this.tile(level, index, width, size);
  }

  bundle(index: number, width: number, size = this.entries.length): Uint8Array | undefined {
    const entries = this.entries.slice(0, size).slice(index * 256, index * 256 + width);
    return entries.length < width ? undefined : encodeBundle(entries);
  }

  tile(level: number, index: number, width: number, size = this.entries.length): Uint8Array | undefined {
    const tile = this.tree(size).tiles.find((each) => each.level === level && each.index === index);
    return tile === undefined || tile.width < width ? undefined : tile.hashes.slice(0, width * 32);
  }

  /** Entries that are statements, newest first. */
  rows(query: Query = {}, size = this.entries.length): readonly Row[] {
    const { from = 0, before = Infinity, subject, kind, kid } = query;
    return this.entries
      .slice(0, size)
      .flatMap((entry, index) => {
        const row = rowOf(entry, index);
        return row === undefined || index < from || index >= before ? [] : [row];
      })
      .filter((row) => (subject ?? row.subject) === row.subject)
      .filter((row) => (kind ?? row.kind) === row.kind)
      .filter((row) => (kid ?? row.kid) === row.kid)
      .toReversed();
  }

  /** The tree of the first entries. */
  tree(size: number): Growth {
    const of = this.entries.slice(0, size);
    if (of.length < size) throw new Error(`there are ${of.length} entries, not ${size}`);
    const known = this.#trees.get(size);
    if (known !== undefined && known.of.every((entry, i) => entry === of[i])) return known.growth;
    const growth = grow(emptyEdge(), concatBytes(...of.map(leafOf)), nobleHasher);
    this.#trees.set(size, { of, growth });
    return growth;
  }
}

/** What the index says of an entry, also of one of newer rules; undefined for what is no statement. */
function rowOf(entry: Uint8Array, index: number): Row | undefined {
  try {
    const { statement, subject, kid } = parseHeaders(entry);
    return { index, id: entryId(entryIdOf(entry)), kind: kindOf(statement.contentType), subject, kid };
  } catch {
    return undefined;
  }
}
