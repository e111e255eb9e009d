/**
 * Reads a whole log and records where the entries about each subject are. From the log alone, only a reader of every entry knows
 * that nothing about a subject was omitted. It is also the only way to find entries if nobody answers searches: in a mirror, in a
 * directory, or on another host that has tiles only.
 */
import { refuse } from '../bytes/refusal.ts';
import type { WitnessedHead } from '../appraisal/past/types.ts';
import type { ParsedStatement } from '../statement/parse.ts';
import type { BatchHasher } from '../tree/hash.ts';
import { walkOf } from './entries.ts';
import { EntryRows, type Row } from './entry-rows.ts';
import type { NodeSource } from './history.ts';
import type { KeptFirst } from './kept-bundles.ts';
import type { Listed, Page, Wanted } from './search.ts';
import { statementIn } from './tail.ts';
import type { TileReader } from './tiles.ts';
import type { LogView } from './view.ts';
import { FoundHeads } from './witnessed-heads.ts';

/** Most entries of a log that is read whole: 250 MiB of rows. For a larger log, use a monitor, which stores what it read. */
const MOST_ENTRIES = 5_000_000;
/** Rows of one page. */
const PAGE_ROWS = 512;

/** The witnessed head in an entry, verified under the newest head; undefined for an entry that has none. */
export type OpenHead = (
  entry: { readonly index: number; readonly parsed: ParsedStatement },
  view: LogView,
  nodes: NodeSource,
) => Promise<WitnessedHead | undefined>;

export class EntryIndex {
  readonly #tiles: TileReader;
  readonly #hasher: BatchHasher;
  readonly #openHead: OpenHead;
  readonly #keptOf: (origin: string) => KeptFirst | undefined;
  readonly #rows = new EntryRows();
  readonly heads = new FoundHeads();

  /** `keptOf`: reads and keeps the bundles of a log between runs. Default: nothing is kept. */
  constructor(
    tiles: TileReader,
    hasher: BatchHasher,
    openHead: OpenHead,
    keptOf: (origin: string) => KeptFirst | undefined = () => undefined,
  ) {
    this.#keptOf = keptOf;
    this.#tiles = tiles;
    this.#hasher = hasher;
    this.#openHead = openHead;
  }

  /**
   * Continues to read, up to the head of a view. If it fails half-way, the next call continues from there. Refuses `too-large`,
   * and what `walkOf` refuses.
   */
  async advance(view: LogView, onProgress: (done: number) => void): Promise<void> {
    const { size } = view.head;
    if (size > MOST_ENTRIES)
      throw refuse('too-large', `the log has ${size} entries; let a monitor copy it, and name that`, {
        remedy: { monitor: true },
      });
    const from = this.#rows.size;
    if (size <= from) return;
    const kept = this.#keptOf(view.opened.checkpoint.origin);
    const { bundles, nodes } = walkOf(kept ?? this.#tiles, view.head, this.#hasher, from);
    for await (const bundle of bundles) {
      const { start, entries, ids } = bundle;
      await kept?.keep(bundle);
      for (const [i, bytes] of entries.entries()) {
        const [index, id] = [start + i, ids[i]];
        if (index !== this.#rows.size || id === undefined) continue;
        const parsed = statementIn(bytes);
        const head = parsed && (await this.#openHead({ index, parsed }, view, nodes));
        this.#rows.push(id, parsed);
        if (head !== undefined) this.heads.add(head);
      }
      onProgress(start + entries.length);
    }
  }

  /** The rows that match, newest first. `timeOf`: when an entry was logged, as far as it is known. */
  async *pages(wanted: Wanted, timeOf: (index: number) => number): AsyncGenerator<Page, void, undefined> {
    let rows: Listed[] = [];
    for (const { index, id, subject } of this.#rows.matching(wanted)) {
      rows.push({ index, id, subject, time: timeOf(index) });
      if (rows.length < PAGE_ROWS) continue;
      yield { rows, next: index };
      rows = [];
    }
    yield { rows, next: undefined };
  }

  /** The row of an entry that was read; undefined for one that is no statement. */
  at(index: number): Row | undefined {
    return this.#rows.at(index);
  }

  /** The newest row that matches and that a listing does not name with its subject; undefined if it names all. */
  missingIn(named: readonly Listed[], wanted: Wanted): Row | undefined {
    const subjects = new Map(named.map((each) => [each.id, each.subject]));
    for (const row of this.#rows.matching(wanted)) if (subjects.get(row.id) !== row.subject) return row;
    return undefined;
  }
}
