/** Every endpoint of log, witness, monitor and mirror: requests put into the server itself, without sockets. */
import type { FastifyInstance } from 'fastify';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeCbor, isCborMap } from '../../src/bytes/cbor.ts';
import { isRefusalCode, PROBLEM_URI } from '../../src/bytes/refusal.ts';
import { buildApp } from '../../src/http/app.ts';
import { mirrorServer } from '../../src/mirror/server.ts';
import { readerOf } from '../../src/mirror/folder.ts';
import { openMonitorDatabase } from '../../src/monitor/database.ts';
import { buildMonitorApp } from '../../src/monitor/http.ts';
import { IncidentStore } from '../../src/monitor/incidents.ts';
import { Monitor } from '../../src/monitor/monitor.ts';
import { HeadGuard } from '../../src/witness/guard.ts';
import { statePaths } from '../../src/witness/state.ts';
import { witnessServer } from '../../src/witness/server.ts';
import { FakeLog, statement } from '../support/fake-log.ts';
import { HostileLog, foreign } from '../support/hostile-log.ts';
import { mirrorOf, NOW, opaque } from '../support/mirror-world.ts';
import { knownLogs, NAME, openWitness, TestLog } from '../support/witness-world.ts';
import type { Target } from './target.ts';
import { asText, text } from './target.ts';

/** A request as one text: method, path and headers line by line, an empty line, the body. */
interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly payload: Buffer;
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'];

function requestOf(bytes: Uint8Array): Asked {
  const end = Buffer.from(bytes).indexOf('\n\n');
  const head = asText(end < 0 ? bytes : bytes.subarray(0, end)).split('\n');
  const [, method = 'GET', path = '/'] = /^(\S*) ?(.*)$/s.exec(head[0] ?? '') ?? [];
  const fields = head.slice(1).flatMap((line) => {
    const [, name = '', value = ''] = /^([A-Za-z-]+): ?(.*)$/.exec(line) ?? [];
    // What Node's own parser of HTTP refuses does not come as far as the server's handlers.
    return name === '' ||
      /[^\t\x20-\x7e\x80-\xff]/.test(value) ||
      /^(content-length|transfer-encoding|host)$/i.test(name)
      ? []
      : [[name.toLowerCase(), value] as const];
  });
  return {
    method: METHODS.includes(method) ? method : 'GET',
    url: `/${path.replace(/^[\\/]+/, '').replaceAll(/[^\x21-\x7e]/g, (each) => encodeURIComponent(each.toWellFormed()))}`,
    headers: Object.fromEntries(fields),
    payload: Buffer.from(end < 0 ? [] : bytes.subarray(end + 2)),
  };
}

/** Statuses of 500 and more that are an answer, with the codes that say them. */
const EXPECTED = new Set([
  'not-yet',
  'overloaded',
  'shutting-down',
  'not-cosigning',
  'unavailable',
  'log-unavailable',
]);

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The code of a problem, in CBOR or JSON; '' where there is none. */
function codeOf(body: Buffer): string {
  try {
    if (body[0] === 0x7b) return textOf(JSON.parse(body.toString()).code);
    const map = decodeCbor(body);
    const own = isCborMap(map) ? map.get(PROBLEM_URI) : undefined;
    return isCborMap(own) ? textOf(own.get('code')) : '';
  } catch {
    return '';
  }
}

async function ask(app: FastifyInstance, bytes: Uint8Array): Promise<void> {
  const asked = requestOf(bytes);
  const response = await app.inject(asked as never);
  if (response.statusCode < 400) return;
  if (asked.method === 'HEAD' || response.rawPayload.length === 0) return;
  const type = String(response.headers['content-type']);
  const code = codeOf(response.rawPayload);
  const isReady = asked.url.startsWith('/readyz') && response.statusCode === 503;
  if (!isReady && response.statusCode >= 500 && !EXPECTED.has(code))
    throw new Error(
      `${response.statusCode} to ${asked.method} ${asked.url}: ${response.payload.slice(0, 300)}`,
    );
  if (/problem/.test(type) && !isRefusalCode(code))
    throw new Error(`a problem without a code: ${response.payload.slice(0, 300)}`);
}

