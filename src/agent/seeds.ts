/**
 * The seeds from which the times in an agent's slots derive (appraisal/slots.ts). They are secret, committed to in
 * advance, and revealed when none of their slots is left (spec/agent.md §5).
 */
import { createHmac } from 'node:crypto';
import type { Digest } from '../bytes/brand.ts';
import { concatBytes } from '../bytes/compare.ts';
import { bigEndian } from '../bytes/cursor.ts';
import { encodeUtf8 } from '../bytes/text.ts';
import { sha256 } from './hash.ts';

/**
 * The seeds of one subject, one for each epoch, all derived from one secret: HMAC-SHA-256(master, label ‖ epoch ‖
 * subject).
 */
export class Seeds {
  readonly #master: Uint8Array;
  readonly #subject: string;
  readonly epoch: number;

  /** `epoch`: seconds, of `epochLength`. */
  constructor(master: Uint8Array, subject: string, epoch: number) {
    this.#master = master;
    this.#subject = subject;
    this.epoch = epoch;
  }

  /** The seed for slots that start at `time`. */
  seedAt(time: number): Uint8Array {
    return this.#seed(Math.floor(time / this.epoch));
  }

  /**
   * What a proof that is made at `time` contains of them: SHA-256 of the seed in force and of the next one, and the
   * seed of two epochs ago, none of whose slots is left.
   */
  told(time: number): {
    readonly seedCommitment: Digest;
    readonly next: Digest;
    readonly revealed: Uint8Array;
  } {
    const number = Math.floor(time / this.epoch);
    return {
      seedCommitment: sha256(this.#seed(number)),
      next: sha256(this.#seed(number + 1)),
      revealed: this.#seed(number - 2),
    };
  }

  #seed(number: number): Uint8Array {
    const message = concatBytes(
      encodeUtf8('tallystick agent seed v1\0'),
      bigEndian(this.epoch, 8),
      bigEndian(number, 8),
      encodeUtf8(this.#subject),
    );
    return new Uint8Array(createHmac('sha256', this.#master).update(message).digest());
  }
}
