/**
 * A cache of listings: the places of entries about subjects, as the search gave them. A row that was listed is not
 * requested again while one command goes on reading. Listings go from the newest row back, only as far as needed.
 */
import { refuse } from '../bytes/refusal.ts';
import { printable } from '../bytes/printable.ts';
import type { Listed, Page, Wanted } from './search.ts';

/** Most rows of all listings together. Beyond that, the listings that were used longest ago are dropped. */
const MOST_HELD = 500_000;

/** All rows of a listing with indices from `low` on and below `high`, newest first. */
interface Listing {
  readonly subject: string | undefined;
  readonly rows: readonly Listed[];
  readonly low: number;
  high: number;
}

export type Pages = (wanted: Wanted) => AsyncIterable<Page>;

/** Whether a row, and with it every older one, is not needed. `taken`: number of rows taken so far. */
export type Stop = (row: Listed, taken: number) => boolean;

export class ListedRows {
  readonly #kept = new Map<string, Listing>();
  readonly #mostHeld: number;
  #held = 0;

  constructor(mostHeld = MOST_HELD) {
    this.#mostHeld = mostHeld;
  }

  /**
   * Rows below the index `size`, newest first, up to the first for which `stop` holds. Refuses `too-large` for more
   * than `most` rows.
   */
  async newestFirst(
    pages: Pages,
    wanted: Wanted,
    size: number,
    stop: Stop,
    most: number,
  ): Promise<readonly Listed[]> {
    const key = `${wanted.kind ?? ''}\n${wanted.subject ?? ''}`;
    const kept = this.#kept.get(key);
    const rows: Listed[] = [];
    /** Index after the row at which it stopped; 0 if it took every row. */
    let low = 0;
    const take = (more: readonly Listed[]): boolean => {
      for (const row of more) {
        if (stop(row, rows.length)) {
          low = row.index + 1;
          return false;
        }
        if (rows.push(row) > most) throw tooMany(wanted, most);
      }
      return true;
    };
    const ask = async (from: number, before: number): Promise<boolean> => {
      if (from < before)
        for await (const page of pages({ ...wanted, from, before })) if (!take(page.rows)) return false;
      return true;
    };
    const goesOn = (await ask(kept?.high ?? 0, size)) && kept !== undefined && take(kept.rows);
    if (goesOn) await ask(0, kept.low);
    this.#keep(key, { subject: wanted.subject, rows, low, high: size });
    return rows;
  }

  #keep(key: string, kept: Listing): void {
    this.#held += kept.rows.length - (this.#kept.get(key)?.rows.length ?? 0);
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    for (const [old, { rows }] of this.#kept) {
      if (this.#held <= this.#mostHeld || old === key) return;
      this.#kept.delete(old);
      this.#held -= rows.length;
    }
  }

  /**
   * Reads the new rows of all subjects in one listing if that needs fewer requests than asking about each subject.
   * Subjects without new rows are then not asked about again.
   */
  async catchUp(pages: Pages, from: number, size: number): Promise<void> {
    const current = [...this.#kept.values()].filter(
      ({ subject, high }) => subject !== undefined && high === from,
    );
    if (from >= size || (size - from) / ROWS_A_PAGE >= current.length) return;
    const touched = new Set<string>();
    for await (const { rows } of pages({ from, before: size }))
      for (const { subject } of rows) touched.add(subject);
    for (const each of current) if (!touched.has(each.subject ?? '')) each.high = size;
  }
}

/** Rows in one page of a listing, about. */
const ROWS_A_PAGE = 64;

function tooMany({ subject, kind }: Wanted, most: number): Error {
  const about = subject === undefined ? 'the log' : `"${printable(subject)}"`;
  return refuse(
    'too-large',
    `${about} has more than ${most} entries ${kind === undefined ? '' : `of the kind ${kind} `}to be read; it is left out`,
  );
}
