/**
 * The seeds that an agent's slots (appraisal/slots.ts) are drawn from: secret, committed to in advance, revealed when no
 * slot of them is left (spec/agent.md §5).
 */
import { createHmac } from 'node:crypto';
import type { Digest } from '../bytes/brand.ts';
import { concatBytes } from '../bytes/compare.ts';
import { bigEndian } from '../bytes/cursor.ts';
import { encodeUtf8 } from '../bytes/text.ts';
import { sha256 } from './hash.ts';

/** The seeds of one subject, each for one epoch, all from one secret: HMAC-SHA-256(master, label ‖ epoch ‖ subject). */
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
   * What a proof made at `time` says of them: the seed in force and the next one by their SHA-256, and the seed of two
   * epochs ago, which no slot is left of.
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
