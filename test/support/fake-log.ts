/**
 * A log in memory behind the `LogService` port, naive but true: real statements, tree, receipts and
 * checkpoints. Its switches make it refuse, fail or wait, so that the HTTP layer can be tested alone.
 */
import { createHash } from 'node:crypto';
import { entryId, isEntryId, leafIndex, treeSize } from '../../src/bytes/brand.ts';
import { equalBytes } from '../../src/bytes/compare.ts';
import { Refusal, refuse } from '../../src/bytes/refusal.ts';
import { formatHex } from '../../src/bytes/text.ts';
import { encodeCoseKey, keyThumbprint } from '../../src/cose/key.ts';
import { receiptProtected } from '../../src/cose/receipt.ts';
import { sigStructure } from '../../src/cose/sign1.ts';
import { decodeStatement, entryBytes, signStatement } from '../../src/cose/statement.ts';
import type {
  LogReader,
  LogService,
  Outcome,
  SealedHead,
  StoredEntry,
  Witnessing,
} from '../../src/log/ports.ts';
import { signCheckpoint } from '../../src/note/checkpoint.ts';
import { formatVkey } from '../../src/note/key.ts';
import { formatTlogProof } from '../../src/note/tlogproof.ts';
import { hashLeaf } from '../../src/tree/hash.ts';
import { MemoryLog } from './memory-log.ts';
import { seedSigner } from './seed-signer.ts';

export const ORIGIN = 'log.example/test';
export const TIME = 1_763_800_000;
export const receiptSigner = seedSigner('ed25519', new Uint8Array(32).fill(1));
export const checkpointSigner = seedSigner('ed25519', new Uint8Array(32).fill(2));
export const issuer = seedSigner('ed25519', new Uint8Array(32).fill(3));
/** A kid whose bytes are fit for a path as they are. */
export const RAW_KID = 'old-key.1';

/** A statement about subject number `n`. */
export function statement(n: number, contentType?: string): Promise<Uint8Array<ArrayBuffer>> {
  const headers = { issuer: 'https://issuer.example', subject: `urn:example:${n}` };
  const payload = new TextEncoder().encode(`config ${n}`);
  return signStatement({ ...headers, ...(contentType !== undefined && { contentType }) }, payload, issuer);
}

export class FakeLog implements LogService {
  /** Receipts and publication wait, as for witnesses. */
  waiting = false;
  /** No checkpoint is out, as before the first quorum. */
  unpublished = false;
  /** What a wait for a published checkpoint waits for. */
  publication: Promise<void> | undefined;
  /** How the log stands with its witnesses. */
  known: Witnessing | undefined;
  /** What every submission fails with. */
  failure: Error | undefined;
  /** What every submission waits for. */
  gate: Promise<void> = Promise.resolve();
  /** Submissions that came so far. */
  calls = 0;
  /** How long each wait for a published checkpoint might have taken (milliseconds). */
  readonly waits: number[] = [];
  reasons: string[] = [];
  load = { pending: 3, capacity: 10_000 };
  readonly stored: StoredEntry[] = [];
  readonly #log = new MemoryLog();
  #head: SealedHead | undefined;
  #published: { note: Uint8Array; head: SealedHead } | undefined;

  readonly info = {
    origin: ORIGIN,
    vkeys: [formatVkey(ORIGIN, 1, checkpointSigner.publicKey)],
    receiptKeys: [
      [keyThumbprint(receiptSigner.publicKey), encodeCoseKey(receiptSigner.publicKey)],
      [new TextEncoder().encode(RAW_KID), encodeCoseKey(checkpointSigner.publicKey)],
    ] as const,
    open: true,
    witnessed: false,
  };

  /** A log of `size` entries. */
  static async of(size: number): Promise<FakeLog> {
    const log = new FakeLog();
    for (let n = 0; n < size; n++) log.#append(await statement(n));
    await log.#seal();
    return log;
  }

