/** What a page draws: nothing good hides something bad, and nothing that only the server says is filled. */
import t, { type Test } from 'tap';
import type { HistoryJson } from '#src/appraisal/past/json.ts';
import { barsOf, clustersOf, type LookJson, type SpanJson } from '#src/explorer/page/draw/clusters.ts';
import { scaleOf, ticksOf } from '#src/explorer/page/draw/scale.ts';
import { WrongAnswer } from '#src/explorer/page/state/shape.ts';
import { historyIn } from '#src/explorer/page/worker/word.ts';
import { Known } from '#src/explorer/page/views/subject/known.ts';
import { isQuestion, isReply } from '#src/explorer/page/worker/messages.ts';
import type { Part, Question, SubjectShown } from '#src/explorer/page/worker/protocol.ts';
import { RemoteVerifier, type Port } from '#src/explorer/page/worker/remote.ts';
import { SUBJECT } from '../support/see-world.ts';
import { asked, subject, tenHours, period } from '../support/ten-hours.ts';

const DAY = 86_400;
const day = { since: 1_800_000_000, until: 1_800_000_000 + DAY };

async function shown(t: Test): Promise<SubjectShown> {
  const page = await asked(await tenHours(t));
  return subject(await page.ask({ kind: 'subject', subject: SUBJECT, period, visible: period }));
}

const copy = (past: HistoryJson): HistoryJson => JSON.parse(JSON.stringify(past));

t.test('only what was computed here is filled', async (t) => {
  const done = await shown(t);
  const told = copy(done.past);
  const known = new Known();
  known.told = told;
  const [claim] = told.claims;
  if (claim === undefined) throw new Error('there is a claim');
  t.equal(known.standingOf('tls-min', 6), 'hollow');
  known.take({
    kind: 'entries',
    verified: [6],
    wrong: [{ index: 7, fault: { code: 'proof-failed', nature: 'input', text: 'no' } }],
  });
  t.equal(known.standingOf('tls-min', 6), 'entry', "in the log, and its verdict is still the server's");
  t.equal(known.standingOf('tls-min', 7), 'wrong');
  // The server makes up a look of another claim in the same entry.
  known.told = { ...told, claims: [...told.claims, { ...claim, claim: 'made-up' }] };
  const past: Part = { kind: 'past', period, past: done.past, marks: done.marks };
  known.take(past);
  t.equal(known.standingOf('tls-min', 6), 'filled');
  t.equal(known.standingOf('made-up', 6), 'entry', 'what was computed of another claim does not fill it');
  // The server says otherwise of a look that was computed already.
  known.told = {
    ...told,
    claims: [{ ...claim, looks: claim.looks.map((each) => ({ ...each, verdict: 'PROVEN' as const })) }],
  };
  t.equal(known.looksOf('tls-min').find(({ index }) => index === 6)?.verdict, 'VIOLATED');
  known.done = done;
  t.equal(known.past, done.past);
  t.equal(known.standingOf('tls-min', 7), 'wrong', 'and stays so');
});

t.test('marks: the worst of those that lie together', async (t) => {
  const { past } = await shown(t);
  const looks = past.claims[0]?.looks ?? [];
  const close = looks.map((each, i) => ({ ...each, window: { start: day.since + i, end: day.since + i } }));
  const [one] = clustersOf(close, scaleOf(day, 800), (index) => (index === 9 ? 'hollow' : 'filled'));
  t.match(one, { verdict: 'VIOLATED', standing: 'hollow', look: { index: 6 } });
  t.equal(one?.indices.length, 10);
  t.equal(
    clustersOf(close, scaleOf(day, 800), (index) => (index === 8 ? 'wrong' : 'filled'))[0]?.standing,
    'wrong',
  );
  const [look] = looks;
  if (look === undefined) throw new Error('there is a look');
  const many: LookJson[] = Array.from({ length: 100_000 }, (_, i) => {
    const at = day.since + (i * DAY) / 100_000;
    return { ...look, index: i, window: { start: at, end: at } };
  });
  t.ok(
    clustersOf(many, scaleOf(day, 800), () => 'filled').length < 100,
    'no more marks than there is room for',
  );
  const [span] = past.claims[0]?.spans ?? [];
  if (span === undefined) throw new Error('there is a span');
  const spans: SpanJson[] = Array.from({ length: 10_000 }, (_, i) => ({
    ...span,
    kind: i === 5_000 ? ('failed' as const) : ('covered' as const),
    from: day.since + (i * DAY) / 10_000,
    to: day.since + ((i + 1) * DAY) / 10_000,
  }));
  const bars = barsOf(spans, scaleOf(day, 800));
  t.ok(bars.length <= 800);
  t.equal(
    bars.filter((each) => each.span.kind === 'failed').length,
    1,
    'a failure narrower than a pixel is seen',
  );
});

