/** A store in memory: the smallest thing that keeps what the ports Store and Guard promise. */
import { treeSize, type Digest, type EntryId, type LeafIndex } from '#src/bytes/brand.ts';
import { equalBytes } from '#src/bytes/compare.ts';
import { refuse } from '#src/bytes/refusal.ts';
import { formatHex } from '#src/bytes/text.ts';
import type {
  ChainHead,
  EntryRow,
  Guard,
  Head,
  NewEntry,
  Plan,
  Query,
  SearchPage,
  Store,
  StoredEntry,
  TileRow,
  PolicyPlace,
  Signed,
} from '#src/log/ports.ts';
import { encodeBundle } from '#src/tree/bundle.ts';
import { TILE_WIDTH } from '#src/tree/tile.ts';

export class MemoryStore implements Store {
  #head: Head | undefined;
  readonly #entries: NewEntry[] = [];
  readonly #byId = new Map<EntryId, NewEntry>();
  readonly #byLeaf = new Map<string, LeafIndex>();
  readonly #tiles = new Map<string, TileRow>();
  readonly #chains = new Map<string, ChainHead>();

  async head(): Promise<Head | undefined> {
    return this.#head;
  }

  async tile(level: number, index: number, width: number): Promise<Uint8Array | undefined> {
    const row = this.#tiles.get(`${level}/${index}`);
    return row === undefined || row.width < width ? undefined : row.hashes.subarray(0, width * 32);
  }

  async entries(start: number, end: number): Promise<readonly StoredEntry[]> {
    return this.#entries.slice(start, end);
  }

  async bundle(index: number, width: number): Promise<Uint8Array | undefined> {
    const entries = this.#entries.slice(index * TILE_WIDTH, index * TILE_WIDTH + width);
    return entries.length < width ? undefined : encodeBundle(entries.map(({ bytes }) => bytes));
  }

  async find(id: EntryId): Promise<EntryRow | undefined> {
    return this.#byId.get(id);
  }

  async findLeaf(leaf: Digest): Promise<LeafIndex | undefined> {
    return this.#byLeaf.get(formatHex(leaf));
  }

  async search(query: Query): Promise<SearchPage> {
    const rows = this.#entries
      .slice(0, query.before ?? this.#entries.length)
      .filter((entry) => matches(entry, query))
      .toReversed()
      .slice(0, query.limit);
    return { rows, next: rows.length === query.limit ? rows.at(-1)?.index : undefined };
  }

  async chain(key: string): Promise<ChainHead | undefined> {
    return this.#chains.get(key);
  }

  async extent(): Promise<{ chains: number; entries: number }> {
    return { chains: this.#chains.size, entries: this.#entries.length };
  }

  async known(ids: readonly EntryId[]): Promise<ReadonlyMap<EntryId, EntryRow>> {
    return new Map(
      ids.flatMap((id) => {
        const row = this.#byId.get(id);
        return row === undefined ? [] : [[id, row] as const];
      }),
    );
  }

  async commit(plan: Plan, expected: Head | undefined): Promise<void> {
    if (!sameHead(this.#head, expected)) throw refuse('swap-lost', 'the store moved under the log');
    for (const entry of plan.entries) {
      this.#entries[entry.index] = entry;
      this.#byId.set(entry.id, entry);
      this.#byLeaf.set(formatHex(entry.leaf), entry.index);
    }
    for (const tile of plan.tiles) this.#tiles.set(`${tile.level}/${tile.index}`, tile);
    for (const [key, link] of plan.chains) this.#chains.set(key, link);
    this.#head = plan.head;
  }

  async close(): Promise<void> {}
}

/** A guard that forgets with the process: for tests. */
export class MemoryGuard implements Guard {
  #head: Signed | undefined;

  async read(): Promise<Signed | undefined> {
    return this.#head;
  }

  async raise(head: Head, { index, id }: PolicyPlace): Promise<void> {
    if (this.#head !== undefined && head.size < this.#head.size) {
      throw refuse(
        'behind-signed-head',
        `already signed size ${this.#head.size}, asked to sign ${head.size}`,
      );
    }
    this.#head = { ...head, size: treeSize(head.size), policy: { index, id } };
  }

  async close(): Promise<void> {}
}

function matches(entry: EntryRow, query: Query): boolean {
  return (['subject', 'issuer', 'kid', 'kind'] as const).every(
    (field) => query[field] === undefined || query[field] === entry[field],
  );
}

function sameHead(a: Head | undefined, b: Head | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.size === b.size && equalBytes(a.root, b.root);
}