  async submit(statements: readonly Uint8Array[]): Promise<readonly Outcome[]> {
    this.calls++;
    await this.gate;
    if (this.failure !== undefined) throw this.failure;
    const logged = statements.map((bytes) => this.#admit(bytes));
    await this.#seal();
    const outcomes = logged.map(async (one): Promise<Outcome> => {
      if (one instanceof Refusal) return { kind: 'refused', refusal: one };
      const receipt = this.waiting ? undefined : await this.reader.receipt(one.entry.index);
      return { kind: 'logged', id: one.entry.id, index: one.entry.index, receipt, duplicate: one.duplicate };
    });
    return Promise.all(outcomes);
  }

  readiness() {
    return { ready: this.reasons.length === 0, reasons: this.reasons };
  }

  witnessing(): Witnessing | undefined {
    return this.known;
  }

  /** Publishes the newest head, and lets go who waited for it. */
  async publish(): Promise<void> {
    this.waiting = false;
    this.#head = undefined;
    await this.#seal();
  }

  async close(): Promise<void> {}

  #admit(bytes: Uint8Array): { entry: StoredEntry; duplicate: boolean } | Refusal {
    try {
      const entry = entryBytes(decodeStatement(bytes).sign1);
      const known = this.stored.find((one) => equalBytes(one.bytes, entry));
      return known === undefined
        ? { entry: this.#append(bytes), duplicate: false }
        : { entry: known, duplicate: true };
    } catch (error) {
      if (error instanceof Refusal) return error;
      throw error;
    }
  }

  #append(bytes: Uint8Array): StoredEntry {
    const decoded = decodeStatement(bytes);
    const entry = entryBytes(decoded.sign1);
    const row = {
      index: leafIndex(this.stored.length),
      id: entryId(createHash('sha256').update(entry).digest('hex')),
      kind: 'other' as const,
      subject: decoded.subject,
      issuer: decoded.issuer,
      kid: formatHex(decoded.kid),
      time: TIME,
      bytes: entry,
    };
    this.stored.push(row);
    this.#log.entries.push(entry);
    return row;
  }

  async #seal(): Promise<void> {
    const size = treeSize(this.stored.length);
    if (this.#head?.size === size) return;
    const root = this.#log.root(size);
    const protectedBytes = receiptProtected(receiptSigner.publicKey, 'https://log.example', ORIGIN, TIME);
    const signature = await receiptSigner.sign(sigStructure(protectedBytes, root));
    this.#head = { size, root, time: TIME, seal: { protectedBytes, signature } };
    if (this.waiting) return;
    const signer = { name: ORIGIN, type: 1 as const, signer: checkpointSigner };
    const note = await signCheckpoint({ origin: ORIGIN, size, root, extensions: [] }, [signer], TIME);
    this.#published = { note, head: this.#head };
  }

  readonly reader: LogReader = {
    head: () => this.#head ?? never(),
    checkpoint: () => {
      if (this.unpublished) throw refuse('not-yet', 'no checkpoint is published yet; ask again');
      return this.#published ?? never();
    },
    published: async (index, timeoutMs) => {
      this.waits.push(timeoutMs);
      await this.publication;
      if (index >= this.reader.checkpoint().head.size) throw refuse('not-yet', 'not published; ask again');
    },
    tile: async (level, index, width) => {
      return this.#log.tile(level, index, width, this.#published?.head.size) ?? noTile();
    },
    bundle: async (index, width) => {
      return this.#log.bundle(index, width, this.#published?.head.size) ?? noTile();
    },
    entry: async (key) => {
      const entry = this.stored.find((one) => (isEntryId(String(key)) ? one.id : one.index) === key);
      if (entry === undefined) throw refuse('not-found', `there is no entry ${key}`);
      return entry;
    },
    entries: async (start, end) => this.stored.slice(start, end),
    find: async (id) => this.stored.find((one) => one.id === id),
    findLeaf: async (leaf) => {
      const index = this.stored.findIndex((one) => equalBytes(hashLeaf(one.bytes), leaf));
      return index === -1 ? undefined : leafIndex(index);
    },
    search: async ({ limit, before, ...filter }) => {
      const rows = this.stored
        .filter((row) => before === undefined || row.index < before)
        .filter((row) => Object.entries(filter).every(([name, value]) => Reflect.get(row, name) === value))
        .toReversed();
      const page = rows.slice(0, limit);
      return { rows: page, next: rows.length > limit ? page.at(-1)?.index : undefined };
    },
    root: async (size) => {
      this.#within(size);
      return this.#log.root(size);
    },
    inclusion: async (index, size) => {
      this.#within(size);
      return this.#log.inclusion(index, size);
    },
    consistency: async (from, to) => {
      this.#within(to);
      return this.#log.consistency(from, to);
    },
    receipt: async (index) => {
      const { size, seal } = this.waiting ? (this.#published ?? never()).head : this.reader.head();
      if (index >= size) throw refuse('not-yet', 'no receipt yet; ask again');
      return this.#log.receipt(index, { size, seal });
    },
    tlogProof: async (index) => {
      const { note, head } = this.reader.checkpoint();
      return formatTlogProof({ index, path: this.#log.inclusion(index, head.size), checkpoint: note });
    },
  };

  #within(size: number): void {
    if (size > this.reader.head().size) throw refuse('beyond-head', 'the tree is not so large yet');
  }
}

function noTile(): never {
  throw refuse('not-found', 'no such tile');
}

function never(): never {
  throw new Error('the fake log was not sealed');
}
