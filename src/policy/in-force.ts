/** The registration policy in force, shown to be in the log and signed by an admin. */
import { refuse } from '../bytes/refusal.ts';
import { formatHex } from '../bytes/text.ts';
import { fetchReceipt } from '../client/scrapi.ts';
import type { LogView } from '../client/view.ts';
import { decodeReceipt } from '../cose/receipt.ts';
import { openCheckpoint } from '../note/checkpoint.ts';
import { vkeyOf, parseVkey } from '../note/key.ts';
import type { InForce, Rules } from '../registration/rules.ts';
import { parseStatement } from '../statement/parse.ts';
import type { PolicyDocument } from '../statement/policy.ts';
import type { LogClient } from '../client/client.ts';
import { shortVkey } from '../registration/difference.ts';
import { kidOf } from '../cose/key.ts';

/** A policy, and its entry. */
export interface PolicyInForce extends InForce {
  /** The rules that its successor must follow. */
  readonly rules: Rules;
  /** Who issued it: `iss`. */
  readonly issuer: string;
  /** The checkpoint it was read under. */
  readonly view: LogView;
}

/**
 * Reads every policy, and verifies inclusion under the trusted checkpoint, signatures, and that each may follow the one
 * before it. Only the log says that no newer one exists; this does not prove it. Refuses `not-found` for a log without one.
 */
export async function policyInForce(client: LogClient): Promise<PolicyInForce> {
  const view = await client.view();
  const policies = await client.policies(view);
  if (policies === undefined) throw refuse('not-found', `${client.log} names no registration policy`);
  const { policy, id, index, entry } = policies.newest;
  return { policy, id, index, entry, rules: policies.rules, issuer: parseStatement(entry).issuer, view };
}

/**
 * Refuses `policy-rejected` when a document leaves out a key that the log signs with now, as its checkpoint and a fresh
 * receipt show. The log refuses that too, but this refusal names the key.
 */
export async function assertKeepsRunningKeys(
  client: LogClient,
  { policy: { document: old }, id, view }: PolicyInForce,
  next: PolicyDocument,
): Promise<void> {
  if (old.log.vkeys.some((vkey) => !next.log.vkeys.includes(vkey))) {
    const { logSignatures } = openCheckpoint(view.note, { logKeys: old.log.vkeys.map(parseVkey) });
    for (const { verifier } of logSignatures) {
      const vkey = vkeyOf(verifier);
      if (!next.log.vkeys.includes(vkey)) throw stillRunning(`checkpoint key ${shortVkey(vkey)}`);
    }
  }
  const kept = new Set(next.log.receiptKeys.map(kidOf));
  if (old.log.receiptKeys.every((key) => kept.has(kidOf(key)))) return;
  const kid = formatHex(decodeReceipt(await fetchReceipt(client.transport, client.log, id)).kid);
  if (!kept.has(kid)) throw stillRunning(`receipt key ${kid}`);
}

function stillRunning(what: string): Error {
  return refuse(
    'policy-rejected',
    `the log signs with the ${what} now; start it with the new key first, then leave this one out`,
  );
}
