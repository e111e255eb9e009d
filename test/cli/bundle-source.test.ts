/** A bundle as a source: the same history as of the live log, under the reader's own policy. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { makeBundle } from '#src/audit/bundle/make.ts';
import { period, trust, violated } from '../support/bundle-world.ts';
import { withWitnesses } from '../support/past-world.ts';
import { HOUR, START, SUBJECT } from '../support/see-world.ts';
import { SeeWorld, type Told } from './support/see-world.ts';

const DAY = 86_400;

t.test('history, status and why of a bundle', async (t) => {
  const w = withWitnesses(await SeeWorld.start(t));
  const commitment = await w.commit({ approvals: 1 });
  await w.approve(commitment);
  for (let day = 0; day < 4; day++)
    for (let look = 0; look < 2; look++) {
      w.now = START + day * DAY + 12 * HOUR + look * HOUR;
      await w.witness();
      w.now += 60;
      await w.prove(commitment, day === 1 ? violated : {});
      await w.witness();
    }
  w.now = START + 4 * DAY;
  await w.witness();
  w.now += 60;
  const snapshot = await w.reader().snapshot();
  const bytes = await makeBundle({ snapshot, trust, subjects: [SUBJECT], period, madeWith: '0.0.0' });
  writeFileSync(join(w.dir, 'audit.zip'), bytes);
  const times = ['--since', '2027-01-16T08:00Z', '--until', '2027-01-18T08:00Z'] as const;
  const see = (...argv: string[]): Promise<Told> =>
    w.tally('history', SUBJECT, ...times, ...w.policy, '--json', ...argv);
  const kinds = ({ json }: Told): unknown =>
    json.claims[0].spans.map(({ kind, verdict }: { kind: string; verdict: string }) => `${kind} ${verdict}`);
  const live = await see();
  const bundled = await see('--log', 'audit.zip');
  t.equal(bundled.code, live.code, bundled.err);
  t.strictSame(kinds(bundled), kinds(live));
  t.match(await w.tally('status', SUBJECT, ...w.policy, '--log', 'audit.zip', '--json'), {
    json: { schema: /status/ },
  });
  t.match(await w.tally('why', SUBJECT, 'tls-min', ...w.policy, '--log', 'audit.zip'), { out: /tls-min/ });
  t.match(await w.tally('status', ...w.policy, '--log', 'audit.zip'), { code: 1, err: /is a bundle/ });
  const bad = bytes.slice();
  bad[Math.floor(bad.length / 2)] = (bad[Math.floor(bad.length / 2)] ?? 0) ^ 1;
  writeFileSync(join(w.dir, 'bad.zip'), bad);
  t.match(await see('--log', 'bad.zip'), { code: 3 });
});
