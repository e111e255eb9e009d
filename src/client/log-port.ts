/** What an agent needs of its log. bound-log.ts implements it over the network; tests implement it in memory. */
import type { Digest } from '../bytes/brand.ts';
import type { Policy } from '../statement/policy.ts';
import type { Acknowledged } from './receipts.ts';
import type { Listed, Page, Wanted } from './search.ts';

/**
 * A verified head. `signed`: when the log or a quorum of its witnesses signed it, POSIX seconds; undefined if neither
 * states a time.
 */
export interface BoundHead {
  readonly origin: string;
  readonly size: number;
  readonly root: Digest;
  readonly signed?: number | undefined;
}

/**
 * An implementation verifies what it returns: a head is signed as the trust policy asks and continues the one before,
 * an entry is in the tree, a receipt holds. Whether a listing is complete is not verified.
 */
export interface LogPort {
  /** The newest head. */
  head(): Promise<BoundHead>;
  /** Entries as the log's search names them, newest first. */
  pages(wanted: Wanted): AsyncIterable<Page>;
  /** The bytes of an entry, proven to be in the tree. Refuses `proof-failed` if its id differs from the listed one. */
  entry(listed: Listed): Promise<Uint8Array>;
  /** The registration policy in force; undefined for a log without one. */
  policy(): Promise<Policy | undefined>;
  /**
   * Logs a statement. Refuses what the log refuses, and `unavailable` and similar codes if the log cannot be reached.
   */
  submit(statement: Uint8Array): Promise<LoggedAs>;
}

/**
 * A logged statement. `id` and `entry` belong to the spelling that was logged (cose/twin.ts). The receipt is verified.
 */
export type LoggedAs = Omit<Acknowledged, 'location'>;
