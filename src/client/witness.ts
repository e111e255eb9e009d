/**
 * The log's side of C2SP tlog-witness: one request to one witness, and the meaning of its answer. Statuses mean what
 * the specification says: 409 with a size tells the size that the witness cosigned last; 409 without one, and 422, say
 * that the witness knows another tree. Only a cosignature that verifies is believed.
 */
import { treeSize, type Digest, type TreeSize } from '../bytes/brand.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { decodeUtf8, parseDecimal } from '../bytes/text.ts';
import { formatAddCheckpoint, type WitnessAnswer } from '../note/addcheckpoint.ts';
import { openCheckpoint, openCosignatures, originHash, type OpenedCheckpoint } from '../note/checkpoint.ts';
import type { NoteVerifier } from '../note/key.ts';
import { parseNote, parseSignatures } from '../note/note.ts';
import type { TrustedWitness } from '../note/trust.ts';
import type { VerifySignature } from '../sign/algorithm.ts';
import { retryAfter } from './patience.ts';
import { exchange, type Reply, type Transport } from './transport.ts';

/** Most bytes of a reply: a few signature lines; ML-DSA-44 ones have 3.3 kB. */
const MAX_REPLY_BYTES = 65_536;

/** What a witness is asked to cosign. */
export interface Question {
  /** The log's note with the log's signatures alone, since some witnesses read at most 16 KiB. */
  readonly note: Uint8Array;
  /** The size that the witness is thought to have cosigned last, and the consistency proof from there. */
  readonly old: TreeSize;
  readonly proof: readonly Digest[];
}

/** The keys of one witness in a policy: of several kinds, at one URL. */
export type Keys = readonly TrustedWitness[];

/** Makes one request. A fault of the witness is an answer, too; only a bug of this program throws. */
export async function askWitness(
  transport: Transport,
  witness: Keys,
  { note, old, proof }: Question,
  verify: VerifySignature,
): Promise<WitnessAnswer> {
  try {
    const reply = await exchange(transport, addressOf(witness, 'add-checkpoint'), {
      method: 'POST',
      accept: '*/*',
      contentType: 'text/plain; charset=utf-8',
      body: formatAddCheckpoint({ old, proof, checkpoint: note }),
      maxBytes: MAX_REPLY_BYTES,
    });
    return answerOf(reply, witness, parseNote(note).text, verify, transport.now());
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { kind: 'failed', why: error.message };
  }
}

/**
 * The largest checkpoint that a witness shows for a log, if it serves the monitoring form below its submission prefix
 * and the log's own keys signed it; else undefined.
 */
export async function shownBy(
  transport: Transport,
  witness: Keys,
  origin: string,
  logKeys: readonly NoteVerifier[],
  verify: VerifySignature,
): Promise<{ readonly note: Uint8Array; readonly opened: OpenedCheckpoint } | undefined> {
  try {
    const url = addressOf(witness, `${originHash(origin)}/checkpoint`);
    const reply = await exchange(transport, url, { accept: '*/*', maxBytes: MAX_REPLY_BYTES });
    if (reply.status !== 200) return undefined;
    return { note: reply.body, opened: openCheckpoint(reply.body, { origin, logKeys, verify }) };
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

function addressOf([first]: Keys, path: string): URL {
  return new URL(`${(first?.url ?? '').replace(/\/+$/, '')}/${path}`);
}

function answerOf(
  reply: Reply,
  witness: Keys,
  text: string,
  verify: VerifySignature,
  now: number,
): WitnessAnswer {
  const { status } = reply;
  if (status === 200) return { kind: 'cosigned', cosignatures: cosignaturesIn(reply, witness, text, verify) };
  if (status === 409 && mediaType(reply) === 'text/x.tlog.size')
    return { kind: 'stands', size: treeSize(parseDecimal(decodeUtf8(reply.body).replace(/\n$/, ''))) };
  if (status === 409) return { kind: 'conflict', why: 'it has cosigned another root of this size (409)' };
  if (status === 422)
    return { kind: 'conflict', why: 'it says that this tree does not extend the one it cosigned (422)' };
  const wish = retryAfter(reply, now);
  return {
    kind: 'failed',
    why: `it answered ${status}`,
    ...(wish === undefined ? {} : { retryAfterMs: wish }),
  };
}

function cosignaturesIn(reply: Reply, witness: Keys, text: string, verify: VerifySignature) {
  const keys = witness.map(({ verifier }) => verifier);
  const cosignatures = openCosignatures(text, parseSignatures(reply.body), keys, verify);
  if (cosignatures.every(({ time }) => time > 0)) return cosignatures;
  throw refuse('unknown-signer', 'its cosignature has no time');
}

function mediaType(reply: Reply): string {
  return (reply.headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}
