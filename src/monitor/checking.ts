/**
 * Checks the bytes and signatures of entries: on threads if there are many entries, else in this thread, so that a
 * monitor of many quiet logs keeps no threads for them.
 */
import { packBatch, type RefusedAt } from '../log/batch.ts';
import { checkBatch } from '../log/check.ts';
import type { VerifySignature } from '../sign/algorithm.ts';
import { CheckerThreads } from '../workers/checkers.ts';
import type { InForce } from '../registration/rules.ts';

/** Number of entries from which on threads are started: checking them takes as long as the start. */
export const WORTH_THREADS = 2048;

/** Batches given to each thread: one is checked while the next waits. */
const DEPTH = 2;

export class Checking {
  readonly #width: number;
  readonly #verify: VerifySignature;
  #threads: Promise<CheckerThreads> | undefined;
  #policyEntry: Uint8Array | undefined;
  #free = 0;
  readonly #waiting: (() => void)[] = [];

  /** `threads`: how many may be started. */
  constructor(threads: number, verify: VerifySignature) {
    this.#width = threads;
    this.#verify = verify;
  }

  /** Whether threads are running. */
  get started(): boolean {
    return this.#threads !== undefined;
  }

  /** Number of batches that may be given at once. */
  get width(): number {
    return this.#width * DEPTH;
  }

  /** Returns the fault in the bytes or signature of each entry under a policy. Batches may have to wait. */
  async check(
    entries: readonly Uint8Array[],
    inForce: InForce,
    onThreads: boolean,
  ): Promise<readonly RefusedAt[]> {
    const { memory } = packBatch(entries);
    if (!onThreads) return checkBatch(memory, { policy: inForce.policy, verify: this.#verify });
    const threads = await (this.#threads ??= this.#start(inForce));
    if (this.#policyEntry !== inForce.entry) {
      this.#policyEntry = inForce.entry;
      await threads.setPolicy(inForce.entry); // what is asked from now on comes after it
    }
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return (await threads.check(memory)).refused;
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }

  /** Ends the threads; the next batch that needs threads starts new ones. */
  async stop(): Promise<void> {
    const threads = this.#threads;
    this.#threads = undefined;
    await threads?.then(
      (started) => started.close(),
      () => undefined,
    );
  }

  #start(inForce: InForce): Promise<CheckerThreads> {
    this.#policyEntry = inForce.entry;
    this.#free = this.width;
    // A thread that ends loses its batches: the step fails, and the next step starts new threads.
    const onExit = (): void => {
      this.#threads = undefined;
    };
    return CheckerThreads.start(this.#width, inForce.entry, onExit, DEPTH);
  }
}
