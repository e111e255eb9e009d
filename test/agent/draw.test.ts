/** What a probe draws its sample by: the slot and the committed seed, and nothing that the agent can choose. */
import t from 'tap';
import { prove } from '#src/agent/prove.ts';
import { slotLength } from '#src/appraisal/slots.ts';
import { drawSeed } from '#src/evidence/draw.ts';
import type { Result } from '#src/statement/proof.ts';
import { agentWorld, claimOf, proofOf, START } from '../support/agent-world.ts';

t.test('a run in a slot draws by it, whatever nonce the agent takes', async (t) => {
  const world = await agentWorld(t);
  const declared = await world.commit('web/shop', [
    claimOf('on'),
    claimOf('off', { params: new Map([['depth', 2]]) }),
  ]);
  const { size, root } = await world.log.head();
  const number = Math.floor(START / slotLength(600));
  const slot: Result['slot'] = { number, due: START, actual: START, beacon: { size, root } };
  const slots = new Map([['on', slot]]);
  const drawsOf = async (change: object): Promise<readonly (Uint8Array | undefined)[]> => {
    world.toy.tasks.length = 0;
    world.clock.now += 1_000;
    const { statement } = await prove(world.agent, await world.task(declared, change));
    t.match(proofOf(statement).results, [{ claim: 'on' }, { claim: 'off' }]);
    return world.toy.tasks.map(({ draw }) => draw);
  };
  const seed = world.agent.seedsOf('web/shop', declared).seedAt(number * slotLength(600));
  const expected = drawSeed(seed, number, root);
  t.same(await drawsOf({ slots }), [expected, undefined], 'the run of the other claim is in no slot');
  t.same(
    await drawsOf({ slots, nonce: new Uint8Array(16).fill(9) }),
    [expected, undefined],
    'another nonce draws the same',
  );
  const next = new Map([['on', { ...slot, number: number + 1 }]]);
  const [other] = await drawsOf({ slots: next });
  t.notSame(other, expected, 'the next slot draws anew');
  t.same(
    await drawsOf({}),
    [undefined, undefined],
    'a first proof, or one after a deployment, is in no slot',
  );
});
