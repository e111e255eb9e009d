/** Claims over time: keys that rotate, come back, or stay, and looks that are missing, late, forged or revoked. */
import fc from 'fast-check';
import t from 'tap';
import { knownHistory } from '#src/appraisal/past/known.ts';
import type { PastRecord } from '#src/appraisal/past/types.ts';
import { digest, type Digest } from '#src/bytes/brand.ts';
import { encodeCbor } from '#src/bytes/cbor.ts';
import { keyThumbprint } from '#src/cose/key.ts';
import { ofOneKey } from '#src/declare/checkclaims.ts';
import type { Declaration } from '#src/statement/commitment.ts';
import type { Identity } from '#src/statement/target.ts';
import { openLeaf, saltedTree, SALT_LENGTH, SALTED_TREE } from '#src/statement/saltedleaf.ts';
import { parseTrustPolicy } from '#src/note/trust.ts';
import { agentTwo, DAY, hashOf, HOUR, PastStory, people } from '../../support/past-story.ts';
import {
  daily,
  look,
  noon,
  overClaim,
  recordOf,
  SSH_KEY,
  START,
  statusIn,
  statusOf,
} from '../../support/rotation-story.ts';
import { policyDocumentOf, vkeys } from '../../support/world.ts';

const WHOLE = { complete: { proof: 'whole' } } as const;

/** A policy that allows one agent alone. */
const ONE_AGENT = { keys: policyDocumentOf().keys };

async function started(
  days: number,
  change: Parameters<typeof overClaim>[1] = {},
  policy = {},
): Promise<{ story: PastStory; commitment: Digest }> {
  const story = await PastStory.start(START, policy, 'prod/pay/db');
  const commitment = await story.at(noon(1) - 2 * HOUR).commit([overClaim(days, change)]);
  return { story, commitment };
}

/** The verdict after each day. */
async function dayByDay(
  story: PastStory,
  commitment: Digest,
  [from, to]: readonly [number, number],
  key: (day: number) => string | undefined,
  by: (day: number) => typeof agentTwo = () => people.agent,
): Promise<ReadonlyMap<number, string>> {
  const verdicts = new Map<number, string>();
  for (let day = from; day <= to; day++) {
    await daily(story, commitment, [day, day], key, { by: by(day) });
    verdicts.set(day, statusOf(story, WHOLE).verdict);
  }
  return verdicts;
}

t.test('old key on day 1, rotated on day 40, agent replaced on day 50, old key back on day 60', async (t) => {
  const { story, commitment } = await started(45);
  const verdicts = await dayByDay(
    story,
    commitment,
    [1, 62],
    (day) => (day < 40 || day === 60 ? 'A' : 'B'),
    (day) => (day < 50 ? people.agent : agentTwo),
  );
  for (const day of [1, 20, 39, 40, 45]) t.equal(verdicts.get(day), 'UNKNOWN', `day ${day}`);
  for (const day of [48, 50, 59]) t.equal(verdicts.get(day), 'PROVEN', `day ${day}`);
  t.equal(verdicts.get(60), 'VIOLATED');
  t.equal(verdicts.get(61), 'VIOLATED', 'the old key was in use after the new one: until the next rotation');
  const status = statusOf(story, WHOLE);
  t.match(status.explain, /seen before: in entry \d+, logged not after 2026-/);
  t.equal(status.over?.looks, 61);
  t.equal(status.over?.seen.length, 2);
  // History tells the same, day by day, and has no other belief of it.
  const past = knownHistory(recordOf(story, WHOLE), { since: noon(46), until: noon(62) });
  const [claim] = past.claims;
  t.match(claim?.spans.map(({ kind }) => kind).join(' '), /^uncovered covered failed$/);
  t.same(claim?.differences, []);
});

