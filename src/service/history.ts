/**
 * The past of subjects, as the log itself computes it on a thread of its own. One history is computed at a time, and few wait:
 * what a history costs is bounded by its period, by its proofs and by a time-out.
 */
import { Worker } from 'node:worker_threads';
import { Lru } from '../bytes/lru.ts';
import { refuse } from '../bytes/refusal.ts';
import type { PastQuery } from '../log/ports.ts';
import type { TrustPolicy } from '../note/trust.ts';
import { Remote } from '../workers/rpc.ts';
import { threadModule } from '../workers/thread.ts';

export interface HistoryThreadOptions {
  readonly storePath: string;
  /** Most proofs of one history. */
  readonly mostProofs: number;
}

export interface HistoryQuestion extends PastQuery {
  /** The published checkpoint. */
  readonly note: Uint8Array;
  /** The log's own keys, with the witnesses that it asks. */
  readonly policy: TrustPolicy;
}

/** Histories that may wait for the one that is computed. */
const MOST_WAITING = 8;
const MOST_PROOFS = 10_000;
const TIMEOUT_MS = 20_000;
/** Bytes of answers that are kept: the same question under the same checkpoint has the same answer, but for its clock. */
const BYTES_KEPT = 8_388_608;
/** Seconds for which a kept answer serves. */
const FRESH_SECONDS = 60;

export class Histories {
  readonly #storePath: string;
  readonly #kept = new Lru<string, Uint8Array>(BYTES_KEPT, ({ length }) => length);
  #thread: Remote<HistoryQuestion, Uint8Array, never> | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(storePath: string) {
    this.#storePath = storePath;
  }

  /** Refuses `overloaded`, and what the thread refuses. */
  async history(question: HistoryQuestion, size: number): Promise<Uint8Array> {
    const { subject, claim, since, until } = question;
    const minute = Math.floor(Date.now() / 1000 / FRESH_SECONDS);
    const key = JSON.stringify([size, minute, subject, claim, since, until]);
    const kept = this.#kept.get(key);
    if (kept !== undefined) return kept;
    if (this.#waiting > MOST_WAITING)
      throw refuse('overloaded', 'too many histories are asked for at once; ask again in a moment');
    this.#waiting += 1;
    const answer = this.#last.then(() => this.#compute(question));
    this.#last = answer.catch(() => undefined).finally(() => (this.#waiting -= 1));
    const json = await answer;
    this.#kept.set(key, json);
    return json;
  }

  async #compute(question: HistoryQuestion): Promise<Uint8Array> {
    const thread = (this.#thread ??= this.#start());
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      this.#thread = undefined;
      void thread.terminate();
      reject(
        refuse(
          'too-large',
          'the history takes too long to compute here: ask for a shorter period, or run tallystick history',
        ),
      );
    }, TIMEOUT_MS);
    try {
      return await Promise.race([thread.ask(question), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #start(): Remote<HistoryQuestion, Uint8Array, never> {
    const options: HistoryThreadOptions = { storePath: this.#storePath, mostProofs: MOST_PROOFS };
    const worker = new Worker(threadModule('./history-thread', import.meta.url), { workerData: options });
    worker.unref();
    const thread = new Remote<HistoryQuestion, Uint8Array, never>(
      worker,
      () => undefined,
      () => {
        if (this.#thread === thread) this.#thread = undefined;
      },
    );
    return thread;
  }

  async close(): Promise<void> {
    await this.#thread?.terminate();
  }
}
