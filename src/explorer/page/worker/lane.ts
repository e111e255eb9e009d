/**
 * One client of the log, and the questions that it answers one after another. Long work has a lane of its own, so that a click
 * need not wait for it. When a question is stopped, its requests end at once.
 */
import { WatchedMemory } from '../../../client/examine-head.ts';
import { openClient, type LogClient } from '../../../client/client.ts';
import type { Trust } from '../../../client/evidence.ts';
import type { HeadMemory, Remark } from '../../../client/ports.ts';
import { Stopped } from './faults.ts';

/** What the verifier has of the outside world. */
export interface Outside {
  readonly fetch: typeof fetch;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Keeps the newest head of each log between visits. */
  readonly memory: HeadMemory;
  /** Whether the memory is there at the next visit. Default: yes. */
  readonly lasts?: () => boolean;
  /** Lets other messages of the thread have their turn. Default: a timer. */
  readonly turn?: () => Promise<void>;
}

/** Milliseconds for one exchange, and for an operation with its pauses: a person waits for it. */
const TIMEOUT_MS = 15_000;
const PATIENCE_MS = 6_000;

/**
 * Bundles at the end of the log that a page reads: 256 to 512 entries, of which its search can leave none out. Most of them it reads
 * anyway, since the newest proofs are there.
 */
const TAIL = 2;

export class Lane {
  readonly client: LogClient;
  readonly memory: WatchedMemory;
  readonly lasts: () => boolean;
  readonly fetch: typeof fetch;
  #signal: AbortSignal | undefined;
  #tell: (remark: Remark) => void = () => undefined;
  #tail: Promise<unknown> = Promise.resolve();
  readonly #turn: () => Promise<void>;

  constructor(
    { fetch, now, memory, lasts = () => true, turn = timer }: Outside,
    log: string,
    trust: Trust,
    { full = false } = {},
  ) {
    this.memory = new WatchedMemory(memory);
    this.lasts = lasts;
    this.fetch = fetch;
    this.#turn = turn;
    this.client = openClient({
      log,
      trust,
      now,
      full,
      tail: TAIL,
      memory: this.memory,
      timeoutMs: TIMEOUT_MS,
      patienceMs: PATIENCE_MS,
      // Not ended with the question: a later one may wait for the same answer. A stop counts at the next turn.
      fetch,
      sleep: (ms) => this.#sleep(ms),
      onRemark: (remark) => this.#tell(remark),
    });
  }

  /** Runs work after all that was given before. Throws `Stopped` once the signal says so. */
  run<T>(work: () => Promise<T>, signal: AbortSignal, tell: (remark: Remark) => void): Promise<T> {
    const next = this.#tail.then(async () => {
      if (signal.aborted) throw new Stopped();
      this.#signal = signal;
      this.#tell = tell;
      try {
        return await work();
      } catch (error) {
        throw signal.aborted ? new Stopped() : error;
      } finally {
        this.#signal = undefined;
      }
    });
    this.#tail = next.catch(() => undefined);
    return next;
  }

  /** Of the question that is being answered: whether it was stopped. */
  get signal(): AbortSignal | undefined {
    return this.#signal;
  }

  /** Between two steps of long work. Throws `Stopped`. */
  async turn(): Promise<void> {
    await this.#turn();
    if (this.#signal?.aborted === true) throw new Stopped();
  }

  #sleep(ms: number): Promise<void> {
    const signal = this.#signal;
    if (signal?.aborted === true) return Promise.reject(new Stopped());
    return new Promise((resolve, reject) => {
      const id = setTimeout(resolve, ms);
      signal?.addEventListener('abort', () => {
        clearTimeout(id);
        reject(new Stopped());
      });
    });
  }
}

function timer(): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, 0));
}
