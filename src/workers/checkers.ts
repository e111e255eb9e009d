/** Threads that check batches. Signatures are the log's greatest cost, so none is checked on the main thread. */
import { Worker } from 'node:worker_threads';
import type { CheckedBatch, RefusedAt } from '../log/batch.ts';
import type { Checkers } from '../log/pool.ts';
import { Remote } from './rpc.ts';
import { THREAD_LIMITS, threadModule } from './thread.ts';

/** What a checker thread is asked. */
export type CheckQuestion =
  | { readonly kind: 'policy'; readonly entry: Uint8Array }
  | { readonly kind: 'check'; readonly memory: SharedArrayBuffer };

type CheckThread = Remote<CheckQuestion, readonly RefusedAt[], never>;

export class CheckerThreads implements Checkers {
  readonly width: number;
  readonly #threads: readonly CheckThread[];
  readonly #free: CheckThread[];

  private constructor(threads: readonly CheckThread[], depth: number) {
    this.width = threads.length * depth;
    this.#threads = threads;
    this.#free = Array.from({ length: depth }, () => threads).flat();
  }

  /**
   * Starts `threads` threads under the policy in `policyEntry`. `onExit` is called when a thread ends before `close`.
   * `depth`: batches given to each at once, so that it has work while the caller is busy.
   */
  static async start(
    threads: number,
    policyEntry: Uint8Array,
    onExit: (error: Error) => void,
    depth = 1,
  ): Promise<CheckerThreads> {
    const checkers = new CheckerThreads(
      Array.from({ length: threads }, () => startThread(onExit)),
      depth,
    );
    await checkers.setPolicy(policyEntry);
    return checkers;
  }

  /** Applies to every batch given after the promise was made: each thread takes its questions in order. */
  async setPolicy(entry: Uint8Array): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.ask({ kind: 'policy', entry })));
  }

  async check(memory: SharedArrayBuffer): Promise<CheckedBatch> {
    const thread = this.#free.pop();
    if (thread === undefined) throw new Error('more batches at once than there are checkers');
    try {
      return { memory, refused: await thread.ask({ kind: 'check', memory }) };
    } finally {
      this.#free.push(thread);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.terminate()));
  }
}

function startThread(onExit: (error: Error) => void): CheckThread {
  return new Remote(
    new Worker(threadModule('./checker-thread', import.meta.url), { resourceLimits: THREAD_LIMITS }),
    () => {},
    (error) => {
      if (error !== undefined) onExit(error);
    },
  );
}
