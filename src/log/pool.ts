/**
 * The pool: statements wait here, within a bound, until a checker and then the sequencer take them. A batch leaves as
 * soon as a checker is free; there is no timer. Under load the next batch grows while the last one is made durable
 * (group commit).
 *
 * The statements of one submission are logged in their order, since later ones may refer to earlier ones. A submission
 * that is too large for one batch is checked in pieces, each in a batch of its own; a piece waits for the pieces before
 * it. Other submissions do not wait for it.
 */
import { leafIndex, type EntryId } from '../bytes/brand.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { idsOf, openBatch, packBatch, type CheckedBatch } from './batch.ts';
import type { Outcome, SealedHead } from './ports.ts';
import type { Appended, BatchResult } from './sequencer.ts';

/** Checks batches, on threads of its own. */
export interface Checkers {
  /** Batches that can be checked at the same time. */
  readonly width: number;
  check(memory: SharedArrayBuffer): Promise<CheckedBatch>;
}

interface PoolParts {
  readonly checkers: Checkers;
  readonly append: (batches: readonly CheckedBatch[]) => Promise<Appended>;
  /** Called with every step before its submitters are answered. */
  readonly onAppended: (appended: Appended) => Promise<void> | void;
  /** Most statements that are taken and not answered yet. */
  readonly capacity: number;
  /** Runs a function after the requests that have already arrived: setImmediate. */
  readonly defer: (run: () => void) => void;
}

/** Statements in one checked batch, at most: long enough to share costs, short enough to share the work. */
const MAX_BATCH = 512;

/** Statements that are worth a message to a thread (15 µs to send) while others are at work. */
const MIN_BATCH = 16;

/** Statements that are worth a commit (half a millisecond of CPU for two fsyncs) while more are being checked. */
const MIN_APPEND = 32;

/** The statements of one submission. It is answered when all are decided, or when the first one fails. */
interface Posting {
  readonly outcomes: Outcome[];
  /** Statements without an outcome. */
  open: number;
  /** Pieces that went to a checker, and those that went on from there, in this order. */
  begun: number;
  passed: number;
  readonly answer: (outcomes: readonly Outcome[]) => void;
  readonly fail: (error: unknown) => void;
}

interface Waiting {
  readonly statement: Uint8Array;
  readonly posting: Posting;
  readonly position: number;
}

/** What one checker gets: whole submissions, or one piece of a larger one. */
interface Piece {
  readonly waiting: readonly Waiting[];
  /** The larger posting, and which of its pieces this is; undefined for whole postings. */
  readonly part: { readonly of: Posting; readonly number: number } | undefined;
}

interface Ready extends Piece {
  readonly checked: CheckedBatch;
}

export class Pool {
  readonly #parts: PoolParts;
  #queue: Waiting[] = [];
  #ready: Ready[] = [];
  #pending = 0;
  #checking = 0;
  #appending = false;
  #deferred = false;
  #closing = false;
  #drained: () => void = () => {};

  constructor(parts: PoolParts) {
    this.#parts = parts;
  }

  get pending(): number {
    return this.#pending;
  }

  /** Outcomes in order, when all are decided. Rejects as `LogService.submit` does. */
  submit(statements: readonly Uint8Array[]): Promise<readonly Outcome[]> {
    if (this.#closing)
      return Promise.reject(refuse('shutting-down', 'the log is shutting down; post again in a moment'));
    if (this.#pending + statements.length > this.#parts.capacity) {
      return Promise.reject(
        refuse('overloaded', `${this.#pending} statements are waiting; post again in a moment`),
      );
    }
    this.#pending += statements.length;
    const { promise, resolve, reject } = Promise.withResolvers<readonly Outcome[]>();
    const posting: Posting = {
      outcomes: [],
      open: statements.length,
      begun: 0,
      passed: 0,
      answer: resolve,
      fail: reject,
    };
    for (const [position, statement] of statements.entries())
      this.#queue.push({ statement, posting, position });
    if (statements.length === 0) resolve([]);
    this.#pump();
    return promise;
  }

  /** Takes no more and resolves when everything taken is answered. */
  async drain(): Promise<void> {
    this.#closing = true;
    if (this.#pending > 0) await new Promise<void>((resolve) => (this.#drained = resolve));
  }

  #pump(): void {
    if (this.#deferred || this.#queue.length === 0) return;
    this.#deferred = true;
    this.#parts.defer(() => {
      this.#deferred = false;
      this.#dispatch();
    });
  }

