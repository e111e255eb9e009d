/**
 * What an agent asks of its log. Whoever implements it verifies: a head is signed as the trust policy wants and
 * continues the one before, an entry is in the tree, a receipt holds. That a listing is whole is the log's word.
 */
import type { EntryId } from '../bytes/brand.ts';
import type { Listed, Page, Wanted } from '../client/search.ts';
import type { Policy } from '../statement/policy.ts';
import type { Head } from './ledger.ts';

/** A head, and when the log or a quorum of its witnesses signed it (POSIX seconds); undefined where nobody says. */
export interface SignedHead extends Head {
  readonly signed?: number | undefined;
}

export interface AgentLog {
  /** The newest head. */
  head(): Promise<SignedHead>;
  /** Entries as the log's search names them, newest first. */
  pages(wanted: Wanted): AsyncIterable<Page>;
  /** The bytes of an entry, shown to be in the tree. Refuses `proof-failed` when its id is another. */
  entry(listed: Listed): Promise<Uint8Array>;
  /** The registration policy in force; undefined for a log without one. */
  policy(): Promise<Policy | undefined>;
  /** Logs a statement. Refuses what the log refuses, `unavailable` and the like when it cannot say. */
  submit(statement: Uint8Array): Promise<Taken>;
}

/** A statement that the log has. */
export interface Taken {
  /** Of the entry that the log has: the other spelling of the statement's signature, where that came before. */
  readonly id: EntryId;
  readonly entry: Uint8Array;
  readonly index: number;
  /** Verified. */
  readonly receipt: Uint8Array;
}