t.test('a key that stays is PROVEN for its days at most, and then VIOLATED', async (t) => {
  const { story, commitment } = await started(10);
  const verdicts = await dayByDay(story, commitment, [1, 14], () => 'A');
  t.equal(verdicts.get(9), 'UNKNOWN');
  t.notOk([...verdicts.values()].slice(11).includes('PROVEN'));
  t.equal(verdicts.get(13), 'VIOLATED');
});

t.test('a missing week: UNKNOWN until the days are covered again, waived or not', async (t) => {
  const { story, commitment } = await started(10);
  const keys = (day: number): string | undefined =>
    day >= 20 && day < 27 ? undefined : `K${Math.floor(day / 8)}`;
  const before = await dayByDay(story, commitment, [1, 19], keys);
  t.equal(before.get(19), 'PROVEN');
  await story.at(noon(19) + 3 * HOUR).waive(commitment, [SSH_KEY], noon(27));
  const after = await dayByDay(story, commitment, [20, 40], keys);
  for (const day of [27, 28, 32, 36]) t.equal(after.get(day), 'UNKNOWN', `day ${day}`);
  t.equal(after.get(39), 'PROVEN');
});

t.test('one missed look is within the grace', async (t) => {
  const { story, commitment } = await started(10);
  const verdicts = await dayByDay(story, commitment, [1, 25], (day) =>
    day === 16 ? undefined : `K${Math.floor(day / 8)}`,
  );
  for (const day of [15, 17, 20]) t.equal(verdicts.get(day), 'PROVEN', `day ${day}`);
});

t.test('two hosts behind one name', async (t) => {
  await t.test('both are rotated within the days that a change may take', async (t) => {
    const { story, commitment } = await started(15);
    const verdicts = await dayByDay(story, commitment, [1, 24], (day) =>
      day % 2 === 0 ? (day < 12 ? 'A' : 'A2') : day < 13 ? 'B' : 'B2',
    );
    t.equal(verdicts.get(20), 'PROVEN');
    t.equal(verdicts.get(24), 'PROVEN');
  });
  await t.test('one of them is forgotten: red on whichever look', async (t) => {
    const { story, commitment } = await started(15);
    const verdicts = await dayByDay(story, commitment, [1, 24], (day) =>
      day % 2 === 0 ? (day < 12 ? 'A' : 'A2') : 'B',
    );
    for (const day of [20, 21, 22, 23]) t.equal(verdicts.get(day), 'VIOLATED', `day ${day}`);
  });
});

t.test('RSA beside ECDSA on one host, each a claim of its own: one rotated only', async (t) => {
  const story = await PastStory.start(START);
  const ids = ['ecdsa', 'rsa'];
  const commitment = await story.at(noon(1) - 2 * HOUR).commit(ids.map((id) => overClaim(10, { id })));
  for (let day = 1; day <= 15; day++) {
    await story.at(noon(day) - HOUR).witness();
    await look(story.at(noon(day)), commitment, day < 8 ? 'E' : 'E2', { id: 'ecdsa' });
    await look(story, commitment, 'R', { id: 'rsa' });
    await story.at(noon(day) + HOUR).witness();
  }
  t.equal(statusIn(recordOf(story, WHOLE), 0).verdict, 'PROVEN');
  t.equal(statusIn(recordOf(story, WHOLE), 1).verdict, 'VIOLATED');
});

/** Two rotations by one agent: green at the end. */
async function green(policy = {}): Promise<{ story: PastStory; commitment: Digest }> {
  const { story, commitment } = await started(10, {}, policy);
  await daily(story, commitment, [1, 20], (day) => `K${Math.floor(day / 8)}`);
  return { story, commitment };
}

