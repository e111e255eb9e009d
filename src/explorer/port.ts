/** What a page asks of the server that serves it. Log, monitor, mirror and witness each answer in their own words. */
import type { Markup } from './facts/markup.ts';
import type { Growth } from './facts/growth.ts';
import type { HomeFacts } from './facts/home.ts';
import type { EntryRow, OverviewQuery, Query, SearchPage } from '../log/ports.ts';
import type { TrustPolicy } from '../note/trust.ts';
import type { Role } from './shared/boot.ts';

/** An entry as a server has it; a mirror has its bytes alone. */
export interface ServedEntry extends Partial<Pick<EntryRow, 'id' | 'time'>> {
  readonly bytes: Uint8Array;
}

/** A log whose pages are served, from the store or the copy that the server has. */
export interface ServedLog {
  readonly origin: string;
  /** What its paths begin with: empty, or `/logs/HASH`. */
  readonly base: string;
  /** The newest published checkpoint, and its size. Refuses `not-yet`. */
  checkpoint(): { readonly note: Uint8Array; readonly head: { readonly size: number } };
  /** Whom the server says to trust about it: the keys of the log, and witnesses with their quorum. */
  policy(): TrustPolicy;
  /** Refuses `not-found`. */
  entry(index: number): Promise<ServedEntry>;
  /** Absent where there is no index: at a mirror. */
  search?(query: Query): Promise<SearchPage>;
  /** How it grew to a size, by the server's clock. */
  growth?(size: number): Promise<Growth>;
  /** The verdicts of all subjects (overview/). Absent where nobody computes them. */
  readonly overview?: ServedOverview | undefined;
  /** What stands beside a witness's cosignature, by its verifier key: why it does not cosign. */
  alarms?(): ReadonlyMap<string, string>;
}

export interface ServedOverview {
  /** JSON text in UTF-8. */
  page(query: OverviewQuery): Promise<Uint8Array>;
  /** The server closes. */
  close(): Promise<void>;
}

export interface ExplorerPort {
  readonly role: Role;
  /** Of the server, for people: the origin of a log, the name of a witness. */
  readonly name: string;
  readonly version: string;
  /** The logs that have pages. `/` is about the log whose base is empty, else about the server. */
  readonly logs: readonly ServedLog[];
  /** What stands on the home page: the server's own words. */
  home(): HomeFacts | Promise<HomeFacts>;
}

/** Facts of a page, and the status that its document is sent with. */
export interface Facts {
  readonly status: number;
  readonly body: Markup;
}
