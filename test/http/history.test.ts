/** GET /v1/subjects/{subject}/history of a running log: computed off the thread that answers, bounded, and the same as a reader's. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import t from 'tap';
import { knownHistory } from '#src/appraisal/past/known.ts';
import { historyJson } from '#src/appraisal/past/json.ts';
import { readPast } from '#src/client/past/read.ts';
import { declaring } from '../support/declarer.ts';

const SUBJECT = 'db/payments';

t.test('the log computes the history of a subject', async (t) => {
  const { origin, app, client, declare } = await declaring(t, 'history.example/log');
  await declare(SUBJECT, 'low');
  const now = Math.floor(Date.now() / 1000);
  const ask = (query = '', subject = SUBJECT) =>
    app.inject({ url: `/v1/subjects/${encodeURIComponent(subject)}/history${query}` });
  const since = now - 3_600;
  // A history that ends in the second in which the commitment was logged does not hold it yet.
  while (Date.now() < (now + 1) * 1000) await nextTurn();
  const got = await ask(`?since=${since}&until=${now + 30}`);
  t.match(got, { statusCode: 200, headers: { 'content-type': /^application\/json/ } });
  const told = got.json();
  t.match(told, {
    computed_by: 'log',
    subject: SUBJECT,
    origin,
    vouched: 'log',
    since,
    next: null,
    grades: { proof: 'word' },
  });
  t.equal(told.claims[0].claim, 'tls-min');
  t.ok(told.claims[0].spans.some(({ why }: { why: string }) => why === 'awaited'));
  const period = { since, until: told.until };
  const record = await readPast(await client.snapshot(), SUBJECT, period);
  const own = historyJson(knownHistory(record, period), record.policies);
  t.strictSame(
    told.claims[0].spans.slice(0, -1),
    JSON.parse(JSON.stringify(own.claims[0]?.spans.slice(0, -1))),
  );
  t.strictSame(
    (await ask(`?since=${since}&until=${now + 30}`)).rawPayload,
    got.rawPayload,
    'kept for a while',
  );
  t.match(await ask(`?since=${since}&claim=other`), { statusCode: 404 });
  t.match(await ask('', 'nobody'), { statusCode: 404 });
  for (const bad of [
    `?since=${now + 100}`,
    `?since=0&until=${now}`,
    `?since=${now}&until=${now}`,
    '?since=-1',
    '?x=1',
  ])
    t.equal((await ask(bad)).statusCode, 400, bad);
  const answers = await Promise.all(
    Array.from({ length: 40 }, (_, i) => ask(`?since=${since - i}&until=${now + 30}`)),
  );
  const codes = new Set(answers.map(({ statusCode }) => statusCode));
  t.strictSame(
    [...codes].toSorted((a, b) => a - b),
    [200, 503],
    'few wait, and the others are told to come again',
  );
  t.equal((await app.inject({ url: '/v1/checkpoint' })).statusCode, 200);
  const { paths } = (await app.inject({ url: '/openapi.json' })).json();
  t.ok(paths['/v1/subjects/{subject}/history'], 'described');
});
