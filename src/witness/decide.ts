/**
 * Decides the answer to `add-checkpoint`, without I/O (C2SP tlog-witness). The checks are in the order of the table in
 * spec/witness.md, in two halves. `examine` needs only the request and the configuration, and may run for many requests
 * at once; `judge` needs the state and runs for one request after another.
 */
import { refuse, Refusal } from '../bytes/refusal.ts';
import { equalBytes } from '../bytes/compare.ts';
import type { Digest, TreeSize } from '../bytes/brand.ts';
import { parseAddCheckpoint } from '../note/addcheckpoint.ts';
import { openCheckpoint, parseCheckpoint, type Checkpoint } from '../note/checkpoint.ts';
import { parseNote, type SignatureLine } from '../note/note.ts';
import type { VerifySignature } from '../sign/algorithm.ts';
import { EMPTY_ROOT } from '../tree/hash.ts';
import { verifyConsistency } from '../tree/verify.ts';
import type { KnownLog, KnownLogs } from './logs.ts';

/** A request that is well formed and signed by the log that it is about. */
export interface Examined {
  readonly log: KnownLog;
  readonly old: TreeSize;
  readonly proof: readonly Digest[];
  readonly checkpoint: Checkpoint;
  /** The note's text. */
  readonly text: string;
  /** The log's signature lines that verified, and no others. */
  readonly lines: readonly SignatureLine[];
}

/** The size and root that a witness cosigned last. */
export interface CosignedHead {
  readonly size: TreeSize;
  readonly root: Digest;
}

/** The decision: cosign; answer the size that we hold (409); or refuse, with the status of the refusal's code. */
export type Decision =
  | { readonly kind: 'cosign' }
  | { readonly kind: 'stale'; readonly size: number }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/**
 * The first half: syntax (400), origin (404), signatures (403). Refuses `bad-request`, `malformed-note`,
 * `malformed-checkpoint`, `too-large`; `not-found`; `unknown-signer`.
 *
 * The cost is bounded by the configuration: each key of the log is tried once, however many lines there are.
 */
export function examine(body: Uint8Array, logs: KnownLogs, verify: VerifySignature): Examined {
  const { old, proof, checkpoint: note } = parseAddCheckpoint(body);
  const log = knownLog(parseCheckpoint(parseNote(note).text).origin, logs);
  const { checkpoint, text, logSignatures } = openCheckpoint(note, {
    origin: log.origin,
    logKeys: log.keys,
    verify,
  });
  // An ML-DSA-44 signature (type 06) does not cover extension lines, and our Ed25519 cosignature would. Without this
  // check, a stranger could make us sign extension lines.
  if (checkpoint.extensions.length > 0 && !logSignatures.some(({ verifier }) => verifier.type === 1)) {
    throw refuse(
      'unknown-signer',
      'no signature of the log covers the extension lines; sign with Ed25519 too, or leave them out',
    );
  }
  return { log, old, proof, checkpoint, text, lines: logSignatures.map(({ line }) => line) };
}

/** Refuses `not-found`. */
export function knownLog(origin: string, logs: KnownLogs): KnownLog {
  const log = logs.get(origin);
  if (log === undefined)
    throw refuse('not-found', 'this witness does not cosign that log; its home page lists those it does');
  return log;
}

/** The second half: decides against the head that was cosigned last; `held` is undefined if there is none. */
export function judge(request: Examined, held: CosignedHead | undefined): Decision {
  const { old, checkpoint } = request;
  const { size, root } = checkpoint;
  if (old > size) return refusal('bad-request', 'the old size is larger than the new one');
  const stored = held?.size ?? 0;
  if (old !== stored) return { kind: 'stale', size: stored };
  if (size === 0 && !equalBytes(root, EMPTY_ROOT))
    return refusal('proof-failed', 'that is not the empty tree');
  if (old === size && held !== undefined && !equalBytes(root, held.root))
    return refusal(
      'proof-failed',
      'another root of this size was cosigned before: the log shows two histories',
    );
  return proven(request, held);
}

/** From size 0 there is nothing to prove, and a proof must be empty; otherwise RFC 9162 §2.1.4.2. */
function proven({ old, proof, checkpoint }: Examined, held: CosignedHead | undefined): Decision {
  if (old === 0 || held === undefined) {
    return proof.length === 0
      ? { kind: 'cosign' }
      : refusal('proof-failed', 'from size 0 nothing is proven; send no hashes');
  }
  try {
    verifyConsistency(old, checkpoint.size, proof, held.root, checkpoint.root);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { kind: 'refused', refusal: error };
  }
  return { kind: 'cosign' };
}

function refusal(code: 'bad-request' | 'proof-failed', message: string): Decision {
  return { kind: 'refused', refusal: refuse(code, message) };
}

/** Whether a signed request has another root for a size that we cosigned. That is evidence, whatever the answer is. */
export function contradicts({ checkpoint }: Examined, held: CosignedHead | undefined): boolean {
  return held !== undefined && held.size === checkpoint.size && !equalBytes(held.root, checkpoint.root);
}