t.test('times on the line', async (t) => {
  for (const seconds of [600, 3_600, DAY, 30 * DAY, 365 * DAY])
    for (const width of [240, 800, 2_000]) {
      const scale = scaleOf({ since: day.since, until: day.since + seconds }, width);
      const ticks = ticksOf(scale);
      t.ok(
        ticks.length >= 1 && ticks.length <= width / 32,
        `${seconds} s in ${width} pixels: ${ticks.length}`,
      );
      t.ok(ticks.every(({ x }) => x >= 0 && x <= width));
    }
});

t.test('what a server says of the past is looked at before it is drawn', async (t) => {
  const { past } = await shown(t);
  const told = copy(past);
  t.equal(historyIn(told), told);
  const [claim] = told.claims;
  const bad: readonly unknown[] = [
    null,
    'x',
    [],
    { ...told, claims: 'x' },
    { ...told, claims: [{ ...claim, looks: [{ ...claim?.looks[0], verdict: 'FINE' }] }] },
    { ...told, claims: [{ ...claim, looks: [{ ...claim?.looks[0], window: { start: 0, end: '<b>' } }] }] },
    { ...told, claims: [{ ...claim, spans: [{ ...claim?.spans[0], kind: 'constructor' }] }] },
    { ...told, declared: [null] },
  ];
  for (const each of bad) t.throws(() => historyIn(each), WrongAnswer);
});

t.test('messages', async (t) => {
  for (const each of [null, 1, {}, { id: 1 }, { id: 1, ask: { kind: 'toString' } }, { id: 'x', stop: true }])
    t.notOk(isQuestion(each));
  t.ok(isQuestion({ id: 1, ask: { kind: 'head' } }));
  for (const each of [null, {}, { id: 1, say: 'done' }, { id: 1, say: 'nothing' }]) t.notOk(isReply(each));
  const posted: Question[] = [];
  const heard = new Map<string, (event: { readonly data?: unknown; readonly message?: string }) => void>();
  const port: Port = {
    postMessage: (question) => void posted.push(question),
    addEventListener: (type: string, listener: never) => void heard.set(type, listener),
    terminate: () => undefined,
  };
  const remote = new RemoteVerifier(port);
  const parts: Part[] = [];
  const head = remote.ask({ kind: 'head' }, (part) => parts.push(part));
  head.stop();
  t.strictSame(posted, [
    { id: 1, ask: { kind: 'head' } },
    { id: 1, stop: true },
  ]);
  heard.get('message')?.({
    data: { id: 1, say: 'part', part: { kind: 'remark', level: 'note', text: 'x' } },
  });
  t.equal(parts.length, 1);
  heard.get('message')?.({
    data: { id: 1, say: 'failed', fault: { code: 'stopped', nature: 'stopped', text: '' } },
  });
  t.match(await head.result.catch((error: unknown) => error), { fault: { code: 'stopped' } });
  const entry = remote.ask({ kind: 'entry', name: '1' });
  heard.get('error')?.({ message: 'gone' });
  t.match(await entry.result.catch((error: unknown) => error), { fault: { code: 'bug', text: 'gone' } });
});
