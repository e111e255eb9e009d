/** What a reader of a log, and a snapshot of one, are assembled of. */
import type { Clock } from '../appraisal/clock.ts';
import type { PolicyHistory } from '../registration/history.ts';
import type { Conflict } from './compare.ts';
import type { Trust } from './evidence.ts';
import type { Stop } from './listed-rows.ts';
import type { ClientOptions } from './ports.ts';
import type { Listed, Wanted } from './search.ts';
import type { Snapshot } from './snapshot.ts';
import type { Source } from './source.ts';
import type { Transport } from './transport.ts';
import type { LogView } from './view.ts';

/** The parts of a client that its reader needs. */
export interface ReaderParts {
  readonly options: ClientOptions;
  /** Base URL of the log. */
  readonly log: string;
  readonly transport: Transport;
  readonly trust: Trust;
  /** Fetches the newest checkpoint, verified and compared with all heads that the client knows. */
  readonly view: () => Promise<LogView>;
  /** Keeps the evidence of two histories, and makes the refusal that ends the run. */
  readonly accuse: (conflict: Conflict, view: LogView) => Promise<Error>;
}

/** What a snapshot is assembled of. */
export interface SnapshotParts {
  readonly view: LogView;
  readonly clock: Clock;
  readonly source: Source;
  readonly pages: Snapshot['pages'];
  /** Rows that match, oldest first. */
  readonly newest: (wanted: Wanted, stop: Stop) => Promise<readonly Listed[]>;
  readonly policies: PolicyHistory;
  /** Every entry from this index on was read. */
  readonly readFrom: number;
}
