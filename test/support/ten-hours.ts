/** A log of ten hours of looks at one claim, and the verifier of a page that reads it. */
import type { Test } from 'tap';
import type { HistoryJson } from '#src/appraisal/past/json.ts';
import type { SubjectShown } from '#src/explorer/page/worker/protocol.ts';
import { Asked } from './asked-verifier.ts';
import { POLICY, withWitnesses, type Past } from './past-world.ts';
import { HOUR, SeeWorld, START } from './see-world.ts';

export const DAY = 86_400;
const violated = { verdict: 'VIOLATED', explain: 'TLS 1.2 was accepted' } as const;
export const period = { since: START, until: START + DAY };

export type World = SeeWorld & Past;

/** Ten hours: a commitment, a look an hour, of which the fifth failed. Entries: 0 policy, 1 commitment, 2 to 11 proofs. */
export async function tenHours(t: Test): Promise<World> {
  const w = withWitnesses(await SeeWorld.start(t));
  const commitment = await w.commit();
  for (let look = 0; look < 10; look++) {
    w.now = START + look * HOUR + 60;
    await w.prove(commitment, look === 4 ? violated : {});
  }
  w.now += 60;
  return w;
}

export async function asked(w: World, text = POLICY): Promise<Asked> {
  const page = new Asked(w);
  await page.open({ text });
  return page;
}

/** Has the log say this of the past of any subject. */
export function saying(w: World, told: HistoryJson | Promise<HistoryJson>): void {
  const before = w.log.meddle;
  w.log.meddle = async (path, method) =>
    path.startsWith('/v1/subjects/') ? Response.json(await told) : before(path, method);
}

/** The answer to `subject`. */
export function subject(answer: unknown): SubjectShown {
  return answer as SubjectShown;
}
