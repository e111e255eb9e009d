/** `tallystick history`: the past of a subject, read live, through a mirror, from a directory; and what a lying log makes of it. */
import t, { type Test } from 'tap';
import { copyTo, withWitnesses, type Past } from '../support/past-world.ts';
import { HOUR, MIRROR, START, SUBJECT } from '../support/see-world.ts';
import { SeeWorld, type Told } from './support/see-world.ts';

type World = SeeWorld & Past;

const violated = { verdict: 'VIOLATED', explain: 'TLS 1.2 was accepted' } as const;

/**
 * A day of hourly looks with grace of one; each is witnessed within a minute. At 08:00 it is VIOLATED, at 09:00 mended; from
 * 12:00 to 18:00 nobody looks; at 20:00 it is VIOLATED under a waiver.
 */
async function aDay(t: Test): Promise<World> {
  const w = withWitnesses(await SeeWorld.start(t));
  await w.witness();
  const commitment = await w.commit({ approvals: 1 });
  await w.approve(commitment);
  for (let hour = 0; hour < 24; hour++) {
    w.now = START + hour * HOUR + 60;
    if (hour >= 12 && hour < 18) continue;
    await w.witness();
    w.now += 10;
    if (hour === 20)
      await w.waive(commitment, { notAfter: w.now + 2 * HOUR, reason: '=cmd', owner: 'Alice' });
    await w.prove(commitment, hour === 8 || hour === 20 ? violated : {});
    w.now += 10;
    await w.witness();
  }
  w.now = START + 24 * HOUR;
  await w.witness();
  return w;
}

const since = '2027-01-15T08:00:00Z';

const history = async (w: World, ...argv: string[]): Promise<Told> =>
  w.tally('history', SUBJECT, '--since', since, ...w.policy, ...argv);

interface Span {
  readonly from: number;
  readonly to: number;
  readonly kind: string;
  readonly hides: string | null;
  readonly why: string | null;
  readonly verdict: string | null;
}

/** What does not depend on who says when, by seconds: kinds of spans of ten minutes and more, verdicts of looks. */
function shape({ json }: Told): unknown {
  const [{ claim, spans, looks, figures }] = json.claims;
  return {
    claim,
    spans: spans
      .filter(({ from, to }: Span) => to - from >= 600)
      .map(({ kind, hides, verdict }: Span) => ({ kind, hides, verdict })),
    looks: looks.map((each: Record<string, unknown>) => [
      each['entry'],
      each['verdict'],
      each['not_before'],
      each['not_after'],
    ]),
    proven: figures.proven,
    failed: figures.failed,
  };
}

t.test('the same history live, through a mirror and from a directory', async (t) => {
  const w = await aDay(t);
  await copyTo(w, 'copy');
  const live = await history(w, '--json');
  t.match(live, {
    code: 3,
    json: { schema: 'tallystick.history.v1', vouched: 'witnesses', grades: { proof: 'word' } },
  });
  const [claim] = live.json.claims;
  const kinds = claim.spans.map(({ kind, hides, why }: Span) =>
    [kind, hides ?? why].filter((each) => each !== null).join(' '),
  );
  t.match(
    kinds.join(', '),
    /covered, failed, covered, uncovered agent-away, covered, waived failed, covered/,
    'a log on which nobody says anything logs one witnessed head a day: six hours without one show nothing of it',
  );
  t.match(claim.figures, { proven: 16, failed: 2 });
  t.equal(claim.looks.length, 18);
  const total = claim.spans.reduce(
    (sum: number, { from, to }: { from: number; to: number }) => sum + to - from,
    0,
  );
  t.equal(total, live.json.until - live.json.since, 'spans partition the period');
  for (const place of [MIRROR, 'copy']) {
    const told = await history(w, '--json', '--log', place);
    t.strictSame(shape(told), shape(live), place);
    t.match(told, { code: 3, json: { complete: 'full', grades: { proof: 'whole', policy: 'whole' } } });
  }
  const full = await history(w, '--json', '--full');
  t.strictSame(full.json.claims[0].spans, claim.spans);
  t.equal(full.json.grades.proof, 'whole');
});

