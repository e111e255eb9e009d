/** Bundles of a log in memory with two witnesses: four days of looks, with a violation on the second. */
import type { Test } from 'tap';
import { makeBundle, type BundleRequest } from '#src/audit/bundle/make.ts';
import { encodeUtf8 } from '#src/bytes/text.ts';
import type { Trust } from '#src/client/evidence.ts';
import { trustPolicy } from '#src/client/trust.ts';
import { POLICY, withWitnesses, type Past } from './past-world.ts';
import { HOUR, SeeWorld, START, SUBJECT } from './see-world.ts';

export const DAY = 86_400;
export const violated = { verdict: 'VIOLATED', explain: 'TLS 1.2 was accepted' } as const;

export type World = SeeWorld & Past;

/** Four days of two looks an hour apart at noon, each after a witnessed head. The second day: a violation. */
export async function lookForFourDays<W extends World>(w: W): Promise<W> {
  const commitment = await w.commit({ approvals: 1 });
  await w.approve(commitment);
  for (let day = 0; day < 4; day++)
    for (let look = 0; look < 2; look++) {
      w.now = START + day * DAY + 12 * HOUR + look * HOUR;
      await w.witness();
      w.now += 60;
      await w.prove(commitment, day === 1 ? violated : {});
      await w.commit({ claims: [] }, `other/${w.now}`);
    }
  w.now = START + 4 * DAY;
  await w.witness();
  w.now += 60;
  return w;
}

export async function fourDays(t: Test): Promise<World> {
  return lookForFourDays(withWitnesses(await SeeWorld.start(t)));
}

export const period = { since: START + DAY, until: START + 3 * DAY };

/** The reader's policy. */
export const trust: Trust = trustPolicy(encodeUtf8(POLICY));

/** A bundle of the world. */
export async function bundleOf(w: World, asked: Partial<BundleRequest> = {}): Promise<Uint8Array> {
  const snapshot = await w.reader().snapshot();
  return makeBundle({ snapshot, trust, subjects: [SUBJECT], period, madeWith: '0.0.0', ...asked });
}