t.test('attacks that would turn it green', async (t) => {
  await t.test('an agent says PROVEN itself', async (t) => {
    const { story, commitment } = await started(10);
    await daily(story, commitment, [1, 3], () => 'A', { result: { verdict: 'PROVEN' } });
    t.match(statusOf(story, WHOLE), { verdict: 'UNKNOWN', explain: /which readers judge/ });
  });
  await t.test('nobody read the earlier proofs', async (t) => {
    const { story } = await green();
    t.match(statusIn(recordOf(story, WHOLE), 0, false), { verdict: 'UNKNOWN' });
  });
  await t.test('several agents may have proven it, and the log alone says which did', async (t) => {
    const { story } = await green();
    t.equal(statusOf(story, WHOLE).verdict, 'PROVEN');
    t.equal(statusOf(story, { complete: { proof: 'monitor' } }).verdict, 'PROVEN');
    t.match(statusOf(story), { verdict: 'UNKNOWN', explain: /another agent/ });
  });
  await t.test('one agent alone is allowed: its chain is enough', async (t) => {
    const { story } = await green(ONE_AGENT);
    t.equal(statusOf(story).verdict, 'PROVEN');
  });
  await t.test('an open log: any key may have proven it', async (t) => {
    const { story } = await green({ ...ONE_AGENT, open: true });
    t.equal(statusOf(story).verdict, 'UNKNOWN');
  });
  await t.test('a key that may delegate: it may have made any number of agents', async (t) => {
    const delegator = {
      key: agentTwo.publicKey,
      name: 'cluster',
      roles: ['delegator' as const],
      subjects: ['prod/**'],
    };
    const { story } = await green({ keys: [...ONE_AGENT.keys, delegator] });
    t.match(statusOf(story), { verdict: 'UNKNOWN', explain: /another agent/ });
    t.equal(statusOf(story, WHOLE).verdict, 'PROVEN');
  });
  await t.test('a reader without witnesses has the word of the log for every time', async (t) => {
    const { story } = await green();
    const trust = parseTrustPolicy([...vkeys.map((vkey) => `log ${vkey}`), 'quorum none', ''].join('\n'));
    t.match(statusOf(story, { ...WHOLE, trust }), { verdict: 'UNKNOWN', explain: /no witness/ });
  });
  await t.test('the log states other times: nothing changes', async (t) => {
    const { story, commitment } = await started(10);
    await daily(story, commitment, [1, 4], () => 'A');
    for (const said of story.said) if (said.time < noon(3)) said.time -= 30 * DAY;
    t.equal(statusOf(story, WHOLE).verdict, 'UNKNOWN');
  });
  await t.test('looks of a month that were made in one moment are one look', async (t) => {
    const { story, commitment } = await started(10);
    await story.at(noon(1) - HOUR).witness();
    const challengeSize = story.entries.length;
    for (let day = 1; day <= 15; day++) await story.at(noon(day)).witness();
    for (let n = 0; n < 15; n++) await look(story.at(noon(15) + n), commitment, 'B', { challengeSize });
    await story.at(noon(15) + HOUR).witness();
    await daily(story, commitment, [16, 16], () => 'B');
    t.equal(statusOf(story, WHOLE).verdict, 'UNKNOWN');
  });
  await t.test('another claim under the same id is no cover', async (t) => {
    const { story, commitment } = await started(10, { params: new Map([['days', 9]]) });
    await daily(story, commitment, [1, 14], () => 'A');
    const other = await story.at(noon(14) + 2 * HOUR).commit([overClaim(10)]);
    await daily(story, other, [15, 16], () => 'B');
    t.equal(statusOf(story, WHOLE).verdict, 'UNKNOWN');
    // What was seen under it counts all the same.
    await daily(story, other, [17, 17], () => 'A');
    t.equal(statusOf(story, WHOLE).verdict, 'VIOLATED');
  });
  await t.test('a commitment again, of the same: goes on', async (t) => {
    const { story } = await green();
    const again = await story.at(noon(20) + 2 * HOUR).commit([overClaim(10)]);
    await daily(story, again, [21, 22], () => 'K2');
    t.equal(statusOf(story, WHOLE).verdict, 'PROVEN');
  });
  await t.test('looks of a revoked agent cover nothing, and what they show stays seen', async (t) => {
    const { story, commitment } = await started(10);
    await daily(story, commitment, [1, 12], (day) => (day < 8 ? 'A' : 'B'));
    t.equal(statusOf(story, WHOLE).verdict, 'PROVEN');
    await story.at(noon(12) + 2 * HOUR).revoke(people.agent, 2);
    await daily(story, commitment, [13, 14], () => 'B', { by: agentTwo });
    t.equal(statusOf(story, WHOLE).verdict, 'UNKNOWN');
    await daily(story, commitment, [15, 15], () => 'A', { by: agentTwo });
    t.equal(statusOf(story, WHOLE).verdict, 'VIOLATED');
  });
  await t.test(
    'a proof of another agent that is posted late counts for the looks after it was made',
    async (t) => {
      const { story, commitment } = await started(10);
      await daily(story, commitment, [1, 3], () => 'C');
      const challengeSize = story.entries.length;
      await daily(story, commitment, [4, 16], (day) => (day < 9 ? 'D' : 'E'));
      t.equal(statusOf(story, WHOLE).verdict, 'PROVEN');
      // The target had shown E on day 4 already.
      await look(story.at(noon(16) + 2 * HOUR), commitment, 'E', { by: agentTwo, challengeSize });
      await story.at(noon(16) + 3 * HOUR).witness();
      await daily(story, commitment, [17, 17], () => 'E');
      t.equal(statusOf(story, WHOLE).verdict, 'UNKNOWN', 'it may have been there for more than ten days');
    },
  );
});

