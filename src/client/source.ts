/**
 * Where a reader finds the entries of a log, and what is known of their times. There are two kinds of source:
 *
 *             who says where entries are          when they were logged
 *   searched  the log's search, unsigned           the log's word
 *   whole     the reader, which read every entry   bounds by witnessed heads, else not after the newest head
 *
 * A live log and a monitor's copy are searched. Mirrors, directories and other hosts of tiles alone are read whole.
 */
import { listingsOf, type Listings } from './completeness.ts';
import { findAt, type Listed, type Page, type Wanted } from './search.ts';
import type { Transport } from './transport.ts';
import type { LogView } from './view.ts';
import type { EntryIndex } from './entry-index.ts';
import { ListedHeads, type HeadSource } from './witnessed-heads.ts';
import type { WitnessedHead } from '../appraisal/past/types.ts';

/** Who says when entries were logged: the log; or its witnesses, as bounds. */
export type Times = 'log' | 'bounds';

export interface Source {
  readonly kind: 'searched' | 'whole';
  readonly times: Times;
  readonly monitors: Listings['monitors'];
  readonly heads: HeadSource;
  /** Rows that match, newest first. With bounds, `time` is the latest at which the entry can have been logged. */
  pages(wanted: Wanted): AsyncIterable<Page>;
  /** The earliest time at which an entry can have been logged, as far as this source says; undefined if it says nothing. */
  loggedAt(index: number): Promise<number | undefined>;
}

/**
 * A host that answers searches. `timeAt`: remembers what `ask` answers. `open`: the witnessed head of a row. Refuses
 * `unavailable` if a named monitor cannot be asked.
 */
export async function searchedSource(
  transport: Transport,
  log: string,
  view: LogView,
  monitors: readonly string[],
  timeAt: (index: number, ask: () => Promise<Listed | undefined>) => Promise<number | undefined>,
  open: (row: Listed) => Promise<WitnessedHead | undefined>,
): Promise<Source> {
  const listings = await listingsOf(transport, log, view, monitors);
  const pages = (wanted: Wanted): AsyncIterable<Page> => listings.pages(wanted);
  const { origin: subject, size } = view.opened.checkpoint;
  return {
    kind: 'searched',
    times: 'log',
    monitors: listings.monitors,
    heads: new ListedHeads({ subject, size, pages, open }),
    pages,
    loggedAt: (index) => timeAt(index, () => findAt(transport, log, index)),
  };
}

/** A host of tiles alone, read up to the head of a view. `latest`: when the newest head was signed, POSIX seconds. */
export function wholeSource(whole: EntryIndex, view: LogView, latest: number): Source {
  const { size } = view.head;
  return {
    kind: 'whole',
    times: 'bounds',
    heads: whole.heads,
    monitors: [],
    pages: (wanted) =>
      whole.pages(
        { ...wanted, before: Math.min(size, wanted.before ?? size) },
        (index) => whole.heads.bounds(index).notAfter ?? latest,
      ),
    loggedAt: async (index) => whole.heads.bounds(index).notBefore,
  };
}
