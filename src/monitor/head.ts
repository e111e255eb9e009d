/**
 * Opens signed heads for a monitor: signed by the log that it follows, with the cosignatures that verify, and the names
 * of witnesses whose signature lines do not.
 */
import { equalBytes } from '../bytes/compare.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { decodeUtf8 } from '../bytes/text.ts';
import { openCheckpoint, type Cosignature, type OpenedCheckpoint } from '../note/checkpoint.ts';
import type { NoteVerifier } from '../note/key.ts';
import { formatNote, type SignatureLine } from '../note/note.ts';
import { logKeysOf, quorumMet, type TrustPolicy } from '../note/trust.ts';
import type { VerifySignature } from '../sign/algorithm.ts';
import { EMPTY_ROOT } from '../tree/hash.ts';
import { Unreachable } from '../client/served.ts';

/** Who is to be believed about one log. */
export interface Trust {
  readonly origin: string;
  /** Its log keys of this origin, its witnesses, its quorum. */
  readonly policy: TrustPolicy;
  readonly verify: VerifySignature;
}

/** A head that the log signed. */
export interface SeenHead {
  /** The signed note with the signature lines that verified, and no others. */
  readonly note: Uint8Array;
  /** The note as served. */
  readonly served: string;
  readonly opened: OpenedCheckpoint;
  /** Whether the verified cosignatures meet the policy's quorum. */
  readonly quorum: boolean;
  /** Witnesses of the policy with a signature line in their name that does not verify. */
  readonly forged: readonly NoteVerifier[];
}

/**
 * Opens what was served as checkpoint. If the log did not sign it, anybody may have sent it: `Unreachable`, with the
 * reason.
 */
export function hearHead(note: Uint8Array, trust: Trust): SeenHead {
  try {
    const head = openHead(note, trust);
    const { size, root } = head.opened.checkpoint;
    if (size > 0 || equalBytes(root, EMPTY_ROOT)) return head;
    throw refuse('malformed-checkpoint', 'a tree without entries has one root, and it is another');
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new Unreachable(`what is served as checkpoint is none of this log: ${error.message}`);
  }
}

/**
 * Refuses as `openCheckpoint` does for lines of the log's keys. Lines of witnesses that do not verify are listed
 * instead.
 */
export function openHead(note: Uint8Array, trust: Trust): SeenHead {
  const { origin, policy, verify } = trust;
  const logKeys = logKeysOf(policy, origin);
  const plain = openCheckpoint(note, { origin, logKeys, verify });
  const cosignatures: Cosignature[] = [];
  const forged: NoteVerifier[] = [];
  for (const { verifier } of policy.witnesses) {
    if (!plain.unknown.some((line) => isBy(line, verifier))) continue;
    try {
      const keys = { origin, logKeys, witnessKeys: [verifier], verify };
      cosignatures.push(...openCheckpoint(note, keys).cosignatures);
    } catch (error) {
      if (!(error instanceof Refusal) || error.code !== 'unknown-signer') throw error;
      forged.push(verifier);
    }
  }
  const unknown = plain.unknown.filter((line) => !cosignatures.some((each) => isBy(line, each.verifier)));
  const lines = [...plain.logSignatures, ...cosignatures].map(({ line }) => line);
  return {
    note: formatNote(plain.text, lines),
    served: decodeUtf8(note),
    opened: { ...plain, cosignatures, unknown },
    quorum: quorumMet(policy, cosignatures),
    forged,
  };
}

function isBy(line: SignatureLine, verifier: NoteVerifier): boolean {
  return line.name === verifier.name && line.id === verifier.id;
}
