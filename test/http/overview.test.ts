/** GET /v1/overview of a running log: computed on a thread, once for everybody, paged, the worst first. */
import t from 'tap';
import type { OverviewJson } from '#src/explorer/shared/overview.ts';
import { buildApp } from '#src/http/app.ts';
import { declaring } from '../support/declarer.ts';
import { beginLog } from '../support/running-log.ts';

t.test('the log computes the overview', async (t) => {
  const { origin, app, declare } = await declaring(t, 'overview.example/log');
  const ask = async (query = ''): Promise<OverviewJson> => {
    for (;;) {
      const got = await app.inject({ url: `/v1/overview${query}` });
      if (got.statusCode !== 200) throw new Error(got.body);
      const told: OverviewJson = got.json();
      if (told.computing === null) return told;
    }
  };
  t.match(await ask(), { computed_by: 'log', origin, subjects: 0, rows: [], next: null, as_of: { size: 1 } });
  await declare('web/shop', 'low', 'team-web');
  await declare('web/<img src=x>', 'high', 'team-web');
  await declare('db/payments', 'low');
  const all = await ask();
  t.match(all, {
    subjects: 3,
    counts: { UNKNOWN: 3 },
    claims: { UNKNOWN: 3 },
    covered_until: null,
    longest_uncovered: null,
    prefixes: [
      { name: 'web/', subjects: 2, counts: { UNKNOWN: 2 } },
      { name: 'db/', subjects: 1 },
    ],
    owners: [{ name: 'team-web', subjects: 2 }, { subjects: 1 }],
    rows: [{ subject: 'web/<img src=x>', severity: 'high' }, {}, {}],
  });
  t.strictSame(all.rows[0]?.claims, [{ claim: 'tls-min', verdict: 'UNKNOWN', hidden: null }]);
  const subjects: string[] = [];
  let pages = 0;
  for (let next: string | null = ''; next !== null; pages++) {
    const page: OverviewJson = await ask(`?limit=1${next === '' ? '' : `&cursor=${next}`}`);
    subjects.push(...page.rows.map(({ subject }) => subject));
    next = page.next;
  }
  t.strictSame(
    subjects,
    all.rows.map(({ subject }) => subject),
    'page by page',
  );
  t.equal(pages, 3);
  t.match(await ask('?owner=team-web'), { subjects: 2, owners: [{}, {}] });
  t.match(await ask('?prefix=db/&verdict=UNKNOWN'), { subjects: 1, rows: [{ subject: 'db/payments' }] });
  t.match(await ask('?prefix=db/&verdict=PROVEN'), { subjects: 1, rows: [], next: null });
  for (const bad of ['?limit=0', '?limit=501', '?limit=x', '?verdict=FINE', '?cursor=***', '?more=1']) {
    const got = await app.inject({ url: `/v1/overview${bad}` });
    t.match(got, { statusCode: 400, headers: { 'content-type': /problem/ } }, bad);
  }
  const described = await app.inject({ url: '/openapi.json' });
  t.match(described.json(), { paths: { '/v1/overview': { get: { tags: [String] } } } });
});

t.test('without pages there is no overview: a list of what is violated is a map', async (t) => {
  const { log } = await beginLog(t, 'overview.example/off');
  const app = await buildApp(log, { version: '0', explorer: false });
  t.teardown(async () => {
    await app.close();
    await log.close();
  });
  t.match(await app.inject({ url: '/v1/overview' }), { statusCode: 404 });
});