const request = (
  line: string,
  headers: Record<string, string> = {},
  body: Uint8Array = new Uint8Array(),
): Uint8Array =>
  Buffer.concat([
    Buffer.from([line, ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`)].join('\n')),
    Buffer.from('\n\n'),
    body,
  ]);

const PAGES = [
  '/s/a%2Fb',
  '/e/1',
  '/search?subject=a&kind=proof&before=9',
  '/witnesses',
  '/compare',
  '/explorer/a-0.js',
];
const OPERATIONS = ['/', ...PAGES, '/livez', '/readyz', '/metrics', '/openapi.json', '/favicon.ico'];
const gets = (paths: readonly string[]): Uint8Array[] =>
  [...paths, ...OPERATIONS].map((path) => request(`GET ${path}`, { accept: 'application/json' }));

async function logApp(): Promise<{ app: FastifyInstance; seeds: Uint8Array[] }> {
  const log = await FakeLog.of(300);
  const app = await buildApp(log, { version: '0', readsPerWindow: 0, writesPerWindow: 0 } as never);
  const id = 'ab'.repeat(32);
  const one = await statement(1000);
  const seeds = gets([
    '/checkpoint',
    '/tile/0/000',
    '/tile/0/001.p/44',
    '/tile/1/000.p/1',
    '/tile/entries/000',
    '/tile/entries/001.p/44',
    '/v1/log',
    '/v1/checkpoint',
    '/v1/inclusion?index=3&size=300',
    '/v1/consistency?from=3&to=300',
    '/v1/entries?from=0&limit=10',
    '/v1/entries/3',
    `/v1/entries/${id}`,
    '/v1/search?subject=a&kind=proof&limit=5&before=9',
    `/entries/${id}`,
    `/entries/${id}/proof`,
    `/entries/${id}/entry`,
    `/entries/${id}/statement`,
    '/entries/3',
    '/.well-known/scitt-keys',
    '/.well-known/scitt-keys/old-key.1',
    '/.well-known/transparency-configuration',
    '/docs',
    '/docs/json',
    '/v1/incidents',
  ]);
  for (const type of ['application/cose', 'application/cbor-seq', 'application/cose; cose-type="cose-sign1"'])
    seeds.push(
      request('POST /entries', { 'content-type': type, prefer: 'wait=0', accept: 'application/cose' }, one),
    );
  seeds.push(
    request('GET /tile/entries/000', {
      range: 'bytes=0-99',
      'accept-encoding': 'gzip, zstd;q=0.5',
      'if-none-match': '"x"',
    }),
  );
  seeds.push(request('POST /entries', { 'content-type': 'application/json' }, text('{"a":1}')));
  return { app, seeds };
}

async function witnessApp(): Promise<{ app: FastifyInstance; seeds: Uint8Array[] }> {
  const log = new TestLog('log.example/a');
  const dir = mkdtempSync(join(tmpdir(), 'tallystick-fuzz-'));
  process.on('exit', () => rmSync(dir, { recursive: true, force: true }));
  mkdirSync(join(dir, 'guard'));
  HeadGuard.open(statePaths(dir).guard, NAME).close();
  const { witness } = openWitness(dir, knownLogs(log));
  const common = { version: '0', writesPerWindow: 0, readsPerWindow: 0, incidents: () => 0 };
  const app = await witnessServer(witness, common);
  const type = { 'content-type': 'text/plain' };
  const cosigned = await log.note(8);
  const seeds = gets(['/v1/log', '/v1/logs', `/${'ab'.repeat(32)}/checkpoint`, '/metrics']);
  for (const [old, size] of [
    [0, 4],
    [4, 8],
    [8, 8],
    [8, 64],
    [3, 5],
  ] as const)
    seeds.push(request('POST /add-checkpoint', type, await log.request(old, size)));
  seeds.push(request('POST /sign-subtree', type, log.subtree(0, 4, 8, cosigned)));
  seeds.push(request('POST /sign-subtree', type, log.subtree(4, 6, 8, cosigned)));
  return { app, seeds };
}

async function monitorApp(): Promise<{ app: FastifyInstance; seeds: Uint8Array[] }> {
  const dir = mkdtempSync(join(tmpdir(), 'tallystick-fuzz-'));
  process.on('exit', () => rmSync(dir, { recursive: true, force: true }));
  const store = new IncidentStore(openMonitorDatabase(dir), dir, {
    now: () => NOW,
    delivers: false,
    onChange: () => {},
  });
  const monitor = new Monitor({
    watches: [],
    store,
    webhook: undefined,
    stop: new AbortController(),
    pollMs: 1000,
    random: () => 0.5,
    sleep: async () => {},
    onBug: (error) => {
      throw error;
    },
  });
  const app = await buildMonitorApp(monitor, { version: '0', readsPerWindow: 0 });
  const id = 'ab'.repeat(16);
  const hash = 'cd'.repeat(32);
  const seeds = gets([
    '/v1/logs',
    '/v1/incidents?limit=3&state=open&kind=rollback',
    `/v1/incidents/${id}`,
    `/${hash}/checkpoint`,
    `/logs/${hash}/v1/entries`,
  ]);
  return { app, seeds };
}

async function mirrorApp(): Promise<{ app: FastifyInstance; seeds: Uint8Array[] }> {
  const log = await HostileLog.start({ ...foreign(), entries: opaque(0, 300) });
  const dir = mkdtempSync(join(tmpdir(), 'tallystick-fuzz-'));
  process.on('exit', () => rmSync(dir, { recursive: true, force: true }));
  const mirror = await mirrorOf(log, dir);
  await mirror.sync();
  await log.close();
  const app = await mirrorServer(mirror, readerOf(dir), {
    version: '0',
    readsPerWindow: 0,
    now: () => NOW,
  });
  const hash = 'cd'.repeat(32);
  const seeds = gets([
    '/checkpoint',
    '/tile/0/000',
    '/tile/0/001.p/44',
    '/tile/entries/000',
    `/${hash}/checkpoint`,
    '/.well-known/scitt-keys',
    '/v1/log',
    '/log.v3.json',
    '/trust.txt',
  ]);
  return { app, seeds };
}

const APPS = { log: logApp, witness: witnessApp, monitor: monitorApp, mirror: mirrorApp };

/** Targets over servers, which are made when they are needed. */
export async function endpoints(only?: string): Promise<readonly Target[]> {
  const targets: Target[] = [];
  for (const [name, open] of Object.entries(APPS)) {
    if (only !== undefined && only !== `http ${name}`) continue;
    const { app, seeds } = await open();
    await app.ready();
    targets.push({ name: `http ${name}`, covers: [], seeds, run: (bytes) => ask(app, bytes) });
  }
  return targets;
}
