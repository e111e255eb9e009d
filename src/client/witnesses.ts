/**
 * The log's side of C2SP tlog-witness: asks the witnesses of a trust policy to cosign a checkpoint, all at
 * once. A witness says by 409 where it stands, and is then asked again from there. Only cosignatures that
 * verify are kept; a witness that fails costs its cosignature and nothing else.
 */
import { treeSize, type Digest, type TreeSize } from '../bytes/brand.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { decodeUtf8, parseDecimal } from '../bytes/text.ts';
import { formatAddCheckpoint } from '../note/addcheckpoint.ts';
import { openCheckpoint, parseCheckpoint, type OpenedCheckpoint } from '../note/checkpoint.ts';
import { appendSignatures, parseNote, parseSignatures, type SignatureLine } from '../note/note.ts';
import { quorumMet, type TrustedWitness, type TrustPolicy } from '../note/trust.ts';
import type { VerifySignature } from '../sign/algorithm.ts';
import type { NoteVerifier } from '../note/key.ts';
import { exchange, type Transport } from './transport.ts';

/** A reply is a few signature lines; ML-DSA-44 ones have 3.3 kB. */
const MAX_REPLY_BYTES = 65_536;

export interface WitnessParts {
  readonly transport: Transport;
  readonly policy: TrustPolicy;
  /** The log's own verifier keys. */
  readonly logKeys: readonly NoteVerifier[];
  readonly verify: VerifySignature;
  readonly consistency: (from: TreeSize, to: TreeSize) => Promise<readonly Digest[]>;
}

/** One round of asking. `faults`: per witness that did not cosign, why. */
export interface Round {
  readonly note: Uint8Array;
  readonly quorum: boolean;
  readonly faults: readonly string[];
}

export class Witnesses {
  readonly #parts: WitnessParts;
  /** The size each witness was last known to have cosigned. */
  readonly #sizes = new Map<TrustedWitness, TreeSize>();

  /** Refuses `config-invalid` for a witness without a URL to ask at. */
  constructor(parts: WitnessParts) {
    for (const { name, url } of parts.policy.witnesses) {
      if (url === undefined)
        throw refuse('config-invalid', `the witness policy gives no URL for ${name}: add it`);
    }
    this.#parts = parts;
  }

  /** Asks every witness to cosign the log's own note, which must carry the log's signatures alone. */
  async collect(note: Uint8Array): Promise<Round> {
    const { size } = parseCheckpoint(parseNote(note).text);
    const faults: string[] = [];
    const asked = this.#parts.policy.witnesses.map(async (witness) => {
      try {
        return await this.#ask(witness, note, size);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        faults.push(`${witness.name}: ${error.message}`);
        return [];
      }
    });
    const lines = (await Promise.all(asked)).flat();
    const cosigned = lines.length === 0 ? note : appendSignatures(note, lines);
    const { cosignatures } = this.#open(cosigned, this.#parts.policy.witnesses);
    return { note: cosigned, quorum: quorumMet(this.#parts.policy, cosignatures), faults };
  }

  async #ask(witness: TrustedWitness, note: Uint8Array, size: TreeSize): Promise<readonly SignatureLine[]> {
    const old = this.#sizes.get(witness) ?? treeSize(0);
    const first = await this.#post(witness, note, old, size);
    const lines = Array.isArray(first)
      ? first
      : await this.#post(witness, note, this.#adopt(witness, first, size), size);
    if (!Array.isArray(lines))
      throw refuse('unavailable', 'it changed its mind about the size it knows; asked again next time');
    const kept = this.#open(appendSignatures(note, lines), [witness]).cosignatures.map(({ line }) => line);
    if (kept.length === 0)
      throw refuse('bad-signature', 'its reply holds no cosignature by the key in the policy');
    this.#sizes.set(witness, size);
    return kept;
  }

  /** Goes on from where the witness stands. Ahead of us means our database went back, or the tree forked. */
  #adopt(witness: TrustedWitness, stored: TreeSize, size: TreeSize): TreeSize {
    if (stored > size) {
      throw refuse(
        'inconsistent',
        `it has cosigned size ${stored} and this log has ${size}: the log went back or forked`,
      );
    }
    this.#sizes.set(witness, stored);
    return stored;
  }

  /** Signature lines, or the size the witness has stored (409 with text/x.tlog.size). */
  async #post(
    witness: TrustedWitness,
    note: Uint8Array,
    old: TreeSize,
    size: TreeSize,
  ): Promise<SignatureLine[] | TreeSize> {
    const proof = old === 0 ? [] : await this.#parts.consistency(old, size);
    const reply = await exchange(
      this.#parts.transport,
      new URL(`${(witness.url ?? '').replace(/\/+$/, '')}/add-checkpoint`),
      {
        method: 'POST',
        accept: '*/*',
        contentType: 'text/plain; charset=utf-8',
        body: formatAddCheckpoint({ old, proof, checkpoint: note }),
        maxBytes: MAX_REPLY_BYTES,
      },
    );
    if (reply.status === 200) return parseSignatures(reply.body);
    if (reply.status === 409 && reply.headers.get('content-type') === 'text/x.tlog.size') {
      return treeSize(parseDecimal(decodeUtf8(reply.body).replace(/\n$/, '')));
    }
    if (reply.status === 409) throw refuse('inconsistent', 'it has cosigned another root of this size');
    throw refuse('unavailable', `it answered ${reply.status}`);
  }

  #open(note: Uint8Array, witnesses: readonly TrustedWitness[]): OpenedCheckpoint {
    const { logKeys, verify } = this.#parts;
    return openCheckpoint(note, { logKeys, witnessKeys: witnesses.map(({ verifier }) => verifier), verify });
  }
}
