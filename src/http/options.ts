/** Options of the log's server, beyond those of every server. */
import { WEB_LIMITS, type WebLimits, type WebOptions } from '../web/options.ts';

/** Bounds on submissions. Zero switches a rate limit off. */
export interface HttpLimits extends WebLimits {
  /** Submissions (a batch is one) per client and window. */
  readonly writesPerWindow: number;
  /** Statements per window, those of batches too: of one client; logged of one key; logged of one key about one subject. */
  readonly statementsPerWindow: number;
  readonly keyPerWindow: number;
  readonly subjectPerWindow: number;
  /** Reads per client and window. Tiles and checkpoints do not count: refusing one costs as much as serving it. */
  readonly readsPerWindow: number;
  readonly batchBytes: number;
  readonly batchStatements: number;
  /** Batches in hand at once, from when their body has arrived. */
  readonly batchesAtOnce: number;
  /** Bytes of batches that are being read, of all clients and of one. */
  readonly reading: number;
  readonly readingOfOne: number;
  /** How long a proof download waits for the checkpoint that covers its entry. */
  readonly publicationMs: number;
  /** Longest wait that `Prefer: wait=N` is granted, and how many requests may wait so at once. */
  readonly waitMs: number;
  readonly waitsAtOnce: number;
}

/** `bodyBytes` bounds a statement as sent: an entry has at most 65,535 bytes, the rest is unprotected header. */
export const HTTP_LIMITS: HttpLimits = {
  ...WEB_LIMITS,
  writesPerWindow: 5_000,
  statementsPerWindow: 100_000,
  keyPerWindow: 0,
  subjectPerWindow: 0,
  readsPerWindow: 20_000,
  batchBytes: 4_194_304,
  batchStatements: 1_024,
  batchesAtOnce: 64,
  reading: 268_435_456,
  readingOfOne: 33_554_432,
  publicationMs: 2_000,
  waitMs: 30_000,
  waitsAtOnce: 1_024,
};

export interface HttpOptions extends Omit<WebOptions, 'limits'> {
  readonly limits?: Partial<HttpLimits>;
}
