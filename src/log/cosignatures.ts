/**
 * The cosignatures of one signed head, as they come in: the log's own note with its lines, and at most one
 * line of each witness, the newest. The text never changes, so the note may be published again with more.
 */
import { appendSignatures, parseNote } from '../note/note.ts';
import type { Cosignature } from '../note/checkpoint.ts';
import { quorumMet, type TrustedWitness, type TrustPolicy } from '../note/trust.ts';
import type { SealedHead } from './ports.ts';

/** A line, and when it came (ticks of the publisher, milliseconds). */
interface Held {
  readonly cosignature: Cosignature;
  readonly at: number;
}

export class Gathering {
  /** What witnesses are asked to cosign: the log's own signatures alone. */
  readonly note: Uint8Array;
  readonly text: string;
  readonly head: SealedHead;
  readonly #held = new Map<TrustedWitness, Held>();

  constructor(note: Uint8Array, head: SealedHead) {
    this.note = note;
    this.text = parseNote(note).text;
    this.head = head;
  }

  /** True when the note says something new: a witness may answer with an older line than we have. */
  add(witness: TrustedWitness, cosignature: Cosignature, at: number): boolean {
    const known = this.#held.get(witness);
    const newer = known === undefined || cosignature.time > known.cosignature.time;
    this.#held.set(witness, { cosignature: newer ? cosignature : known.cosignature, at });
    return newer;
  }

  /** When the witness last cosigned this head, in ticks; undefined when it has not. */
  heardAt(witness: TrustedWitness): number | undefined {
    return this.#held.get(witness)?.at;
  }

  /** POSIX seconds of the witness's line. */
  timeOf(witness: TrustedWitness): number | undefined {
    return this.#held.get(witness)?.cosignature.time;
  }

  get cosigned(): boolean {
    return this.#held.size > 0;
  }

  met(policy: TrustPolicy): boolean {
    return quorumMet(policy, this.#cosignatures());
  }

  /** Whether the quorum would be met if these witnesses cosigned too. */
  couldMeet(policy: TrustPolicy, hopes: readonly TrustedWitness[]): boolean {
    return quorumMet(policy, [...this.#cosignatures(), ...hopes]);
  }

  /** The note with every line, in the order they came first. */
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
