/** Targets that a run touches beside its own: the rules of these bound it, too. */
import t from 'tap';
import { AgentStore } from '#src/agent/agent-store.ts';
import { consentWithin } from '#src/agent/consented.ts';
import { openAgentDatabase } from '#src/agent/database.ts';
import { readRules } from '#src/agent/enrolment.ts';
import { folder } from '../support/e3-targets.ts';

const NOW = 1_800_000_000_000;
const DOOR = 'db.example:5432';
const consent = {
  probe: 'net@1',
  targets: [DOOR, 'db.example:22'],
  subject: 'prod/**',
  pairsPerMinute: 20,
  until: NOW / 1000 + 3_600,
  by: 'db-team.example',
};

t.test('doors of a matrix, and controls, are within the limits of their own rules', (t) => {
  const database = openAgentDatabase(folder());
  t.teardown(() => database.close());
  let now = NOW;
  const store = new AgentStore(database);
  const rules = readRules(
    [
      { subject: 'prod/**', probe: 'net@1', targets: ['matrix:app'] },
      { subject: 'prod/**', probe: 'net@1', targets: [DOOR], maxPerHour: 2, options: { pairsPerMinute: 3 } },
      { subject: 'prod/**', probe: 'net@1', targets: ['db.example:22'] },
    ],
    'targets.yaml',
  ).map((rule, i) => ({ ...rule, consents: i === 0 ? [] : [consent] }));
  const of = (target: string, own = 'matrix:app'): number | undefined =>
    consentWithin(
      { rules, store, now: () => now },
      { subject: 'prod/db', probe: 'net@1', target: own },
      target,
    )?.pairsPerMinute;
  t.equal(
    of('db.example:22'),
    6,
    'a rule that says nothing allows the usual pace, whatever the other end allows',
  );
  t.equal(of('db.example:23'), undefined);
  t.equal(of(DOOR, DOOR), 3, 'its own runs are counted when they end');
  t.equal(of(DOOR), 3);
  t.equal(of(DOOR), 3);
  t.throws(() => of(DOOR), {
    code: 'unavailable',
    message: /2 runs an hour against db\.example:5432.*nothing was sent/,
  });
  now -= 3_000_000;
  t.throws(() => of(DOOR), { code: 'unavailable' }, 'a clock that is set back allows no more');
  now = NOW + 3_600_000;
  t.equal(of(DOOR), undefined, 'the consent has ended');
  t.equal(store.costs('net@1', DOOR), undefined, 'it is no run, and costs nothing');
  t.end();
});
