/**
 * What the log needs from the outside (Store, Guard, Checker, Signers) and what it offers to the
 * outsides (LogService, LogReader). Each port says what it promises, not only its types.
 */
import type { Digest, EntryId, LeafIndex, TreeSize } from '../bytes/brand.ts';
import type { Refusal } from '../bytes/refusal.ts';
import type { ReceiptHead } from '../cose/receipt.ts';
import type { TrustPolicy } from '../note/trust.ts';
import type { StatementKind } from '../statement/kinds.ts';
import type { Verdict } from '../statement/vocabulary.ts';

/** A tree head this log signed or is about to sign. `time`: POSIX seconds. */
export interface Head {
  readonly size: TreeSize;
  readonly root: Digest;
  readonly time: number;
}

/** The columns of an entry in the index. */
export interface EntryRow {
  readonly index: LeafIndex;
  readonly id: EntryId;
  readonly kind: StatementKind;
  readonly subject: string;
  readonly issuer: string;
  /** COSE key thumbprint of the signer, lower-case hex. */
  readonly kid: string;
  /** When the entry's batch was integrated, POSIX seconds. The tree does not prove it. */
  readonly time: number;
}

/** An entry as logged: `bytes` hash to the leaf (C2SP tlog-tiles; standards A1). */
export interface StoredEntry extends EntryRow {
  readonly bytes: Uint8Array;
}

/** An entry about to be stored, with its leaf hash for look-ups. */
export interface NewEntry extends StoredEntry {
  readonly leaf: Digest;
}

/** The newest link of a chain of runtime proofs. */
export interface ChainHead {
  readonly seq: number;
  readonly id: EntryId;
}

/** One stored row of hashes: tile (level, index) with its first `width` hashes of 32 bytes. */
export interface TileRow {
  readonly level: number;
  readonly index: number;
  readonly width: number;
  readonly hashes: Uint8Array;
}

/** The changes of one durable step: computed by a pure function, applied by a store in one transaction. */
export interface Plan {
  readonly head: Head;
  readonly entries: readonly NewEntry[];
  /** Full rows; a partial tile replaces the narrower one of the same place. */
  readonly tiles: readonly TileRow[];
  /** Chain key → newest link. */
  readonly chains: ReadonlyMap<string, ChainHead>;
}

/** Filter and page of a search; absent fields match everything. */
export interface Query {
  readonly subject?: string;
  readonly issuer?: string;
  readonly kid?: string;
  readonly kind?: StatementKind;
  /** Only entries below this index (paging backwards, newest first). */
  readonly before?: number;
  /** 1 … 1000. */
  readonly limit: number;
}

/** One page of a search, newest first. */
export interface SearchPage {
  readonly rows: readonly EntryRow[];
  /** Give it as `before` to go on; absent at the end. A page may be short, even empty, and still go on. */
  readonly next: number | undefined;
}

/** Where entries and tiles live. Reads never wait for a commit. */
export interface StoreReader {
  /** The newest durable head; undefined for a store that holds no log yet. */
  head(): Promise<Head | undefined>;
  /** The first `width` hashes of a tile, or undefined when fewer are stored. */
  tile(level: number, index: number, width: number): Promise<Uint8Array | undefined>;
  /** Entries [start, end), fewer at the tree's edge. */
  entries(start: number, end: number): Promise<readonly StoredEntry[]>;
  /** The first `width` entries of a bundle as they are served, or undefined when fewer are stored. */
  bundle(index: number, width: number): Promise<Uint8Array | undefined>;
  find(id: EntryId): Promise<EntryRow | undefined>;
  /** Index of the leaf with this hash, from a lookup table; undefined when unknown. */
  findLeaf(leaf: Digest): Promise<LeafIndex | undefined>;
  search(query: Query): Promise<SearchPage>;
  chain(key: string): Promise<ChainHead | undefined>;
  /** How many chains there are, and the end of the entries, those beyond the head too: for audits. */
  extent(): Promise<{ readonly chains: number; readonly entries: number }>;
  close(): Promise<void>;
}

/** The store as the sequencer, its only writer, sees it. */
export interface Store extends StoreReader {
  /** The rows of the entries already logged among `ids`. One read for a whole batch. */
  known(ids: readonly EntryId[]): Promise<ReadonlyMap<EntryId, EntryRow>>;
  /**
   * Applies a plan in one durable compare-and-swap: when it returns, a power cut can no longer lose it.
   * Refuses `inconsistent` when the stored head is not `expected` (undefined: the store is empty); any
   * failure leaves the store either wholly before or wholly after the plan.
   */
  commit(plan: Plan, expected: Head | undefined): Promise<void>;
}

