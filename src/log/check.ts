/**
 * Checks a batch: everything about a statement that its bytes and the enrolled keys decide. Runs on any thread. What
 * depends on other entries is decided by the sequencer.
 */
import { Refusal } from '../bytes/refusal.ts';
import type { ReadHeaders } from '../cose/sign1.ts';
import type { VerifySignature } from '../sign/algorithm.ts';
import { assertSigned } from '../registration/admit.ts';
import { parseStatement } from '../statement/parse.ts';
import type { Policy } from '../statement/policy.ts';
import { openBatch, privateItems, refusedAt, type RefusedAt } from './batch.ts';

/** What checking needs besides the batch. */
interface CheckDeps {
  /** The registration policy in force: which keys are enrolled. */
  readonly policy: Policy;
  readonly verify: VerifySignature;
  /** Default: each header is read anew. */
  readonly readHeaders?: ReadHeaders;
}

/**
 * Checks each statement of the batch in `memory`: strict encoding, headers, payload schema, signature by an enrolled
 * key. Writes the entry bytes in place, and returns the refusals. Throws only for a bug.
 */
export function checkBatch(memory: SharedArrayBuffer, deps: CheckDeps): readonly RefusedAt[] {
  const batch = openBatch(memory);
  const refused: RefusedAt[] = [];
  const entries: (Uint8Array | undefined)[] = [];
  const own = privateItems(batch);
  for (const [i, bytes] of own.entries()) {
    try {
      entries.push(checkStatement(bytes, deps));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      refused.push(refusedAt(i, error));
      entries.push(undefined);
    }
  }
  let at = 0;
  for (const [i, entry] of entries.entries()) {
    if (entry !== undefined) {
      batch.data.set(entry, at);
      at += entry.length;
    }
    batch.ends[i] = at;
  }
  return refused;
}

/** The entry bytes of one well-signed statement, or a refusal. */
function checkStatement(bytes: Uint8Array, deps: CheckDeps): Uint8Array {
  const parsed = parseStatement(bytes, deps.readHeaders);
  const { policy, verify } = deps;
  assertSigned({ origin: policy.document.origin, inForce: { policy } }, parsed, verify);
  return parsed.entry;
}
