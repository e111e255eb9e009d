/** Entry 0: the registration policy, itself a signed statement, starts every log (RFC 9943 §6.2). */
import { digest, entryId } from '../bytes/brand.ts';
import { refuse } from '../bytes/refusal.ts';
import { formatHex } from '../bytes/text.ts';
import { verifyStatement } from '../cose/statement.ts';
import { verifyWithNoble } from '../sign/algorithm.ts';
import { genesisPolicy, signerKey } from '../registration/admit.ts';
import { parseStatement } from '../statement/parse.ts';
import { emptyEdge } from '../tree/grow.ts';
import type { BatchHasher } from '../tree/hash.ts';
import { planStep } from './plan.ts';
import type { Store } from './ports.ts';

/**
 * Logs the first policy into an empty store. Refuses what is not a well-signed policy for this origin by
 * one of its own admins, and a store that already holds a log (`exists-already`).
 */
export async function logGenesis(
  statement: Uint8Array,
  origin: string,
  deps: { readonly store: Store; readonly hasher: BatchHasher; readonly now: () => number },
): Promise<void> {
  if ((await deps.store.head()) !== undefined)
    throw refuse('exists-already', 'the store already holds a log');
  const parsed = parseStatement(statement);
  const policy = genesisPolicy(parsed, deps.now());
  if (policy.document.origin !== origin) {
    throw refuse(
      'foreign-log',
      `the policy is of ${policy.document.origin}, the log is ${origin}: sign one for this log`,
    );
  }
  verifyStatement(parsed.statement, signerKey(policy, parsed), verifyWithNoble);
  const ends = Uint32Array.of(parsed.entry.length);
  const id = new Uint8Array(32);
  const leaf = new Uint8Array(32);
  deps.hasher.digests(parsed.entry, ends, 1, id);
  deps.hasher.leaves(parsed.entry, ends, 1, leaf);
  const accepted = { id: entryId(formatHex(id)), leaf: digest(leaf), parsed, chain: undefined };
  const { plan } = planStep(emptyEdge(), [accepted], deps.now(), deps.hasher);
  await deps.store.commit(plan, undefined);
}
