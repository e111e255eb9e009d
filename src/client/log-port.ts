/** What an agent asks of its log. bound-log.ts asks it of a log over the network; tests, of one in memory. */
import type { Digest } from '../bytes/brand.ts';
import type { Policy } from '../statement/policy.ts';
import type { Acknowledged } from './receipts.ts';
import type { Listed, Page, Wanted } from './search.ts';

/** A verified head, and when the log or a quorum of its witnesses signed it (POSIX seconds); undefined where nobody says. */
export interface BoundHead {
  readonly origin: string;
  readonly size: number;
  readonly root: Digest;
  readonly signed?: number | undefined;
}

/**
 * Whoever implements it verifies: a head is signed as the trust policy wants and
 * continues the one before, an entry is in the tree, a receipt holds. That a listing is whole is the log's word.
 */
export interface LogPort {
  /** The newest head. */
  head(): Promise<BoundHead>;
  /** Entries as the log's search names them, newest first. */
  pages(wanted: Wanted): AsyncIterable<Page>;
  /** The bytes of an entry, shown to be in the tree. Refuses `proof-failed` when its id is another. */
  entry(listed: Listed): Promise<Uint8Array>;
  /** The registration policy in force; undefined for a log without one. */
  policy(): Promise<Policy | undefined>;
  /** Logs a statement. Refuses what the log refuses, `unavailable` and the like when it cannot say. */
  submit(statement: Uint8Array): Promise<LoggedAs>;
}

/** A statement that the log has: id and entry are of the spelling that was logged. The receipt is verified. */
export type LoggedAs = Omit<Acknowledged, 'location'>;
