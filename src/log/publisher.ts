/**
 * Publishing: the checkpoint is signed, cosigned as the policy asks, and only then made readable. Integration
 * never waits for it. Signing is paced (an ML-DSA-44 signature costs a millisecond): the first head after
 * a pause is published at once, later ones together when the interval has passed.
 */
import type { HeadSigner, SealedHead } from './ports.ts';

export interface PublisherParts {
  readonly signer: HeadSigner;
  /** Adds the cosignatures the witness policy wants; rejects while the quorum is not met. */
  readonly cosign: ((note: Uint8Array, head: SealedHead) => Promise<Uint8Array>) | undefined;
  readonly onPublished: (note: Uint8Array, head: SealedHead) => void;
  /** Told when publishing failed: the old checkpoint stays, the next head tries again. */
  readonly onFailure: (error: unknown) => void;
  readonly intervalMs: number;
  /** Milliseconds that only ever grow. */
  readonly ticks: () => number;
  readonly setTimer: (run: () => void, ms: number) => void;
}

export class Publisher {
  readonly #parts: PublisherParts;
  #offered: SealedHead | undefined;
  #last = Number.NEGATIVE_INFINITY;
  #timer = false;
  #busy: Promise<void> | undefined;

  constructor(parts: PublisherParts) {
    this.#parts = parts;
  }

  /** Publishes this head, or a later one offered before its turn comes. */
  offer(head: SealedHead): void {
    this.#offered = head;
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

  /** Publishes what was offered last, now, and resolves when it is done or failed. */
  async flush(): Promise<void> {
    while (this.#busy !== undefined || this.#offered !== undefined) {
      this.#start();
      await this.#busy;
    }
  }

  #start(): void {
    const head = this.#offered;
    if (head === undefined || this.#busy !== undefined) return;
    this.#offered = undefined;
    this.#last = this.#parts.ticks();
    this.#busy = this.#publish(head).finally(() => {
      this.#busy = undefined;
      if (this.#offered !== undefined) this.offer(this.#offered);
    });
  }

  async #publish(head: SealedHead): Promise<void> {
    try {
      const signed = await this.#parts.signer.checkpoint(head);
      const note = this.#parts.cosign === undefined ? signed : await this.#parts.cosign(signed, head);
      this.#parts.onPublished(note, head);
    } catch (error) {
      this.#parts.onFailure(error);
    }
  }
}
