/**
 * A log at one moment: one verified checkpoint and the policies under it. Every entry that is read is proven to be in
 * its tree.
 */
import type { History, SubjectEntry } from '../appraisal/history.ts';
import type { SnapshotContext, SubjectRecord } from '../appraisal/subject.ts';
import type { PolicyHistory } from '../registration/history.ts';
import type { StatementKind } from '../statement/kinds.ts';
import type { CachingTileReader } from './caching-tiles.ts';
import type { Listings } from './completeness.ts';
import type { Stop } from './listed-rows.ts';
import type { Roster } from './roster.ts';
import type { Listed, Page, Wanted } from './search.ts';
import type { Asked, Moment } from './moment.ts';
import type { Times } from './source.ts';
import type { LogView } from './view.ts';
import type { HeadSource } from './witnessed-heads.ts';

export interface Snapshot {
  /** The newest checkpoint. Every entry that is read is in its tree. */
  readonly view: LogView;
  /** Entries that are read: all under the checkpoint, or the first ones if it is of the past. */
  readonly size: number;
  /** The moment that was asked for; undefined for a snapshot of now. */
  readonly past: Moment | undefined;
  readonly tiles: CachingTileReader;
  readonly policies: PolicyHistory;
  readonly log: string;
  /** POSIX seconds; not before the time that the log or its witnesses signed (appraisal/clock.ts). */
  readonly now: number;
  /** Seconds that the clock of this machine is behind that time. If more than 0, no claim is PROVEN. */
  readonly behind: number;
  /** When the head was signed; undefined if it is not known. */
  readonly headTime: number | undefined;
  readonly completeness: Listings['monitors'];
  readonly full: boolean;
  /** Every entry from this index on was read by the client: the search left none of them out. The size where none was. */
  readonly readFrom: number;
  /** Whether it may lack the first links of chains of proofs, as a bundle does: the first one that is here is accepted. */
  readonly isExcerpt: boolean;
  /** Whose word the times of entries are: the log's, or bounds by its witnesses (source.ts). */
  readonly times: Times;
  /** Old heads that a quorum of the reader's witnesses cosigned; none where the policy asks for no witness. */
  readonly heads: HeadSource;
  /** Entries that match, oldest first, verified with their signatures. Refuses `too-large` for too many. */
  entries(wanted: Wanted): Promise<readonly SubjectEntry[]>;
  /**
   * The newest entries that match, up to the first for which `stop` holds; returned oldest first, verified. Refuses
   * `too-large`.
   */
  newest(wanted: Wanted, stop: Stop): Promise<readonly SubjectEntry[]>;
  /** Rows of the entries that match, newest first, as the log states them. */
  pages(wanted: Wanted): AsyncIterable<Page>;
  /** The subjects that have commitments, as far as one call may read. */
  roster(): Promise<Roster>;
  /**
   * Fetches the entries of these rows ahead, of many subjects at once, so that `read` and the like have them until the next call.
   * Only where the reader read the whole log: elsewhere, and in a bundle, nothing is gained. `once`: no proof among them
   * is read again later, so none need stay in memory. Returns the bytes that it holds.
   */
  gather(rows: readonly Listed[], once?: boolean): Promise<number>;
  /** The entries of some rows, verified; all of one kind if one is given. */
  read(rows: readonly Listed[], kind: StatementKind | undefined): Promise<readonly SubjectEntry[]>;
  /**
   * When an entry was logged at the earliest: as the log states it, or as its witnesses show. Undefined if the log's search
   * does not name the entry, or no witnessed head is before it.
   */
  loggedAt(index: number): Promise<number | undefined>;
  /**
   * What is true of the log at this moment for every subject; the second argument of `appraiseSubject`
   * (appraisal/subject.ts).
   */
  readonly context: SnapshotContext;
  /**
   * Reads the verified entries of a subject and everything that its status depends on. `least`: number of proofs that
   * are read in any case. Refuses `not-found` if the log has nothing about the subject, `too-large` if there is more
   * than a reader takes, and `proof-failed` if the entries do not follow from one another: the log omitted one, or
   * admitted one that it should have refused.
   */
  subject(subject: string, least?: number): Promise<SubjectRecord>;
  /** What is declared about a subject; proofs are not read. Refuses as `subject` does. */
  history(subject: string): Promise<History>;
  /**
   * The log as a reader of its first entries saw it at a time (spec/audit.md, "Believed"). Nothing that was logged later
   * counts, not even a revocation. Refuses `beyond-head`, `not-found` where nobody says how large the log was then, and
   * `usage` for a time that has not come.
   */
  at(asked: Asked): Promise<Snapshot>;
}
