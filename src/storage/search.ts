/**
 * Searches by filters. Each filter has an index of entry numbers. A search walks the index of one filter from the
 * newest entry down, and looks each number up in the indexes of the others. It reads rows only for numbers that are in
 * all of them.
 *
 * It walks the rarest filter: the one whose next steps reach furthest down. It chooses again after 64 steps, after 256
 * more, and so on. So a search whose first steps match costs little, and one that never matches ends where its rarest
 * filter ends. The number of steps is bounded in any case.
 */
import type Database from 'better-sqlite3';
import type { EntryRow, SearchPage } from '../log/ports.ts';
import { isRow } from '../platform/rows.ts';
import { ENTRY_COLUMNS, entryRow } from './rows.ts';

/** Columns that can be asked for, each with the index `entry_<column>` of pairs (value, idx). */
export type FilterColumn = 'subject' | 'kid' | 'issuer' | 'kind';

/** A column, and the number that it must hold. */
export type Filter = readonly [column: FilterColumn, value: number];

/** Steps of the walked index, round by round: 10,000 in all, with as many probes of each other filter. */
const ROUNDS = [64, 256, 1024, 4096, 4560] as const;

/** Where a walk may end: below every entry. */
const END = -1;

export class Searches {
  readonly #db: Database.Database;
  readonly #newest: Database.Statement;
  /** By column. */
  readonly #reach = new Map<string, Database.Statement>();
  /** By columns, the walked one first. */
  readonly #walk = new Map<string, Database.Statement>();

  constructor(db: Database.Database) {
    this.#db = db;
    this.#newest = db.prepare(`SELECT ${ENTRY_COLUMNS} FROM entry e WHERE idx < ? ORDER BY idx DESC LIMIT ?`);
  }

  /** Entries below `before` that pass all filters, newest first, `limit` at most. */
  search(filters: readonly Filter[], before: number, limit: number): SearchPage {
    if (filters.length === 0) return page(rowsOf(this.#newest.all(before, limit)), limit, undefined);
    const rows: EntryRow[] = [];
    let from = before;
    for (const steps of ROUNDS) {
      const { walked, reach } = this.#rarest(filters, from, steps);
      rows.push(...this.#found(walked, filters, { from, reach, limit: limit - rows.length }));
      if (rows.length === limit || reach === END) return page(rows, limit, undefined);
      from = reach;
    }
    return page(rows, limit, from);
  }

  /** The filter whose next steps reach furthest down, and how far; END if it has no further numbers. */
  #rarest(filters: readonly Filter[], from: number, steps: number): { walked: Filter; reach: number } {
    let rarest: { walked: Filter; reach: number } | undefined;
    for (const walked of filters) {
      const [column, value] = walked;
      const last: unknown = this.#reachOf(column).get(value, from, steps - 1);
      const reach = typeof last === 'number' ? last : END;
      if (rarest === undefined || reach < rarest.reach) rarest = { walked, reach };
      if (reach === END) break;
    }
    if (rarest === undefined) throw new Error('a search by no filter has no rarest one');
    return rarest;
  }

  #reachOf(column: FilterColumn): Database.Statement {
    return kept(this.#reach, column, () =>
      this.#db
        .prepare(
          `SELECT idx FROM entry INDEXED BY entry_${column} WHERE ${column} = ? AND idx < ?
            ORDER BY idx DESC LIMIT 1 OFFSET ?`,
        )
        .pluck(),
    );
  }

  #found(
    walked: Filter,
    filters: readonly Filter[],
    { from, reach, limit }: { readonly from: number; readonly reach: number; readonly limit: number },
  ): readonly EntryRow[] {
    const others = filters.filter((filter) => filter !== walked);
    const columns = [walked, ...others].map(([column]) => column);
    const statement = kept(this.#walk, columns.join(), () => this.#db.prepare(walkSql(columns)));
    const values = others.map(([, value]) => value);
    return rowsOf(statement.all(walked[1], from, reach, ...values, limit));
  }
}

/** Walks the first column's index and probes the others'; only then reads rows. */
export function walkSql([walked, ...others]: readonly FilterColumn[]): string {
  const probes = others.map(
    (column) =>
      ` AND EXISTS (SELECT 1 FROM entry o INDEXED BY entry_${column} WHERE o.${column} = ? AND o.idx = w.idx)`,
  );
  return `SELECT ${ENTRY_COLUMNS} FROM (
      SELECT w.idx AS hit FROM entry w INDEXED BY entry_${walked ?? ''}
        WHERE w.${walked ?? ''} = ? AND w.idx < ? AND w.idx >= ?${probes.join('')} ORDER BY w.idx DESC LIMIT ?
    ) CROSS JOIN entry e ON e.idx = hit ORDER BY hit DESC`;
}

function kept(
  statements: Map<string, Database.Statement>,
  key: string,
  make: () => Database.Statement,
): Database.Statement {
  const known = statements.get(key);
  if (known !== undefined) return known;
  const made = make();
  statements.set(key, made);
  return made;
}

function rowsOf(found: readonly unknown[]): readonly EntryRow[] {
  return found.filter(isRow).map(entryRow);
}

/** A full page continues below its last row, any other page at `next`. */
function page(rows: readonly EntryRow[], limit: number, next: number | undefined): SearchPage {
  return { rows, next: rows.length === limit ? rows.at(-1)?.index : next };
}
