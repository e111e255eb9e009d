/**
 * Decides the answer to `sign-subtree`, without state (C2SP tlog-witness): it needs only the witness's own cosignature
 * on the checkpoint. Order of checks: syntax and subtree (400), origin (404), own cosignature (403), proof (422).
 */
import { refuse } from '../bytes/refusal.ts';
import { checkpointMessage, parseCheckpoint, type Checkpoint } from '../note/checkpoint.ts';
import { decodeTimed, type Subtree } from '../note/cosignature.ts';
import { sameHandle, type NoteVerifier } from '../note/key.ts';
import { parseNote, type SignatureLine } from '../note/note.ts';
import { parseSignSubtree } from '../note/signsubtree.ts';
import type { VerifySignature } from '../sign/algorithm.ts';
import { isSubtree } from '../tree/shape.ts';
import { verifySubtree } from '../tree/verify.ts';
import { knownLog } from './decide.ts';
import type { KnownLogs } from './logs.ts';

/**
 * The subtree to cosign. `own`: the witness's keys. Refuses `bad-request`, `malformed-note`,
 * `malformed-checkpoint`, `too-large`; `not-found`; `unknown-signer`; `proof-failed`.
 */
export function examineSubtree(
  body: Uint8Array,
  logs: KnownLogs,
  own: readonly NoteVerifier[],
  verify: VerifySignature,
): Subtree {
  const { start, end, hash, proof, checkpoint: note } = parseSignSubtree(body);
  const { text, lines } = parseNote(note);
  const checkpoint = parseCheckpoint(text);
  if (!isSubtree(start, end) || end > checkpoint.size) {
    throw refuse('bad-request', `[${start}, ${end}) is not a subtree of a tree of ${checkpoint.size}`);
  }
  const { origin } = knownLog(checkpoint.origin, logs);
  if (!isOurs(checkpoint, lines, own, verify)) {
    throw refuse(
      'unknown-signer',
      'this witness has not cosigned the checkpoint; send it to add-checkpoint first',
    );
  }
  verifySubtree(start, end, checkpoint.size, proof, hash, checkpoint.root);
  return { origin, start, end, hash };
}

/**
 * Whether our keys cosigned the checkpoint, with a time; a line without a time may be for a subtree only. A line in our
 * name that does not verify makes the note invalid (C2SP signed-note §Signatures).
 */
function isOurs(
  checkpoint: Checkpoint,
  lines: readonly SignatureLine[],
  own: readonly NoteVerifier[],
  verify: VerifySignature,
): boolean {
  const verdicts = own.flatMap((key) => {
    const line = lines.find((each) => sameHandle(each, key));
    return line === undefined ? [] : [isCosignature(checkpoint, line, key, verify)];
  });
  return verdicts.length > 0 && !verdicts.includes(false);
}

function isCosignature(
  checkpoint: Checkpoint,
  line: SignatureLine,
  key: NoteVerifier,
  verify: VerifySignature,
): boolean {
  if (key.type === 1) return false;
  const timed = decodeTimed(key.type, line.blob);
  if (timed === undefined || timed.time === 0) return false;
  return verify(key.key, checkpointMessage(checkpoint, key.name, key.type, timed.time), timed.signature);
}
