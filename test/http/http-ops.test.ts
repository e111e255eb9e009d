/** What operators see: health, metrics, the API description, log lines (src/http). */
import t, { type Test } from 'tap';
import { spawnSync } from 'node:child_process';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { networkOf } from '../../src/web/observe.ts';
import { ORIGIN, statement } from '../support/fake-log.ts';
import { COSE, jsonOf, SEQUENCE, serve } from '../support/http-served.ts';

/** The parts of an OpenAPI document that are looked at. */
interface Description {
  readonly paths: Record<string, Record<string, Operation>>;
}
interface Operation {
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly { in: string; name: string }[];
  readonly requestBody?: { content: Record<string, unknown> };
  readonly responses: Record<string, { description?: string; content?: Record<string, unknown> }>;
}

t.test('health, metrics, home', async (t) => {
  const { log, url } = await serve(t, 3, { now: () => 1_763_800_010_000 });
  t.same(await (await fetch(`${url}/livez`)).json(), { live: true });
  t.same(await (await fetch(`${url}/readyz`)).json(), { ready: true, reasons: [] });
  log.reasons = ['no checkpoint for 30 s'];
  const unready = await fetch(`${url}/readyz`);
  t.equal(unready.status, 503);
  t.ok(unready.headers.has('retry-after'));
  t.same(await unready.json(), { ready: false, reasons: log.reasons });

  for (const n of [50, 50]) {
    await fetch(`${url}/entries`, {
      method: 'POST',
      body: await statement(n),
      headers: { 'content-type': COSE },
    });
  }
  const batch = Buffer.concat([await statement(51), Uint8Array.of(1)]);
  await fetch(`${url}/entries`, { method: 'POST', body: batch, headers: { 'content-type': SEQUENCE } });
  for (const path of ['/entries/zz', '/entries/yy', '/random/1', '/random/2', '/tile/0/000.p/1'])
    await fetch(url + path);
  const scraped = await fetch(`${url}/metrics`);
  t.equal(scraped.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
  const text = await scraped.text();
  for (const line of [
    'tallystick_build_info{version="1.2.3",node=',
    'tallystick_tree_size_entries 5',
    'tallystick_checkpoint_age_seconds 10',
    'tallystick_pending_entries 3',
    'tallystick_ready 0',
    'tallystick_submissions_total{type="single",result="logged"} 1',
    'tallystick_submissions_total{type="single",result="duplicate"} 1',
    'tallystick_submissions_total{type="batch",result="logged"} 1',
    'tallystick_submission_wait_seconds_count 3',
    'tallystick_http_request_duration_seconds_count{route="/entries",status_class="2xx"} 3',
    'tallystick_http_request_duration_seconds_count{route="/entries/:id",status_class="4xx"} 2',
    'tallystick_http_request_duration_seconds_count{route="none",status_class="4xx"} 2',
    'tallystick_http_request_duration_seconds_count{route="/tile/*",status_class="2xx"} 1',
  ]) {
    t.ok(text.includes(line), line);
  }
  lintMetrics(t, text);
  const again = await (await fetch(`${url}/metrics`)).text();
  t.equal(again.match(/^# TYPE/gm)?.length, text.match(/^# TYPE/gm)?.length, 'a second scrape is whole too');

  log.unpublished = true;
  const without = await (await fetch(`${url}/metrics`)).text();
  t.ok(without.includes('tallystick_checkpoint_timestamp_seconds 0'), 'scraped before the first quorum too');
  const absent = await fetch(`${url}/checkpoint`);
  t.equal(absent.status, 503);
  t.ok(absent.headers.has('retry-after'));
  t.equal((await fetch(`${url}/v1/log`)).status, 200);

  const home = await fetch(url);
  t.match(
    home.headers.get('content-security-policy'),
    /^default-src 'none'; script-src 'self'; style-src 'self'/,
  );
  const html = await home.text();
  for (const part of [ORIGIN, log.info.vkeys[0] ?? '', '/checkpoint', '/docs/', 'evaluation'])
    t.ok(html.includes(part), part);
  t.notMatch(
    html,
    /<script(?! type="module" src="\/explorer\/)|(?:src|href)="https?:/,
    'nothing from elsewhere',
  );
});

/** What `promtool check metrics` looks at; the tool itself where it is installed. */
function lintMetrics(t: Test, text: string): void {
  const types = Array.from(
    text.matchAll(/^# TYPE (\S+) (\S+)$/gm),
    ([, name = '', type = '']) => [name, type] as const,
  );
  t.ok(types.length > 10);
  for (const [name, type] of types) {
    t.match(name, /^(tallystick|process)_[a-z0-9]+(_[a-z0-9]+)*$/);
    t.equal(name.endsWith('_total'), type === 'counter', name);
    t.notMatch(name, /_(ms|milliseconds|minutes|kb|percent|count|sum|bucket|info_total)$/);
    t.ok(text.includes(`# HELP ${name} `), `${name} is explained`);
  }
  t.notMatch(text, /quantile=/, 'only a summary has quantiles');
  const promtool = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
  if (promtool.error !== undefined)
    t.comment('promtool is not installed: its rules were checked by name alone');
  else t.equal(promtool.status, 0, promtool.stderr);
}

t.test('the description names every route', async (t) => {
  const { app, url } = await serve(t, 2, { baseUrl: 'https://log.example', explorer: false });
  const response = await fetch(`${url}/openapi.json`);
  t.equal(response.headers.get('content-type'), 'application/json');
  const api = await jsonOf<Description>(response);
  t.match(api, { openapi: '3.1.0', info: { version: '1.2.3' }, servers: [{ url: 'https://log.example' }] });

  const expected = {
    post: ['/entries'],
    get: [
      '/entries/{id}',
      '/entries/{id}/entry',
      '/entries/{id}/statement',
      '/entries/{id}/proof',
      '/.well-known/scitt-keys',
      '/.well-known/scitt-keys/{kid}',
      '/checkpoint',
      '/tile/{L}/{N}',
      '/tile/entries/{N}',
      '/v1/log',
      '/v1/checkpoint',
      '/v1/inclusion',
      '/v1/consistency',
      '/v1/entries',
      '/v1/entries/{key}',
      '/v1/search',
      '/v1/subjects/{subject}/history',
      '/livez',
      '/readyz',
      '/metrics',
      '/openapi.json',
    ],
  };
  const operations = Object.entries(api.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ where: `${method} ${path}`, path, operation })),
  );
  const described = new Set(operations.map((one) => one.where));
  t.same(described, new Set(Object.entries(expected).flatMap(([m, paths]) => paths.map((p) => `${m} ${p}`))));
  // The two tile routes are printed as one, and the home page is none of the API: as many lines as operations.
  const printed = app.printRoutes({ commonPrefix: false }).split('└── docs')[0] ?? '';
  t.equal(printed.match(/\(/g)?.length, described.size, 'no other routes');
  for (const { where, path, operation } of operations) {
    t.ok(operation.summary !== undefined && operation.tags?.length === 1, where);
    const names = Array.from(path.matchAll(/\{(\w+)\}/g), ([, name]) => name);
    const inPath = operation.parameters?.filter((one) => one.in === 'path').map((one) => one.name);
    t.same(new Set(inPath), new Set(names), `${where}: its parameters`);
    t.equal(
      Object.keys(operation.responses['4XX']?.content ?? {}).length,
      2,
      `${where}: both forms of a problem`,
    );
    for (const reply of Object.values(operation.responses)) t.type(reply.description, 'string');
  }
  const submission = api.paths['/entries']?.['post'];
  t.equal(Object.keys(submission?.requestBody?.content ?? {}).length, 3);
  t.ok(COSE in (submission?.responses['201']?.content ?? {}));
  t.ok('text/plain' in (api.paths['/checkpoint']?.['get']?.responses['200']?.content ?? {}));

  const docs = await fetch(`${url}/docs/`);
  t.match(docs.headers.get('content-security-policy'), /default-src 'none'; script-src 'self';/);
  const html = await docs.text();
  t.notMatch(html, /(?:src|href)="https?:/, 'nothing from elsewhere');
  for (const [, file = ''] of html.matchAll(/(?:src|href)="\.(\/static\/[^"]+)"/g)) {
    const asset = await fetch(`${url}/docs${file}`);
    t.equal(asset.status, 200, file);
    t.ok((await asset.text()).length > 0);
  }
});

t.test('log lines', async (t) => {
  const lines: { [name: string]: unknown; path?: string; requestId?: string }[] = [];
  const sink = new Writable({
    write(chunk, _encoding, done) {
      for (const line of String(chunk).trim().split('\n')) lines.push(JSON.parse(line));
      done();
    },
  });
  const log = pino({ level: 'debug' }, sink);
  const { log: fake, url } = await serve(t, 3, { log, trustProxy: true });
  const headers = { 'x-forwarded-for': '192.0.2.77' };
  const ok = await fetch(`${url}/v1/search?subject=secret-query`, { headers });
  await fetch(`${url}/nothing/${'long'.repeat(200)}`, { headers });
  fake.failure = new Error('the disk is gone');
  const body = await statement(1);
  await fetch(`${url}/entries`, { method: 'POST', body, headers: { ...headers, 'content-type': COSE } });
  // The hook runs when the response has left, which its client may know first.
  while (lines.length < 4) await new Promise(setImmediate);
  const [first, second, failed, third] = lines;
  t.match(first, {
    level: 20,
    method: 'GET',
    route: '/v1/search',
    path: '/v1/search',
    status: 200,
    client: '192.0.2.0/24',
  });
  t.equal(first?.requestId, ok.headers.get('x-request-id'));
  t.match(second, { level: 30, status: 404, route: 'none', problem: 'not-found' });
  t.ok((second?.path ?? '').length <= 201);
  t.match(failed, { level: 50, err: { message: 'the disk is gone' }, requestId: third?.requestId ?? '' });
  t.match(third, { level: 50, status: 500, problem: 'internal', route: '/entries' });
  const all = JSON.stringify(lines);
  for (const secret of ['secret-query', '192.0.2.77', 'config 1', ORIGIN])
    t.notOk(all.includes(secret), secret);

  log.level = 'info';
  const before = lines.length;
  await fetch(`${url}/livez`);
  await fetch(`${url}/nothing`);
  while (lines.length === before) await new Promise(setImmediate);
  t.equal(lines.length, before + 1, 'success is told at debug only');

  t.equal(networkOf('10.1.2.3'), '10.1.2.0/24');
  t.equal(networkOf('::ffff:10.1.2.3'), '10.1.2.0/24');
  t.equal(networkOf('2001:db8:1:2:3:4:5:6'), '2001:db8:1::/48');
  t.equal(networkOf('2001:db8::1'), '2001:db8:0::/48');
  t.equal(networkOf('::1'), '0:0:0::/48');
});
