/**
 * A pacer runs a job for the newest thing offered: one at a time, and not more often than an interval. The
 * first offer after a pause runs at once; later ones are served together when the interval has passed.
 *
 * Checkpoints are signed this way. Integration never waits for it, and an ML-DSA-44 signature, which costs a
 * millisecond, is not made for every batch (decision 5).
 */
interface CoalesceParts<T> {
  readonly run: (item: T) => Promise<void>;
  /** Called if `run` failed. To try again, the caller offers the item again. */
  readonly onFailure: (error: unknown, item: T) => void;
  readonly intervalMs: number;
  /** Milliseconds that only ever grow. */
  readonly ticks: () => number;
  readonly setTimer: (run: () => void, ms: number) => void;
}

export class Coalesce<T> {
  readonly #parts: CoalesceParts<T>;
  #offered: { readonly item: T } | undefined;
  #last = Number.NEGATIVE_INFINITY;
  #timer = false;
  #busy: Promise<void> | undefined;

  constructor(parts: CoalesceParts<T>) {
    this.#parts = parts;
  }

  /** Runs the job for this item, or for a later one that is offered before its turn comes. */
  offer(item: T): void {
    this.#offered = { item };
    if (this.#timer || this.#busy !== undefined) return;
    const wait = this.#last + this.#parts.intervalMs - this.#parts.ticks();
    if (wait <= 0) {
      this.#start();
      return;
    }
    this.#timer = true;
    this.#parts.setTimer(() => {
      this.#timer = false;
      this.#start();
    }, wait);
  }

  /** Runs the job at once for the item that was offered last, and resolves when it has finished or failed. */
  async flush(): Promise<void> {
    this.#start();
    await this.#busy;
    this.#start();
    await this.#busy;
  }

  #start(): void {
    const offered = this.#offered;
    if (offered === undefined || this.#busy !== undefined) return;
    this.#offered = undefined;
    this.#last = this.#parts.ticks();
    this.#busy = this.#run(offered.item);
  }

  async #run(item: T): Promise<void> {
    try {
      await this.#parts.run(item);
    } catch (error) {
      this.#parts.onFailure(error, item);
    }
    this.#busy = undefined;
    if (this.#offered !== undefined) this.offer(this.#offered.item);
  }
}