  /**
   * Divides the queue among the free checkers, in batches that are worth a message to a thread. A small rest waits
   * while any work is under way: it could not be appended before that work ends, and the end of that work calls this
   * function again.
   */
  #dispatch(): void {
    const free = this.#parts.checkers.width - this.#checking;
    const fair = Math.ceil(this.#queue.length / Math.max(1, free));
    const share = Math.min(MAX_BATCH, Math.max(MIN_BATCH, fair));
    for (let n = 0; n < free && this.#queue.length > 0; n++) {
      if (this.#queue.length < MIN_BATCH && (this.#checking > 0 || this.#appending)) return;
      void this.#check(this.#take(share));
    }
  }

  /** The next piece of about `count` statements. */
  #take(count: number): Piece {
    const [first] = this.#queue;
    if (first === undefined) throw new Error('nothing waits');
    const rest = endOfPosting(this.#queue, 0);
    const { posting } = first;
    if (rest > count || posting.begun > 0) {
      const part = { of: posting, number: posting.begun++ };
      return { waiting: this.#queue.splice(0, Math.min(count, rest)), part };
    }
    let end = rest;
    while (end < this.#queue.length) {
      const next = endOfPosting(this.#queue, end);
      if (next > count) break;
      end = next;
    }
    return { waiting: this.#queue.splice(0, end), part: undefined };
  }

  async #check(piece: Piece): Promise<void> {
    this.#checking++;
    const { waiting, part } = piece;
    try {
      const { memory } = packBatch(waiting.map(({ statement }) => statement));
      const checked = await this.#parts.checkers.check(memory); // before `#ready` is looked at: it is swapped
      this.#ready.push({ ...piece, checked });
    } catch (error) {
      this.#fail(waiting, error);
      if (part !== undefined) abandon(part.of);
    }
    this.#checking--;
    this.#pump();
    void this.#append();
  }

  /** Runs one append at a time. What becomes ready meanwhile goes into the next. */
  async #append(): Promise<void> {
    if (this.#appending || this.#ready.length === 0) return;
    const ready = this.#ready.reduce((sum, { waiting }) => sum + waiting.length, 0);
    // The end of a check that is under way, or about to start, calls this function again.
    if (ready < MIN_APPEND && (this.#checking > 0 || this.#queue.length > 0)) return;
    const batches = this.#takeReady();
    if (batches.length === 0) return; // pieces all of them, and one before each is still being checked
    this.#appending = true;
    try {
      const appended = await this.#parts.append(batches.map(({ checked }) => checked));
      await this.#parts.onAppended(appended);
      for (const [i, batch] of batches.entries()) this.#answer(batch, appended.results[i], appended.head);
    } catch (error) {
      for (const { waiting } of batches) this.#fail(waiting, error);
    }
    this.#appending = false;
    this.#pump();
    void this.#append();
  }

  /** Takes the checked pieces whose turn it is; the pieces of one submission in their order. The others stay. */
  #takeReady(): readonly Ready[] {
    const taken: Ready[] = [];
    const left: Ready[] = [];
    for (const each of this.#ready.toSorted(byNumber)) {
      const { part } = each;
      if (part !== undefined && part.number > part.of.passed) left.push(each);
      else {
        if (part !== undefined) part.of.passed = Math.max(part.of.passed, part.number + 1);
        taken.push(each);
      }
    }
    this.#ready = left;
    return taken;
  }

  #answer({ checked, waiting }: Ready, result: BatchResult | undefined, head: SealedHead): void {
    if (result === undefined) throw new Error(`no result for a batch at size ${head.size}`);
    const ids = idsOf(openBatch(checked.memory).ids);
    const refused = new Map(result.refused.map((r) => [r.position, r]));
    for (const [i, { posting, position }] of waiting.entries()) {
      const refusal = refused.get(i);
      posting.outcomes[position] =
        refusal === undefined
          ? logged(ids[i], result, i)
          : { kind: 'refused', refusal: new Refusal(refusal.code, refusal.message) };
      posting.open--;
      if (posting.open === 0) posting.answer(posting.outcomes);
    }
    this.#settle(waiting.length);
  }

  #fail(waiting: readonly Waiting[], error: unknown): void {
    for (const { posting } of waiting) posting.fail(error);
    this.#settle(waiting.length);
  }

  #settle(count: number): void {
    this.#pending -= count;
    if (this.#closing && this.#pending === 0) this.#drained();
  }
}

/** Where in the queue the posting ends whose statements stand from `start` on. */
function endOfPosting(queue: readonly Waiting[], start: number): number {
  const posting = queue[start]?.posting;
  let end = start;
  while (end < queue.length && queue[end]?.posting === posting) end++;
  return end;
}

function byNumber(a: Ready, b: Ready): number {
  return (a.part?.number ?? 0) - (b.part?.number ?? 0);
}

/** If a piece of a submission could not be checked, the submission fails, and its other pieces no longer wait. */
function abandon(posting: Posting): void {
  posting.passed = Infinity;
}

function logged(id: EntryId | undefined, result: BatchResult, i: number): Outcome {
  if (id === undefined) throw new Error(`no id for item ${i} of a batch`);
  const start = i === 0 ? 0 : (result.receiptEnds[i - 1] ?? 0);
  const end = result.receiptEnds[i] ?? 0;
  return {
    kind: 'logged',
    id,
    index: leafIndex(result.indices[i] ?? -1),
    receipt: end > start ? result.receipts.subarray(start, end) : undefined,
    duplicate: result.duplicate[i] === 1,
  };
}
