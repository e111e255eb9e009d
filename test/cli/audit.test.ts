/** `tallystick audit`: a day with a violation, a gap and a waiver, as an auditor's report. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { withWitnesses, type Past } from '../support/past-world.ts';
import { HOUR, START, SUBJECT } from '../support/see-world.ts';
import { SeeWorld } from './support/see-world.ts';

const violated = { verdict: 'VIOLATED', explain: 'TLS 1.2 was accepted' } as const;
const since = '2027-01-15T08:00:00Z';
const until = '2027-01-15T20:00:00Z';

/** Twelve hourly looks, witnessed. `bad`: hours at which it is VIOLATED; `missed`: hours without a look. */
async function world(
  t: Test,
  bad: readonly number[],
  missed: readonly number[] = [],
): Promise<SeeWorld & Past> {
  const w = withWitnesses(await SeeWorld.start(t));
  await w.witness();
  const commitment = await w.commit({ approvals: 1 });
  await w.approve(commitment);
  for (let hour = 0; hour < 14; hour++) {
    w.now = START + hour * HOUR + 60;
    if (missed.includes(hour)) continue;
    await w.witness();
    w.now += 10;
    await w.prove(commitment, bad.includes(hour) ? violated : {});
    w.now += 10;
    await w.witness();
  }
  return w;
}

t.test('a period with a violation and a gap does not hold, and says why', async (t) => {
  const w = await world(t, [3], [6, 7, 8]);
  const period = ['--since', since, '--until', until, ...w.policy];
  const told = await w.tally('audit', SUBJECT, ...period);
  t.match(told, { code: 3, out: /^Audit {2}2027-01-15T08:00:00Z to 2027-01-15T20:00:00Z/ });
  t.match(told.out, /whether these are all systems is not known/);
  t.match(told.out, /1 reported on; what others the log has was not asked/);
  t.match(told.out, /DOES NOT HOLD: 1 reason\n.*: failed at 1 look; missed 3 looks; was late 1 time;/);
  t.match(told.out, /Not proven\n/);
  t.notMatch(told.out, /compl(y|ies|iant)/i);

  const { json } = await w.tally('audit', SUBJECT, '--control', 'SOC2-2017 CC6.7', ...period, '--json');
  t.match(json, {
    schema: 'tallystick.audit.v1',
    holds: false,
    population: null,
    left_out: null,
    controls: [{ framework: 'SOC2-2017', item: 'CC6.7', holds: false }],
    subjects: [{ subject: SUBJECT }],
    exit_code: 3,
  });
});

t.test('an inventory says which systems are in the log, and which are not', async (t) => {
  const w = await world(t, []);
  const period = ['--since', '2027-01-15T09:00:00Z', '--until', '2027-01-15T12:00:00Z', ...w.policy];
  writeFileSync(join(w.dir, 'systems.csv'), `name,subject,controls\nPayments,${SUBJECT},\n`);
  const whole = await w.tally('audit', '--inventory', 'systems.csv', ...period);
  t.match(whole, { code: 0, out: /1 systems are in the log, 0 are not[^]*\nHOLDS: nothing failed/ });
  writeFileSync(join(w.dir, 'systems.csv'), `name,subject,controls\nPayments,${SUBJECT},\nLost,db/lost,\n`);
  t.match(await w.tally('audit', '--inventory', 'systems.csv', ...period), {
    code: 5,
    out: /not in the log +Lost \(db\/lost\)[^]*DOES NOT HOLD: 1 reason\n {2}Lost: the log has no commitment/,
  });
  writeFileSync(join(w.dir, 'systems.csv'), 'system;subject\n');
  t.match(await w.tally('audit', '--inventory', 'systems.csv', ...period), { code: 1, err: /the header is/ });
});

t.test('what cannot be audited is refused, naming what can', async (t) => {
  const w = await world(t, []);
  t.match(await w.tally('audit', ...w.policy), { code: 1, err: /say what to audit/ });
  t.match(await w.tally('audit', '--control', 'X Y', ...w.policy), { code: 2, err: /there are SOC2-2017/ });
  t.match(await w.tally('audit', 'nobody', '--since', since, ...w.policy), {
    code: 5,
    out: /nobody cannot be read \(not-found\)/,
  });
  writeFileSync(join(w.dir, 'f.yaml'), 'frameworks: [{ id: SOC2-2017, title: mine }]\n');
  t.match(await w.tally('audit', SUBJECT, '--frameworks', 'f.yaml', ...w.policy), {
    code: 1,
    err: /leave it out/,
  });
});
