/**
 * Opens store and guard together. If the guard is missing, it was lost, since only `init` makes one. The store is made
 * if the guard says that nothing was ever signed.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { refuse } from '../bytes/refusal.ts';
import { logGenesis } from '../log/genesis.ts';
import { SqliteGuard } from '../storage/guard.ts';
import { SqliteStore } from '../storage/sqlite.ts';
import { chooseHasher } from '../workers/kernels.ts';
import type { SequencerOptions } from './protocol.ts';

/** Opens both, locked to this process; logs entry 0 into a log that has none. */
export async function openDrivers(
  { storePath, guardPath, genesisPath, origin }: SequencerOptions,
  now: () => number,
): Promise<{ store: SqliteStore; guard: SqliteGuard }> {
  const storeExists = existsSync(storePath);
  if (!existsSync(guardPath)) {
    throw refuse(
      'behind-signed-head',
      `the signed-head guard ${guardPath} is gone: put it back, or see spec/operations.md "A lost guard"`,
    );
  }
  const guard = SqliteGuard.open(guardPath, origin, false); // first: it is the lock
  const signed = await guard.read();
  if (!storeExists && signed !== undefined) {
    throw refuse(
      'behind-signed-head',
      `the store ${storePath} is gone, but a head of ${signed.size} was signed: restore a backup (spec/operations.md "A store behind its guard")`,
    );
  }
  const store = SqliteStore.openToWrite(storePath, origin, !storeExists);
  if ((await store.head()) === undefined && signed === undefined) {
    const genesis = new Uint8Array(await readFile(genesisPath));
    await logGenesis(genesis, origin, { store, hasher: chooseHasher(), now });
  }
  return { store, guard };
}