/** The place of a registration policy. */
export interface PolicyPlace {
  readonly index: number;
  readonly id: EntryId;
}

/** A head that was signed, and the policy in force at it; undefined if the guard never got one. */
export interface Signed extends Head {
  readonly policy: PolicyPlace | undefined;
}

/**
 * Stores the highest head that was ever signed, and its registration policy, apart from the store. So the log notices a
 * store that was restored from an old backup, and a policy that somebody wrote into the database.
 */
export interface Guard {
  read(): Promise<Signed | undefined>;
  /** Durable when it returns. Refuses `behind-signed-head` when the guard already holds more. */
  raise(head: Head, policy: PolicyPlace): Promise<void>;
  close(): Promise<void>;
}

/** Signs for the log; the keys do not leave it. It is called only with heads that are durable and in the guard. */
export interface HeadSigner {
  /** COSE signature over the root, and the protected header it covers (RFC 9942). */
  receipt(head: Head): Promise<ReceiptSeal>;
  /** The signed note: Ed25519 and ML-DSA-44 lines (C2SP tlog-checkpoint). */
  checkpoint(head: Head): Promise<Uint8Array>;
}

/** Makes every receipt of one head: the same signature fits all its entries (decision 2). */
export type ReceiptSeal = ReceiptHead;

/** A head with the seal that turns proofs against it into receipts. */
export interface SealedHead extends Head {
  readonly seal: ReceiptSeal;
}

/** The result for one submitted statement. */
export type Outcome =
  | {
      readonly kind: 'logged';
      readonly id: EntryId;
      readonly index: LeafIndex;
      /** COSE receipt (RFC 9942), fresh. Absent while a witness policy is still to be met. */
      readonly receipt: Uint8Array | undefined;
      /** True if it had been logged before: same entry, same index. */
      readonly duplicate: boolean;
    }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** Public facts about a running log. */
export interface LogInfo {
  readonly origin: string;
  /** Verifier keys of the checkpoint: Ed25519 first, then ML-DSA-44 (C2SP signed-note vkeys). */
  readonly vkeys: readonly string[];
  /** COSE Key Set of the receipt keys, current and retired, newest first: [kid, COSE_Key bytes]. */
  readonly receiptKeys: readonly (readonly [kid: Uint8Array, coseKey: Uint8Array])[];
  /** True when any well-signed statement is admitted (evaluation only). */
  readonly open: boolean;
  /** Whether receipts wait for a witness quorum. */
  readonly witnessed: boolean;
}

/** Why the log is, or is not, ready: shown by `/readyz`. A log that is ready can have reasons too: alarms. */
export interface Readiness {
  readonly ready: boolean;
  readonly reasons: readonly string[];
  /** What will go wrong unless somebody acts in time. The log stays ready. */
  readonly warnings?: readonly string[];
}

/** The state of one witness of the log's policy. */
export interface WitnessStatus {
  /** The policy's name for it. */
  readonly name: string;
  readonly vkey: string;
  /** False for a witness without a URL, which is never asked. */
  readonly asked: boolean;
  /** POSIX seconds of its cosignature on the published checkpoint; undefined when it has none there. */
  readonly cosigned: number | undefined;
  /** Since the start: cosignatures received, attempts without one, and when the last one came (POSIX seconds). */
  readonly cosignatures: number;
  readonly failures: number;
  readonly lastSuccess: number | undefined;
  /** Number of entries that are missing in the largest tree it is known to have cosigned. */
  readonly behind: number;
  /** Set if the witness states that this log went back or forked. */
  readonly alarm: string | undefined;
}

/** The state of a log's witness policy. */
export interface Witnessing {
  /** The policy's name for its quorum, a witness or a group; undefined for `quorum none`. */
  readonly quorum: string | undefined;
  /** True if a checkpoint is published, and nothing keeps the next one from getting its quorum. */
  readonly met: boolean;
  readonly witnesses: readonly WitnessStatus[];
}

/** The witnessed heads that a log holds: what bounds its entries in time (spec/audit.md). */
export interface Noticing {
  /** The notice with the largest head. `time`: when its quorum had cosigned, POSIX seconds. */
  readonly last: { readonly index: number; readonly size: number; readonly time: number } | undefined;
  /** Since the start: notices that this process logged, and attempts that failed. */
  readonly written: number;
  readonly failures: number;
  /** Why the last attempt failed; undefined if it did not. */
  readonly fault: string | undefined;
}

