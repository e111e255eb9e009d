/**
 * Opening store and guard together. Either is made new only when the log has never signed anything: a
 * missing file is a lost file, not an empty log, once the other one remembers more.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { refuse } from '../../bytes/refusal.ts';
import { logGenesis } from '../../log/genesis.ts';
import { SqliteGuard } from '../../storage/guard.ts';
import { SqliteStore } from '../../storage/sqlite.ts';
import { chooseHasher } from '../../workers/kernels.ts';
import type { SequencerOptions } from './protocol.ts';

/** Opens both, locked to this process; logs entry 0 into a log that has none. */
export async function openDrivers(
  { storePath, guardPath, genesisPath, origin }: SequencerOptions,
  now: () => number,
): Promise<{ store: SqliteStore; guard: SqliteGuard }> {
  const guardExists = existsSync(guardPath);
  const storeExists = existsSync(storePath);
  if (storeExists && !guardExists) {
    throw refuse(
      'behind-signed-head',
      `the signed-head guard ${guardPath} is gone: put it back, or see spec/operations.md "A lost guard"`,
    );
  }
  await mkdir(dirname(guardPath), { recursive: true, mode: 0o700 });
  // The guard first: it is the lock, and an empty one says that nothing was signed yet.
  const guard = SqliteGuard.open(guardPath, origin, !guardExists);
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
