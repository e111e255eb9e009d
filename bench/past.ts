/**
 * How long the history of a period takes by its proofs: 1,000 to 100,000 of one subject, two claims and two agents, with a witnessed
 * head for every sixteenth proof, a violation now and then, and 500 deployments. `node bench/past.ts`
 */
import { knownHistory } from '#src/appraisal/past/known.ts';
import type { PastEntry, PastRecord, WitnessedHead } from '#src/appraisal/past/types.ts';
import { entryId } from '#src/bytes/brand.ts';
import { agentTwo, claimOf, hashOf, kidOf, PastStory, people } from '../test/support/past-story.ts';

const START = 1_767_225_600;
const CADENCE = 3_600;

/** A record whose entries are copies of one proof: only what the history looks at differs. */
async function recordOf(proofs: number): Promise<PastRecord> {
  const story = await PastStory.start(START);
  const commitment = await story
    .at(START + 1)
    .commit([claimOf('tls', { cadence: CADENCE }), claimOf('login', { cadence: CADENCE })]);
  await story.at(START + 2).prove(commitment, { tls: 'PROVEN', login: 'PROVEN' });
  await story.at(START + 3).deploy(commitment);
  const base = story.record();
  const [declared, model, deployment] = base.entries;
  if (declared === undefined || model?.parsed.kind !== 'proof' || deployment?.parsed.kind !== 'deployment')
    throw new Error('other entries');
  const entries: PastEntry[] = [declared];
  const heads: WitnessedHead[] = [];
  const kids = [kidOf(people.agent), kidOf(agentTwo)];
  const every = Math.max(1, Math.floor(proofs / 500));
  for (let i = 0; i < proofs; i++) {
    const time = START + 10 + i * 700;
    const index = 10 + i * 3;
    const { parsed } = model;
    const verdict = i % 97 === 0 ? ('VIOLATED' as const) : ('PROVEN' as const);
    const results = parsed.proof.results.map((each) => ({ ...each, verdict }));
    const challenge = { ...parsed.proof.challenge, size: index };
    const proof = {
      ...parsed.proof,
      seq: Math.floor(i / 2),
      results,
      challenge,
      window: { start: time, end: time },
    };
    const id = entryId(hashOf(`entry ${i}`).toHex());
    entries.push({ index, id, time, parsed: { ...parsed, kid: kids[i % 2] ?? '', proof } });
    if (i % 16 === 0)
      heads.push({
        index: index + 1,
        size: index + 1,
        root: hashOf('root'),
        notBefore: time + 1,
        notAfter: time + 3,
      });
    if (i % every === 0)
      entries.push({
        ...deployment,
        id: entryId(hashOf(`deployment ${i}`).toHex()),
        index: index + 2,
        time: time + 5,
        parsed: { ...deployment.parsed, deployment: { ...deployment.parsed.deployment, deployed: time + 4 } },
      });
  }
  const now = START + 10 + proofs * 700;
  return {
    ...base,
    entries,
    heads,
    now,
    size: 10 + proofs * 3,
    wasHead: () => true,
    loggedAt: (index) => START + 10 + Math.floor((index - 10) / 3) * 700,
  };
}

for (const proofs of [1_000, 10_000, 100_000]) {
  const record = await recordOf(proofs);
  const since = START + (record.now - START) / 10;
  const before = performance.now();
  const { claims } = knownHistory(record, { since, until: record.now });
  const took = performance.now() - before;
  const heap = Math.round(process.memoryUsage().heapUsed / 1_048_576);
  const [tls] = claims;
  console.log(
    `${proofs} proofs: ${Math.round(took)} ms, ${((took * 1000) / proofs).toFixed(1)} µs a proof, ${tls?.spans.length} spans, ${tls?.looks.length} looks, heap ${heap} MiB`,
  );
}