t.test('for people', async (t) => {
  const w = await aDay(t);
  const { out, code } = await history(w);
  t.equal(code, 3);
  t.match(out, /^db\/payments {2}2027-01-15T08:00:00Z to 2027-01-16T08:00:00Z \(24 h\)$/m);
  t.match(
    out,
    /^commitments entry 2 \([0-9a-f]{16}…\) by author \(key [0-9a-f]{16}…\), approved by approver, .*; in force$/m,
  );
  t.match(out, /^ {2}covered +\d+ h.*\d+\.\d\d % \(E1 /m);
  t.match(out, /^ {2}2027-.*failed +VIOLATED; it began after 2027-/m);
  t.match(out, /^ {2}2027-.*uncovered agent-away: /m);
  t.match(out, /^ {2}2027-.*waived +\(failed, VIOLATED\) until .* Alice answers for it: =cmd$/m);
  t.match(out, /^ {2}complete +looks: grade word: the log's search alone/m);
  t.match(out, /^agents +agent \(key [0-9a-f]{16}…\): 18 proofs; grade word: /m);
  t.notMatch(out, /entry \d+ by agent/, 'looks are shown of one claim');
  const one = await history(w, 'tls-min');
  t.match(
    one.out,
    /PROVEN E1 {2}entry \d+ by agent \(key .*; made not before 2027-.*; logged not after 2027-/,
  );
  const late = await w.tally('history', SUBJECT, '--since', '1970-01-01', ...w.policy);
  t.match(late.out, /^ {2}uncovered +\d+ d, 99\.99 %/m, 'what is nearly all is never shown as all');
  const named = await w.tally('history', SUBJECT, 'tls-max', ...w.policy);
  t.match(named, { code: 2, err: /had no claim tls-max in the period; it had: tls-min/ });
});

t.test('as CSV, which no spreadsheet computes', async (t) => {
  const w = await aDay(t);
  await w.commit({}, '=cmd|x');
  w.now += 10;
  const { out } = await w.tally('history', '=cmd|x', ...w.policy, '--csv');
  t.match(out, /^record,subject,claim,from,to,kind,/);
  t.match(out, /^span,'=cmd\|x,tls-min,2026-/m);
  t.match(await history(w, '--csv', '--json'), { code: 1, err: /either --csv or --json/ });
  const lines = (await history(w, '--csv')).out.split('\n').slice(1, -1);
  t.equal(lines.filter((each) => each.startsWith('look,')).length, 18);
  t.ok(
    lines.every((each) => each.endsWith(',word')),
    'each with its grade',
  );
});

t.test('the log sets its clock back over a violation', async (t) => {
  const w = await aDay(t);
  const honest = shape(await history(w, '--json'));
  for (const [index, time] of w.times.entries()) if (time > START + HOUR) w.times[index] = time - 30 * 86_400;
  const told = await history(w, '--json');
  t.strictSame(shape(told), honest, 'its witnesses hold it');
  t.ok(told.json.wrong.length > 0);
  t.match((await history(w)).out, /^wrong +the log says that it logged entry \d+ at /m);
});

t.test('what is left out is named, or its grade is word', async (t) => {
  const w = await aDay(t);
  const { json } = await history(w, '--json');
  const looks: readonly { index: number; verdict: string }[] = json.claims[0].looks;
  const bad = looks.find(({ verdict }) => verdict === 'VIOLATED')?.index ?? 0;
  w.hidden.add(bad);
  t.match(await history(w), { code: 3, err: /something was left out/ });
  w.hidden.clear();
  for (const { index } of looks) if (index >= bad) w.hidden.add(index);
  const cut = await history(w, '--json');
  t.match(cut.json, { grades: { proof: 'word' }, claims: [{ figures: { grade_looks: 'word', failed: 0 } }] });
  t.match(await history(w, '--full'), { code: 3, err: /leaves out entry/ });
});

t.test('periods', async (t) => {
  const w = await aDay(t);
  const lately = await w.tally('history', SUBJECT, ...w.policy, '--json');
  t.equal(lately.json.until - lately.json.since, 30 * 86_400, 'the last 30 days');
  const day = await w.tally(
    'history',
    SUBJECT,
    ...w.policy,
    '--json',
    '--since',
    '2027-01-15',
    '--until',
    '2027-01-15',
  );
  t.equal(day.json.until - day.json.since, 86_400, 'a day is all of it');
  t.match(await history(w, '--until', since), { code: 1, err: /the period is empty/ });
  t.match(await w.tally('history', SUBJECT, ...w.policy, '--since', '2030-01-01'), {
    code: 1,
    err: /has not begun/,
  });
  t.match(await history(w, '--trust-monitor', 'abc'), { code: 1, err: /64 hex digits/ });
  t.match(await w.tally('history', 'nobody', ...w.policy), { code: 2, err: /no commitment about/ });
  const calm = await history(w, '--until', '2027-01-15T14:00Z');
  t.equal(calm.code, 5, 'before the first proof nothing is known');
});
