/** An agent reads a logged commitment whose claims name declared leaves: the probe and the expression get the values of these leaves. */
import t from 'tap';
import { prove } from '#src/agent/prove.ts';
import { SALTED_TREE } from '#src/statement/saltedleaf.ts';
import { agentWorld, claimOf, proofOf } from '../support/agent-world.ts';
import { opened, TREE } from '../support/forged-openings.ts';

t.test('the agent looks with the values of declared leaves, and judges by them', async (t) => {
  const world = await agentWorld(t);
  const named = (id: string, expr: string) =>
    claimOf(id, { expr, declared: new Map([['depth', '/Port']]), params: new Map([['depth', 22]]) });
  const declared = await world.commit(
    'prod/db',
    [named('right', 'o.toy.on && p.depth == 22'), named('wrong', 'o.toy.on && p.depth == 23')],
    {
      tree: { alg: SALTED_TREE, leaves: TREE.count, root: TREE.root },
      openings: [opened('/Port')],
    },
  );
  const { statement } = await prove(world.agent, await world.task(declared));
  t.strictSame(
    world.toy.tasks.map(({ params }) => params.get('depth')),
    [22],
    'both claims by one look, with the value that the log has',
  );
  t.strictSame(
    proofOf(statement).results.map(({ claim, verdict }) => [claim, verdict]),
    [
      ['right', 'PROVEN'],
      ['wrong', 'VIOLATED'],
    ],
  );
});