t.test('what was seen counts, whoever saw it', async (t) => {
  const B_NOW = [16, 17] as const;
  await t.test('an agent that is no attestor any more', async (t) => {
    const { story, commitment } = await started(10);
    await daily(story, commitment, [1, 15], (day) => (day < 9 ? 'A' : 'B'));
    await look(story.at(noon(15) + 2 * HOUR), commitment, 'C', { by: agentTwo });
    const attestors = { threshold: 1, kids: [keyThumbprint(people.agent.publicKey)] };
    const again = await story.at(noon(15) + 3 * HOUR).commit([overClaim(10)], {
      attestors: { ...attestors, kids: attestors.kids.map((kid) => digest(kid)) },
    });
    // Agent two no longer counts, and has seen the old key.
    await look(story, again, 'A', { by: agentTwo });
    await daily(story, again, B_NOW, () => 'B');
    t.equal(statusOf(story, WHOLE).verdict, 'VIOLATED');
  });
  await t.test('under a commitment whose author is revoked', async (t) => {
    const { story, commitment } = await started(10);
    await daily(story, commitment, [1, 3], () => 'A');
    const bad = await story.at(noon(3) + 2 * HOUR).commit([overClaim(10)]);
    await daily(story, bad, [4, 4], () => 'B');
    const since = story.indexOf(bad);
    await story.at(noon(4) + 2 * HOUR).revoke(people.author, since);
    await daily(story, commitment, [5, 15], (day) => (day < 15 ? 'A' : 'B'));
    t.equal(statusOf(story, WHOLE).over?.looks, 14);
    t.notSame(statusOf(story, WHOLE).verdict, 'PROVEN', 'B was there eleven days ago');
  });
});

