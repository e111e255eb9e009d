/**
 * What the caller gives to a client: where it remembers heads, where it sends remarks for the user, and how it shows
 * progress. Each port has an implementation in memory (memory.ts); implementations on files are in node/.
 */
import type { Incident } from '../incident/incident.ts';
import type { BatchHasher } from '../tree/hash.ts';
import type { VerifySignature } from '../sign/algorithm.ts';
import type { Trust } from './evidence.ts';
import type { BundleMemory } from './kept-bundles.ts';
import type { Transport } from './transport.ts';

/** A remembered head. Its signatures were verified before it was stored. */
export interface RememberedHead {
  /** The signed note. */
  readonly note: Uint8Array;
  /** Where it is stored (a path, or the key of a store), for messages. */
  readonly place: string;
}

/**
 * Remembers the newest verified head of each log between runs, and stores evidence that a log broke its word. A client
 * compares every head that a log serves with the one remembered here.
 */
export interface HeadMemory {
  /**
   * The remembered head of the log with this origin; undefined if there is none. Refuses `config-invalid` if it cannot
   * be read.
   */
  head(origin: string): Promise<RememberedHead | undefined>;
  /**
   * Replaces the remembered head of a log, durably. Refuses `store-failed` if it cannot be stored; the client then
   * continues.
   */
  remember(origin: string, note: Uint8Array): Promise<void>;
  /**
   * Stores an incident for others to check, and resolves with its place. An incident that is stored already stays as it
   * is. Refuses `store-failed` if it cannot be stored; the client then puts the incident into a remark.
   */
  keep(incident: Incident): Promise<string>;
}

/** The subject of a remark. */
export type RemarkCode =
  /** A verified head cannot be stored, so the next run will not be compared with it. */
  | 'head-not-kept'
  /** Two histories were found, and the evidence cannot be stored; the remark contains it. */
  | 'evidence-not-kept'
  /** A peer did not answer, so it was not compared. */
  | 'peer-unreachable'
  /** A peer serves something that the log did not sign. */
  | 'peer-unverified'
  /** A peer has a signed head, and the log does not serve what a comparison with it needs. */
  | 'peer-unreconciled'
  /** A peer has a newer head than the log shows. */
  | 'peer-newer'
  /** The host is a copy without a search, and older than the remembered head. */
  | 'copy-older'
  /** The clock of this machine is behind the time that the log and its witnesses signed. */
  | 'clock-behind'
  /** The newest entries could not be read, which the search could then leave out. */
  | 'tail-unread'
  /** The client waits for the log. */
  | 'waiting';

/** Something that the user should know, and that does not end the run. */
export interface Remark {
  readonly code: RemarkCode;
  /** `warning`: the user should act on it. */
  readonly level: 'note' | 'warning';
  /** One sentence. It may contain characters that a terminal interprets. */
  readonly text: string;
}

/** Progress of long work. `at`: how much is done, in the unit of the label. `end` is called last. */
export interface Progress {
  at(done: number): void;
  end(): void;
}

/** How it is checked that the log's own search omits no entry. */
export interface CompletenessOptions {
  /**
   * Base URLs of monitors. If a monitor's copy has an entry that the log's search omits, the run ends. Default: none.
   */
  readonly monitors?: readonly string[] | undefined;
  /** If true, the client reads every entry of the log, so that the search can omit nothing. Default: false. */
  readonly full?: boolean | undefined;
  /**
   * As many of the last bundles (of 256 entries) the client reads before it asks the search, which then can omit none of them. Default: 0.
   */
  readonly tail?: number | undefined;
}

/** The options of a client. `fetch`, `now` and the other members of `Transport` are its access to the outside world. */
export interface ClientOptions extends Omit<Transport, 'reached'>, CompletenessOptions {
  /** Base URL of the log. */
  readonly log: string;
  readonly trust: Trust;
  /** Default: a memory that lasts as long as this client. */
  readonly memory?: HeadMemory | undefined;
  /** Keeps what is read of a whole log between runs. Default: nothing is kept. */
  readonly bundles?: BundleMemory | undefined;
  /**
   * Monitoring prefixes of peers (C2SP tlog-witness). Their heads are compared with the log's, once per client.
   * Default: none.
   */
  readonly peers?: readonly string[] | undefined;
  /** Verifies signatures. Default: of entries WebCrypto under strong Ed25519 keys, where it is sound; all else noble. */
  readonly verify?: VerifySignature | undefined;
  /** Hashes many entries at once. Default: noble. */
  readonly hasher?: BatchHasher | undefined;
  /** Receives remarks. Default: remarks are dropped. */
  readonly onRemark?: ((remark: Remark) => void) | undefined;
  /** Resolves when a request has taken this many milliseconds, after which it is worth a remark. Default: a timer. */
  readonly untilSlow?: ((ms: number) => Promise<void>) | undefined;
  /** Begins to show the progress of long work. `total`: the whole amount. Default: nothing is shown. */
  readonly progress?: ((label: string, total: number) => Progress) | undefined;
}