/** A question for the past of a subject. Times: POSIX seconds. */
export interface PastQuery {
  readonly subject: string;
  readonly claim: string | undefined;
  readonly since: number;
  readonly until: number;
}

/** A question for the verdicts of all subjects. An absent member takes every one. */
export interface OverviewQuery {
  /** What subjects begin with. */
  readonly prefix?: string | undefined;
  readonly owner?: string | undefined;
  /** The worst one of the subject. */
  readonly verdict?: Verdict | undefined;
  /** Of the page before. */
  readonly cursor?: string | undefined;
  /** Rows. */
  readonly limit: number;
}

/** The running log, as the HTTP server and tests see it. */
export interface LogService {
  readonly info: LogInfo;
  readonly reader: LogReader;
  /**
   * Logs each statement independently; outcomes in the same order. Resolves when all are durable, in
   * the tree and covered by a signed root. Never rejects for a statement's own fault. Rejects the whole
   * call with `overloaded` (queue full: nothing was taken), `shutting-down` or `store-failed`.
   */
  submit(statements: readonly Uint8Array[]): Promise<readonly Outcome[]>;
  /** Entries accepted and not yet durable; `capacity` is where `overloaded` begins. */
  readonly load: { readonly pending: number; readonly capacity: number };
  readiness(): Readiness;
  /** Whom the log says to trust about itself: its keys, and the policy of its witnesses. Absent: its keys alone. */
  policy?(): TrustPolicy;
  /** Undefined, or absent, for a log without a witness policy. */
  witnessing?(): Witnessing | undefined;
  /** Undefined, or absent, for a log that logs no witnessed heads: it has no witnesses. */
  noticing?(): Noticing | undefined;
  /**
   * What the log itself makes of the past of a subject, as JSON text in UTF-8 (spec/audit.md). Nobody signs it. Refuses
   * `not-found`, `too-large`, and `overloaded` when too many ask. Absent for a log that does not compute it.
   */
  history?(query: PastQuery): Promise<Uint8Array>;
  /**
   * The verdicts of all subjects, as the log itself computes them, as JSON text in UTF-8. Nobody signs it. Refuses
   * `overloaded`, and `bad-request` for a cursor that is none. Absent for a log that does not compute it.
   */
  overview?(query: OverviewQuery): Promise<Uint8Array>;
  /** Stops taking, drains, publishes, closes. Idempotent. */
  close(): Promise<void>;
}

/** Verified reads over a running log or a store at rest. Sizes default to the published head. */
export interface LogReader {
  /** The newest integrated head with the seal for receipts. */
  head(): SealedHead;
  /** The newest published checkpoint (signed note bytes) and its head. Refuses `not-yet` before the first. */
  checkpoint(): { readonly note: Uint8Array; readonly head: Head };
  /** Resolves once a published checkpoint covers the index, or refuses `not-yet` after `timeoutMs`. */
  published(index: LeafIndex, timeoutMs: number): Promise<void>;
  /** Exact tile bytes, refusing `not-found` beyond the published size. width 1…256. */
  tile(level: number, index: number, width: number): Promise<Uint8Array>;
  /** Exact entry-bundle bytes, refusing `not-found` beyond the published size. width 1…256. */
  bundle(index: number, width: number): Promise<Uint8Array>;
  /** Refuses `not-found`. */
  entry(key: LeafIndex | EntryId): Promise<StoredEntry>;
  /** Up to 1000 entries from `start`. */
  entries(start: number, end: number): Promise<readonly StoredEntry[]>;
  find(id: EntryId): Promise<EntryRow | undefined>;
  findLeaf(leaf: Digest): Promise<LeafIndex | undefined>;
  search(query: Query): Promise<SearchPage>;
  /** Refuses `beyond-head` when the size is above the integrated head. */
  root(size: TreeSize): Promise<Digest>;
  inclusion(index: LeafIndex, size: TreeSize): Promise<readonly Digest[]>;
  consistency(from: TreeSize, to: TreeSize): Promise<readonly Digest[]>;
  /** A fresh COSE receipt at the newest integrated head (published head when `witnessed`). */
  receipt(index: LeafIndex): Promise<Uint8Array>;
  /** `.tlog-proof` text against the published checkpoint (C2SP tlog-proof). */
  tlogProof(index: LeafIndex): Promise<Uint8Array>;
}