t.test('facts that agents disclose', async (t) => {
  const claim = {
    id: 'name',
    expr: "o.tls.host != '' && prev.covered >= 3600 && !prev.seen.exists(k, k.o.tls.host != o.tls.host)",
    probe: 'tls@1',
  };
  const story = await PastStory.start(START);
  const commitment = await story
    .at(noon(1) - 2 * HOUR)
    .commit([overClaim(1, { ...claim, minEvidence: 'E1' })]);
  const seen = async (day: number, value: Uint8Array): Promise<void> => {
    const tree = saltedTree([
      { salt: hashOf(`salt ${day}`).subarray(0, SALT_LENGTH), path: '/name/tls/host', value },
    ]);
    await story.at(noon(day) - HOUR).witness();
    await story.at(noon(day)).prove(
      commitment,
      { name: { verdict: 'UNKNOWN', evidence: 'E1', leaves: [0] } },
      {
        change: {
          population: { source: 'tls', total: 1, sampled: 1, method: 'all' },
          observations: { alg: SALTED_TREE, count: 1, root: tree.root },
          disclosed: [openLeaf(tree, 0)],
        },
      },
    );
    await story.at(noon(day) + HOUR).witness();
  };
  await seen(1, encodeCbor('a'));
  await seen(2, encodeCbor('a'));
  t.equal(statusOf(story, WHOLE).verdict, 'PROVEN');
  await seen(3, encodeCbor('b'));
  t.equal(statusOf(story, WHOLE).verdict, 'VIOLATED');
  // A leaf that is no CBOR shows nothing, and stops nobody.
  await seen(4, Uint8Array.of(0xff, 0xff));
  t.equal(statusOf(story, WHOLE).verdict, 'UNKNOWN');
});

const RANK: Readonly<Record<string, number>> = { PROVEN: 1 };
const isGreen = (record: PastRecord): boolean => RANK[statusIn(record).verdict] === 1;

t.test('leaving out earlier proofs never makes it green', async (t) => {
  const { story, commitment } = await started(10, {}, ONE_AGENT);
  await daily(story, commitment, [1, 16], (day) => (day < 3 || day === 16 ? 'A' : day < 9 ? 'B' : 'C'));
  t.equal(statusOf(story).verdict, 'VIOLATED');
  const { story: good } = await green(ONE_AGENT);
  const proofsOf = (of: PastStory): readonly number[] =>
    of.said.flatMap(({ parsed }, i) => (parsed.kind === 'proof' ? [i] : [])).slice(0, -1);
  for (const each of [story, good])
    fc.assert(
      fc.property(
        fc.subarray([...proofsOf(each)], { minLength: 1 }),
        (without) => !isGreen(recordOf(each, { without })),
      ),
      { numRuns: 60 },
    );
});

t.test('the order in which agents post never makes it green', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(6), { minLength: 18, maxLength: 18 }), async (delays) => {
      // Agent two sees the old key on each third day, and posts when it likes, in its order.
      const { story, commitment } = await started(10);
      const waiting: { readonly size: number; readonly until: number }[] = [];
      for (let day = 1; day <= 18; day++) {
        await story.at(noon(day) - HOUR).witness();
        const size = story.entries.length;
        await look(story.at(noon(day)), commitment, day < 5 ? 'A' : 'B');
        if (day % 3 === 0) waiting.push({ size, until: day + (delays[day - 1] ?? 0) });
        while (waiting[0] !== undefined && (waiting[0].until <= day || day === 18))
          await look(story, commitment, 'A', { by: agentTwo, challengeSize: waiting.shift()?.size ?? 0 });
        await story.at(noon(day) + HOUR).witness();
      }
      return !isGreen(recordOf(story, WHOLE));
    }),
    { numRuns: 12 },
  );
});

t.test('a target that is named by one key is warned of', (t) => {
  const named = (identity: readonly Identity[], authorities: readonly Uint8Array[] = []): Declaration => ({
    environment: 'prod',
    tier: 'background',
    source: { kind: 'json' },
    canon: { profile: 'json@1' },
    tree: { alg: SALTED_TREE, leaves: 1, root: hashOf('root') },
    scope: { world: 'open' },
    claims: [overClaim(10), { ...overClaim(10), id: 'plain', expr: 'o.ssh.port == 22', language: 1 }],
    target: { locators: [{ at: 'localhost:22', identity: [...identity] }], authorities: [...authorities] },
  });
  t.same(ofOneKey(named([{ ssh: hashOf('a') }])), [SSH_KEY]);
  t.same(ofOneKey(named([{ ssh: hashOf('a') }, { ssh: hashOf('b') }])), []);
  t.same(ofOneKey(named([{ ca: 0, host: 'localhost' }], [Uint8Array.of(1)])), []);
  t.end();
});
