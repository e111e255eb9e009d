/** Whoever withdraws a claim, and commits to it again later, has no audit that holds: it may have failed meanwhile. */
import t from 'tap';
import { encodeCommitment } from '#src/statement/payload.ts';
import { withWitnesses } from '../support/past-world.ts';
import { HOUR, START, SUBJECT } from '../support/see-world.ts';
import { people } from '../support/world.ts';
import { SeeWorld } from './support/see-world.ts';

t.test('withdrawn, and committed again', async (t) => {
  const w = withWitnesses(await SeeWorld.start(t));
  await w.witness();
  const first = await w.commit();
  w.now += 60;
  await w.prove(first);
  w.now = START + HOUR;
  await w.say('commitment', encodeCommitment({ withdraws: first, supersedes: first }), people.author);
  w.now = START + 2 * HOUR;
  await w.prove(await w.commit());
  w.now += HOUR;
  await w.witness();
  const audit = (until: string) =>
    w.tally('audit', SUBJECT, '--since', '2027-01-15T08:02Z', '--until', until, ...w.policy);
  const told = await audit('2027-01-15T10:30Z');
  t.match(told, {
    code: 5,
    out: /DOES NOT HOLD: 1 reason\n.*was not claimed for a time, and claimed before/,
  });
  t.match(told.out, /for 60 minutes of the period no commitment in force claimed it/);
  t.match(await audit('2027-01-15T09:30Z'), { code: 0, out: /^HOLDS/m }, 'an end is no hole');
});
