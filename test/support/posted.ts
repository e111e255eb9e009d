/** A log in memory or on drivers of the test's, to which statements are posted one after another. */
import { Refusal } from '#src/bytes/refusal.ts';
import { openBatch, packBatch } from '#src/log/batch.ts';
import { checkBatch } from '#src/log/check.ts';
import { logGenesis } from '#src/log/genesis.ts';
import type { Guard, Store } from '#src/log/ports.ts';
import { policyOf } from '#src/log/recover.ts';
import { Sequencer } from '#src/log/sequencer.ts';
import { verifyWithNoble } from '#src/sign/algorithm.ts';
import { MemoryGuard, MemoryStore } from './memory-store.ts';
import { nobleHasher } from '#src/tree/hash.ts';
import { logSigner, ORIGIN } from './world.ts';

/** The time of its log. */
export const NOW = 1_800_000_000;

/** What became of each statement that is posted to a log, one after another: a code, or `logged`. */
export async function posted(
  entries: readonly Uint8Array[],
  drivers: { store: Store; guard: Guard } = { store: new MemoryStore(), guard: new MemoryGuard() },
): Promise<readonly string[]> {
  const [genesis = new Uint8Array(), ...rest] = entries;
  const deps = { origin: ORIGIN, hasher: nobleHasher, now: () => NOW, signer: logSigner, clockTolerance: 60 };
  try {
    if ((await drivers.store.head()) === undefined)
      await logGenesis(genesis, ORIGIN, { ...deps, ...drivers });
  } catch (error) {
    if (error instanceof Refusal) return [error.code];
    throw error;
  }
  const sequencer = await Sequencer.start({ ...deps, ...drivers });
  const told = ['logged'];
  for (const entry of rest) {
    const { memory } = packBatch([entry]);
    const policy = policyOf(await sequencer.policyEntry());
    const refused = checkBatch(memory, { policy, verify: verifyWithNoble });
    const { results } = await sequencer.append([{ memory, refused }]);
    const [result] = results;
    const why = result?.refused[0]?.code;
    told.push(why ?? (result?.duplicate[0] === 1 ? 'duplicate' : 'logged'));
    openBatch(memory);
  }
  return told;
}
