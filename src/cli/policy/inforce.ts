/** The registration policy in force, shown to be in the log and to be the word of an admin. */
import type { EntryId } from '../../bytes/brand.ts';
import { refuse } from '../../bytes/refusal.ts';
import { formatHex } from '../../bytes/text.ts';
import { entryIdOf, fetchReceipt } from '../../client/scrapi.ts';
import type { LogView } from '../../client/view.ts';
import { decodeReceipt } from '../../cose/receipt.ts';
import { openCheckpoint } from '../../note/checkpoint.ts';
import { formatVkey, parseVkey } from '../../note/key.ts';
import type { Policy, PolicyDocument } from '../../statement/policy.ts';
import type { Session } from '../session.ts';
import { shortVkey } from './difference.ts';
import { kidOf } from './editable.ts';

/** A policy and where it stands. */
export interface InForce {
  readonly policy: Policy;
  readonly entry: EntryId;
  readonly index: number;
  /** Who issued it: `iss`. */
  readonly issuer: string;
  /** The checkpoint it was read under. */
  readonly view: LogView;
}

/**
 * Reads it, and verifies inclusion under the trusted checkpoint, signature, and the signer's admin role under
 * the policy before it. That no newer one exists is the log's word. Refuses `not-found` for a log without one.
 */
export async function policyInForce(session: Session): Promise<InForce> {
  const view = await session.view();
  const entry = await session.newest(view, { kind: 'policy' });
  if (entry === undefined) throw refuse('not-found', `${session.log} names no registration policy`);
  const before = await session.newest(view, { kind: 'policy', before: Math.max(1, entry.index) });
  const { statement } = session.assertVerified({
    entry: entry.bytes,
    receipts: [],
    proof: entry.proof,
    policy: before && { entry: before.bytes, proof: before.proof },
  });
  if (statement?.kind !== 'policy' || before === undefined) {
    throw refuse(
      'proof-failed',
      'the log named another entry as its registration policy; do not rely on its search',
    );
  }
  const { policy, issuer } = statement;
  return { policy, entry: entryIdOf(entry.bytes), index: entry.index, issuer, view };
}

/**
 * Refuses `policy-rejected` when a document leaves out a key that the log signs with now: seen on its
 * checkpoint and on a fresh receipt. Unlike the log, which refuses it too, this names the key.
 */
export async function assertKeepsRunningKeys(
  session: Session,
  { policy: { document: old }, entry, view }: InForce,
  next: PolicyDocument,
): Promise<void> {
  if (old.log.vkeys.some((vkey) => !next.log.vkeys.includes(vkey))) {
    const { logSignatures } = openCheckpoint(view.note, { logKeys: old.log.vkeys.map(parseVkey) });
    for (const { verifier } of logSignatures) {
      const vkey = formatVkey(verifier.name, verifier.type, verifier.key);
      if (!next.log.vkeys.includes(vkey)) throw stillRunning(`checkpoint key ${shortVkey(vkey)}`);
    }
  }
  const kept = new Set(next.log.receiptKeys.map(kidOf));
  if (old.log.receiptKeys.every((key) => kept.has(kidOf(key)))) return;
  const kid = formatHex(decodeReceipt(await fetchReceipt(session.transport, session.log, entry)).kid);
  if (!kept.has(kid)) throw stillRunning(`receipt key ${kid}`);
}

function stillRunning(what: string): Error {
  return refuse(
    'policy-rejected',
    `the log signs with the ${what} now; start it with the new key first, then leave this one out`,
  );
}
