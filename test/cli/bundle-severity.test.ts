/** A bundle never reads milder than its log, in the first hour of a log too, and without witnesses: `history` and `audit` on both. */
import t from 'tap';
import { violated } from '../support/bundle-world.ts';
import { withWitnesses } from '../support/past-world.ts';
import { SUBJECT } from '../support/see-world.ts';
import { SeeWorld } from './support/see-world.ts';

const PERIODS = ['2027-01-15T08:03:00Z', '2027-01-15T08:06:00Z', '2027-01-15T08:20:00Z'];

for (const witnessed of ['no witness', 'no notice', 'a notice'] as const)
  t.test(`a violation of two minutes: ${witnessed}`, async (t) => {
    const w = withWitnesses(await SeeWorld.start(t));
    const policy = witnessed === 'no witness' ? [] : w.policy;
    const commitment = await w.commit();
    w.now += 60;
    await w.prove(commitment, violated);
    w.now += 112;
    await w.prove(commitment, {});
    w.now += 600;
    if (witnessed === 'a notice') await w.witness();
    w.now += 600;
    for (const until of PERIODS) {
      const period = ['--since', '2027-01-15T07:00Z', '--until', until, ...policy];
      const made = await w.tally('audit', 'bundle', SUBJECT, ...period, '-o', `${until}.zip`, '--yes');
      t.equal(made.code, 0, made.err);
      for (const verb of ['history', 'audit']) {
        const live = await w.tally(verb, SUBJECT, ...period, '--json');
        const read = await w.tally(verb, SUBJECT, ...period, '--log', `${until}.zip`, '--json');
        t.strictSame([live.code, read.code], [3, 3], `${verb} until ${until}`);
        const { claims } = verb === 'history' ? read.json : read.json.subjects[0];
        t.ok(claims[0].figures.seconds.failed > 0);
        t.equal(claims[0].figures.failed, 1);
        t.equal(claims[0].figures.proven, 0, 'what has no lower bound is no PROVEN look of its own');
      }
      const told = await w.tally('history', SUBJECT, ...period, '--log', `${until}.zip`);
      t.notMatch(told.out, / short: /, 'not for want of agents or of a class');
    }
  });
