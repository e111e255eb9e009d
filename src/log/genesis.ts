/** Entry 0: the registration policy, itself a signed statement, starts every log (RFC 9943 §6.2). */
import { digest, entryId } from '../bytes/brand.ts';
import { refuse } from '../bytes/refusal.ts';
import { formatHex } from '../bytes/text.ts';
import { admit, assertSigned, NO_FACTS } from '../registration/admit.ts';
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
  const rules = { origin, inForce: undefined };
  assertSigned(rules, parsed);
  admit(rules, parsed, NO_FACTS, deps.now());
  const ends = Uint32Array.of(parsed.entry.length);
  const id = new Uint8Array(32);
  const leaf = new Uint8Array(32);
  deps.hasher.digests(parsed.entry, ends, 1, id);
  deps.hasher.leaves(parsed.entry, ends, 1, leaf);
  const accepted = { id: entryId(formatHex(id)), leaf: digest(leaf), parsed, chain: undefined };
  const { plan } = planStep(emptyEdge(), [accepted], deps.now(), deps.hasher);
  await deps.store.commit(plan, undefined);
}
