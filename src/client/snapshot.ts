/** A log at one moment: one verified checkpoint, the policies under it, and every entry that is read shown to be in its tree. */
import type { History, SubjectEntry } from '../appraisal/history.ts';
import type { SnapshotContext, SubjectRecord } from '../appraisal/subject.ts';
import type { PolicyHistory } from '../registration/history.ts';
import type { StatementKind } from '../statement/kinds.ts';
import type { CachingTileReader } from './caching-tiles.ts';
import type { Listings } from './completeness.ts';
import type { Stop } from './listed-rows.ts';
import type { Roster } from './roster.ts';
import type { Listed, Page, Wanted } from './search.ts';
import type { LogView } from './view.ts';

export interface Snapshot {
  readonly view: LogView;
  readonly tiles: CachingTileReader;
  readonly policies: PolicyHistory;
  readonly log: string;
  /** POSIX seconds: no earlier than what the log or its witnesses signed (appraisal/clock.ts). */
  readonly now: number;
  /** Seconds that the clock of this machine is behind that; nothing is PROVEN then. 0: it is not. */
  readonly behind: number;
  /** When the head was signed; undefined where nobody says. */
  readonly headTime: number | undefined;
  readonly completeness: Listings['monitors'];
  readonly full: boolean;
  /** Entries that match, oldest first: verified, signatures included. Refuses `too-large` for too many. */
  entries(wanted: Wanted): Promise<readonly SubjectEntry[]>;
  /** The newest that match, up to the first that `stop` does not need; oldest first, verified. Refuses `too-large`. */
  newest(wanted: Wanted, stop: Stop): Promise<readonly SubjectEntry[]>;
  /** Where they are, by the log's word: newest first. */
  pages(wanted: Wanted): AsyncIterable<Page>;
  /** The subjects that have commitments, read on as far as one look may. */
  roster(): Promise<Roster>;
  /** The entries of a list of one kind: verified as above. */
  read(rows: readonly Listed[], kind: StatementKind): Promise<readonly SubjectEntry[]>;
  /** When an entry was logged, by the log's word; undefined when its search does not name it. */
  loggedAt(index: number): Promise<number | undefined>;
  /** What holds of the log at this moment, whatever the subject: for `appraiseSubject` (appraisal/subject.ts). */
  readonly context: SnapshotContext;
  /**
   * The verified entries of a subject, and what its status is computed from beside them. `least`: so many of its proofs are
   * read, if there are. Refuses `not-found` when the log has nothing about it, `too-large` when that is more than a reader
   * takes, and `proof-failed` when its entries do not follow from one another: something was left out, or the log admitted
   * what it must not.
   */
  subject(subject: string, least?: number): Promise<SubjectRecord>;
  /** What is declared about a subject, proofs unread. Refuses as `subject` does. */
  history(subject: string): Promise<History>;
}
