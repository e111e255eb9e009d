/**
 * The client's half of a witness request `sign-subtree` (C2SP tlog-witness): the request, the reply in each of its forms,
 * and the check of a subtree's cosignature. In v1.1.0 the reply was base64 of the bare signature, on one line, and C2SP #346
 * takes the eight zero bytes of the timestamp out of the lines; all of these are read.
 */
import { refuse } from '#src/bytes/refusal.ts';
import { decodeUtf8, encodeUtf8, formatBase64 } from '#src/bytes/text.ts';
import { decodeTimed, subtreeMessage, type Subtree } from '#src/note/cosignature.ts';
import { formatHeader, readBase64, readLines, readText } from '#src/note/fields.ts';
import { sameHandle, type NoteVerifier } from '#src/note/key.ts';
import { parseSignatures, type SignatureLine } from '#src/note/note.ts';
import type { SignSubtree } from '#src/note/signsubtree.ts';
import { SIGNATURE_LENGTH, type VerifySignature } from '#src/sign/algorithm.ts';
import { verifyWithNoble } from '#src/sign/algorithm.ts';

/** The request body. More than 63 hashes: RangeError. */
export function formatSignSubtree(request: SignSubtree): Uint8Array<ArrayBuffer> {
  const { start, end, hash, proof, checkpoint } = request;
  const header = formatHeader([`subtree ${start} ${end}`, formatBase64(hash)], proof);
  return encodeUtf8(header + decodeUtf8(checkpoint));
}

/** A signature alone, or behind the eight zero bytes of a timestamp. */
const BARE_LENGTHS: readonly number[] = [SIGNATURE_LENGTH['ml-dsa-44'], 8 + SIGNATURE_LENGTH['ml-dsa-44']];

/**
 * The cosigner's line in a reply of either form. Refuses `malformed-note`, and `unknown-signer` when the
 * reply has no line of this key. The line is not verified here: `verifySubtreeCosignature` does that.
 */
export function parseSubtreeReply(body: Uint8Array | string, cosigner: NoteVerifier): SignatureLine {
  const text = readText(body, 'malformed-note');
  const [only = '', ...rest] = readLines(text, 'malformed-note');
  if (rest.length === 0 && !only.includes(' ')) {
    const signature = readBase64(only, 'malformed-note', 'subtree signature');
    if (!BARE_LENGTHS.includes(signature.length))
      throw refuse('malformed-note', `a bare reply of ${signature.length} bytes is no ML-DSA-44 signature`);
    return { name: cosigner.name, id: cosigner.id, blob: signature };
  }
  const line = parseSignatures(text).find((each) => sameHandle(each, cosigner));
  if (line === undefined)
    throw refuse('unknown-signer', `the reply holds no line by the expected key of ${cosigner.name}`);
  return line;
}

/**
 * The blob of a subtree's cosignature: with the eight zero bytes of a timestamp, as C2SP tlog-witness has it, or the bare
 * signature, as C2SP #346 proposes.
 */
function decodeSubtreeBlob(blob: Uint8Array): { time: number; signature: Uint8Array } | undefined {
  const isBare = blob.length === SIGNATURE_LENGTH['ml-dsa-44'];
  return isBare ? { time: 0, signature: blob } : decodeTimed(6, blob);
}

/**
 * Checks a subtree's cosignature and returns its timestamp. Refuses `unknown-signer` when the line is by
 * another key, is timestamped although start is not 0, or does not verify.
 */
export function verifySubtreeCosignature(
  subtree: Subtree,
  line: SignatureLine,
  verifier: NoteVerifier,
  verify: VerifySignature = verifyWithNoble,
): number {
  if (verifier.type !== 6)
    throw refuse('unknown-signer', 'only a type 06 key cosigns subtrees; ask for its vkey');
  if (line.name !== verifier.name || line.id !== verifier.id) {
    throw refuse(
      'unknown-signer',
      `the line is by ${line.name}, not by the expected key of ${verifier.name}`,
    );
  }
  const timed = decodeSubtreeBlob(line.blob);
  if (timed === undefined || (subtree.start !== 0 && timed.time !== 0)) {
    throw refuse(
      'unknown-signer',
      'the line is not a cosignature of this subtree: wrong length, or a timestamp',
    );
  }
  if (!verify(verifier.key, subtreeMessage(verifier.name, timed.time, subtree), timed.signature)) {
    throw refuse('unknown-signer', `the subtree cosignature by ${verifier.name} does not verify`);
  }
  return timed.time;
}
