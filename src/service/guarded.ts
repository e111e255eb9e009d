/** Whether a store continues the highest head that was ever signed. */
import { equalBytes } from '../bytes/compare.ts';
import { refuse } from '../bytes/refusal.ts';
import { policyAt } from '../log/policies.ts';
import type { Head, Signed } from '../log/ports.ts';
import type { InForce } from '../registration/rules.ts';
import { tileLoader } from '../log/recover.ts';
import type { SqliteReader } from '../storage/sqlite-reader.ts';
import { nodeHashOf } from '../tree/hash.ts';
import { readNodes } from '../tree/load.ts';
import { nodesForRoot, rootAt } from '../tree/prove.ts';
import { chooseHasher } from '../workers/kernels.ts';

/** `what`: "the backup", for the message. Refuses `behind-signed-head`, and `corrupt-store` where a tile is missing. */
export async function assertFollows(
  signed: Head,
  store: SqliteReader,
  head: Head,
  what: string,
): Promise<void> {
  if (signed.size > head.size) {
    throw refuse(
      'behind-signed-head',
      `${what} has ${head.size} entries, but a head of ${signed.size} was signed: use a newer backup, or read ` +
        'spec/operations.md "A store behind its guard"',
    );
  }
  const hasher = chooseHasher();
  const read = await readNodes(nodesForRoot(signed.size), head.size, tileLoader(store, hasher));
  if (!equalBytes(rootAt(read, signed.size, nodeHashOf(hasher)), signed.root))
    throw refuse('behind-signed-head', `${what} is of another history than the one that was signed`);
}

/**
 * The registration policy in force: the one that the guard names, or a newer one among the entries after its head.
 * `signed`: content of the guard; if undefined, all entries are read. Refuses as `policyAt` does.
 */
export async function policyOfStore(
  store: SqliteReader,
  head: Head,
  signed: Signed | undefined,
): Promise<InForce> {
  const hasher = chooseHasher();
  const load = tileLoader(store, hasher);
  return policyAt(head, signed, { store, origin: store.origin(), hasher, load });
}
