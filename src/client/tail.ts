/**
 * The newest entries of a log, which a reader reads itself: the log's search can leave none of them out. What it leaves out before
 * them, a chain of proofs shows, or a reader of every entry (entry-index.ts).
 */
import { parseStatement, type ParsedStatement } from '../statement/parse.ts';
import { Refusal } from '../bytes/refusal.ts';
import type { BatchHasher } from '../tree/hash.ts';
import { TILE_WIDTH } from '../tree/tile.ts';
import { entriesOf } from './entries.ts';
import type { Row } from './entry-rows.ts';
import type { Remark } from './ports.ts';
import type { Listed, Wanted } from './search.ts';
import type { TileReader } from './tiles.ts';
import type { TreeHead } from './view.ts';

export class Tail {
  readonly #tiles: TileReader;
  readonly #hasher: BatchHasher;
  readonly #bundles: number;
  /** Undefined for an entry that is no statement. */
  readonly #rows: (Row | undefined)[] = [];
  #from = 0;

  /** `bundles`: as many of the last ones are read. */
  constructor(tiles: TileReader, hasher: BatchHasher, bundles: number) {
    this.#tiles = tiles;
    this.#hasher = hasher;
    this.#bundles = bundles;
  }

  /** Every entry from this index on was read. */
  get from(): number {
    return this.#from;
  }

  /** Whether the tail of a head begins after all that was read: then it is another tail, and snapshots of older heads keep this one. */
  isLeft(head: TreeHead): boolean {
    return this.#rows.length > 0 && this.#firstOf(head) > this.#next;
  }

  #firstOf({ size }: TreeHead): number {
    return Math.max(0, Math.ceil(size / TILE_WIDTH) - this.#bundles) * TILE_WIDTH;
  }

  /** Reads on, up to a head. Refuses as `entriesOf` does; the next call then goes on from there. */
  async advance(head: TreeHead): Promise<void> {
    if (this.#rows.length === 0) this.#from = this.#firstOf(head);
    if (head.size <= this.#next) return;
    for await (const { start, entries, ids } of entriesOf(this.#tiles, head, this.#hasher, this.#next))
      for (const [i, bytes] of entries.entries()) {
        const [index, id] = [start + i, ids[i]];
        if (index !== this.#next || id === undefined) continue;
        const parsed = statementIn(bytes);
        this.#rows.push(parsed && { index, id, subject: parsed.subject, kind: parsed.kind, kid: parsed.kid });
      }
  }

  /**
   * `advance`, which an entry that does not hold ends: whoever needs that entry tells it, and the others can be read without. Resolves to
   * `from`; undefined, and a remark, if it could not be read.
   */
  async reach(head: TreeHead, remark: (remark: Remark) => void): Promise<number | undefined> {
    try {
      await this.advance(head);
      return this.from;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const text = `the newest entries were not read, so the search is trusted with them: ${error.message}`;
      remark({ code: 'tail-unread', level: 'warning', text });
      return undefined;
    }
  }

  get #next(): number {
    return this.#from + this.#rows.length;
  }

  /** The newest of these entries that matches and that a listing does not name with its subject. */
  missingIn(named: readonly Listed[], { from = 0, before = Infinity, ...wanted }: Wanted): Row | undefined {
    const subjects = new Map(named.map((each) => [each.id, each.subject]));
    return this.#rows.findLast(
      (row) =>
        row !== undefined &&
        row.index >= from &&
        row.index < before &&
        (wanted.subject ?? row.subject) === row.subject &&
        (wanted.kind ?? row.kind) === row.kind &&
        (wanted.kid ?? row.kid) === row.kid &&
        subjects.get(row.id) !== row.subject,
    );
  }
}

/** Undefined for an entry that is no statement: the log should have refused it, and fsck reports it. */
export function statementIn(bytes: Uint8Array): ParsedStatement | undefined {
  try {
    return parseStatement(bytes);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}
