/**
 * What a client is handed of the outside: where it remembers heads, where it says what a person should hear, and how
 * far long work is. Each port has an implementation in memory (memory.ts); files are Node's business.
 */
import type { Incident } from '../incident/incident.ts';
import type { BatchHasher } from '../tree/hash.ts';
import type { VerifySignature } from '../sign/algorithm.ts';
import type { Trust } from './evidence.ts';
import type { Transport } from './transport.ts';

/** A head as it was remembered. Its signatures were verified before it was kept. */
export interface RememberedHead {
  /** The signed note. */
  readonly note: Uint8Array;
  /** Where it is kept, for messages: a path, a key of a store. */
  readonly place: string;
}

/**
 * Remembers the newest verified head of each log between runs, and keeps what shows that a log broke its word. A client
 * holds every head that it is served against the one remembered here.
 */
export interface HeadMemory {
  /** The head remembered of the log with this origin; undefined without one. Refuses `config-invalid` when it cannot be read. */
  head(origin: string): Promise<RememberedHead | undefined>;
  /** Replaces the head of a log, durably. Refuses `store-failed` when it cannot be kept; the client then goes on. */
  remember(origin: string, note: Uint8Array): Promise<void>;
  /**
   * Keeps an incident for others to check; one that is kept already stays as it is. Resolves with the place. Refuses
   * `store-failed` when it cannot be kept; the client then hands it to `onRemark`.
   */
  keep(incident: Incident): Promise<string>;
}

/** What a remark is about. */
export type RemarkCode =
  /** A head that was verified cannot be remembered: the next run is not held to it. */
  | 'head-not-kept'
  /** Two histories were found, and the evidence, which is in the text, cannot be kept. */
  | 'evidence-not-kept'
  /** A peer was not compared with. */
  | 'peer-unreachable'
  /** A peer serves what the log did not sign. */
  | 'peer-unverified'
  /** A peer holds a signed head, and the log does not show how it fits. */
  | 'peer-unreconciled'
  /** A peer holds a newer head than the log shows. */
  | 'peer-newer'
  /** The clock of this machine is behind what the log and its witnesses signed. */
  | 'clock-behind'
  /** The log is waited for. */
  | 'waiting';

/** Something that a person should hear, and that ends nothing. */
export interface Remark {
  readonly code: RemarkCode;
  /** `warning`: there is something to be done about it. */
  readonly level: 'note' | 'warning';
  /** One sentence; not cleaned for a terminal. */
  readonly text: string;
}

/** Long work under way: `at` says how much is done, in the unit of its label; `end` comes last. */
export interface Progress {
  at(done: number): void;
  end(): void;
}

/** What of a log's answers is checked for completeness beyond its own search. */
export interface CompletenessOptions {
  /** Base URLs of monitors: what their copies have and the log's search leaves out ends the run. Default: none. */
  readonly monitors?: readonly string[] | undefined;
  /** Reads every entry of the log, so that nothing can be left out. Default: false. */
  readonly full?: boolean | undefined;
}

/** Everything a client is made of. `fetch`, `now` and the other members of `Transport` are the outside world. */
export interface ClientOptions extends Omit<Transport, 'reached'>, CompletenessOptions {
  /** Base URL of the log. */
  readonly log: string;
  readonly trust: Trust;
  /** Default: remembers as long as this client lives. */
  readonly memory?: HeadMemory | undefined;
  /** Monitoring prefixes of peers (C2SP tlog-witness) whose heads are compared with the log's, once. Default: none. */
  readonly peers?: readonly string[] | undefined;
  /** Verifies signatures. Default: noble. */
  readonly verify?: VerifySignature | undefined;
  /** Hashes many entries at once. Default: noble. */
  readonly hasher?: BatchHasher | undefined;
  /** Default: nobody listens. */
  readonly onRemark?: ((remark: Remark) => void) | undefined;
  /** Resolves once a request has taken so long (milliseconds) that it is worth a remark. Default: a timer. */
  readonly untilSlow?: ((ms: number) => Promise<void>) | undefined;
  /** Begins to show some long work. `total`: how much there is in all. Default: nobody watches. */
  readonly progress?: ((label: string, total: number) => Progress) | undefined;
}
