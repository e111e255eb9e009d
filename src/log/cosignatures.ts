/**
 * Collects the cosignatures of one signed head: the log's own note, and at most one signature line of each witness, the
 * newest. The text of the note never changes, so it can be published again with more lines.
 */
import { appendSignatures, parseNote } from '../note/note.ts';
import type { Cosignature } from '../note/checkpoint.ts';
import { quorumMet, type TrustedWitness, type TrustPolicy } from '../note/trust.ts';
import type { SealedHead } from './ports.ts';

/** A signature line, and when it came (milliseconds of the publisher's clock). */
interface Held {
  readonly cosignature: Cosignature;
  readonly at: number;
}

export class Gathering {
  /** The note with the log's own signatures alone; witnesses are asked to cosign it. */
  readonly note: Uint8Array;
  readonly text: string;
  readonly head: SealedHead;
  readonly #held = new Map<TrustedWitness, Held>();

  constructor(note: Uint8Array, head: SealedHead) {
    this.note = note;
    this.text = parseNote(note).text;
    this.head = head;
  }

  /**
   * Adds a cosignature. Returns true if it is newer than the one that is held, since a witness may answer with an older
   * line.
   */
  add(witness: TrustedWitness, cosignature: Cosignature, at: number): boolean {
    const known = this.#held.get(witness);
    const newer = known === undefined || cosignature.time > known.cosignature.time;
    this.#held.set(witness, { cosignature: newer ? cosignature : known.cosignature, at });
    return newer;
  }

  /** When the witness last cosigned this head, in ticks; undefined if it has not. */
  heardAt(witness: TrustedWitness): number | undefined {
    return this.#held.get(witness)?.at;
  }

  /** The time in the witness's line, POSIX seconds. */
  timeOf(witness: TrustedWitness): number | undefined {
    return this.#held.get(witness)?.cosignature.time;
  }

  get cosigned(): boolean {
    return this.#held.size > 0;
  }

  met(policy: TrustPolicy): boolean {
    return quorumMet(policy, this.#cosignatures());
  }

  /** Whether the quorum would be met if these witnesses cosigned as well. */
  couldMeet(policy: TrustPolicy, hopes: readonly TrustedWitness[]): boolean {
    return quorumMet(policy, [...this.#cosignatures(), ...hopes]);
  }

  /** The note with every line, ordered by each witness's first line. */
  signed(): Uint8Array {
    return this.cosigned
      ? appendSignatures(
          this.note,
          this.#cosignatures().map(({ line }) => line),
        )
      : this.note;
  }

  #cosignatures(): readonly Cosignature[] {
    return [...this.#held.values()].map(({ cosignature }) => cosignature);
  }
}
