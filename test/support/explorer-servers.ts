/** The four servers that have pages, over one small log: a log, a monitor, a mirror, a witness. */
import type { FastifyInstance } from 'fastify';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { Folder, readerOf } from '../../src/mirror/folder.ts';
import { Mirror } from '../../src/mirror/mirror.ts';
import { mirrorServer } from '../../src/mirror/server.ts';
import { buildApp } from '../../src/http/app.ts';
import { buildMonitorApp } from '../../src/monitor/http.ts';
import { openMonitor } from '../../src/monitor/open.ts';
import { parseVkey } from '../../src/note/key.ts';
import { policyOfLogs } from '../../src/note/trust.ts';
import { verifyWithNoble } from '../../src/sign/algorithm.ts';
import { nobleHasher } from '../../src/tree/hash.ts';
import type { WebOptions } from '../../src/web/options.ts';
import type { KnownLogs } from '../../src/witness/logs.ts';
import { witnessServer } from '../../src/witness/server.ts';
import { FakeLog } from './fake-log.ts';
import { openWitness, knownLogs, TestLog, TIME, witnessDir } from './witness-world.ts';

export type Options = Pick<WebOptions, 'explorer' | 'dataDir'> & { readonly readsPerWindow?: number };

/** A log of `size` entries; `more` are logged after them. */
export async function logApp(
  t: Test,
  size: number,
  more: readonly Uint8Array[] = [],
  options: Options = {},
): Promise<{ readonly log: FakeLog; readonly app: FastifyInstance }> {
  const log = await FakeLog.of(size);
  if (more.length > 0) await log.submit(more);
  const { readsPerWindow, ...rest } = options;
  const app = await buildApp(log, {
    version: '1.2.3',
    baseUrl: 'https://log.example',
    ...(readsPerWindow !== undefined && { limits: { readsPerWindow } }),
    ...rest,
  });
  t.teardown(() => app.close());
  return { log, app };
}

/** Requests that reach the app of a log, at https://log.example. */
function fetchOf(app: FastifyInstance): typeof fetch {
  return async (input) => {
    const { pathname, search } = new URL(input instanceof Request ? input.url : input);
    const { statusCode, rawPayload } = await app.inject({ url: pathname + search });
    return new Response(new Uint8Array(rawPayload), { status: statusCode });
  };
}

function folderOf(t: Test): string {
  const dir = mkdtempSync(join(tmpdir(), 'tallystick-pages-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A log whose keys a copy trusts. */
interface Served {
  readonly info: { readonly vkeys: readonly string[] };
}

/** A monitor that has copied the log. */
export async function monitorApp(
  t: Test,
  { log, app }: { readonly log: Served; readonly app: FastifyInstance },
  options: Options = {},
): Promise<FastifyInstance> {
  const opened = await openMonitor({
    dir: folderOf(t),
    urls: ['https://log.example'],
    trust: {
      policy: policyOfLogs(log.info.vkeys.map(parseVkey)),
      everyAlgorithm: false,
      text: undefined,
    } as never,
    peers: [],
    pollSeconds: 10,
    staleAfterSeconds: 3600,
    once: true,
    hashes: true,
    fetch: fetchOf(app),
    now: () => TIME * 1000,
    onIncident: () => undefined,
    onWarning: () => undefined,
    onBug: (error) => {
      throw error;
    },
    onProgress: () => undefined,
  });
  await opened.monitor.once();
  const monitor = await buildMonitorApp(opened.monitor, { version: '1.2.3', readsPerWindow: 0, ...options });
  t.teardown(async () => {
    await monitor.close();
    await opened.close();
  });
  return monitor;
}

/** A mirror that has copied the log. */
export async function mirrorApp(
  t: Test,
  { log, app }: { readonly log: Served; readonly app: FastifyInstance },
  options: Options = {},
): Promise<FastifyInstance> {
  const dir = folderOf(t);
  const mirror = await Mirror.open({
    folder: await Folder.open(dir),
    url: 'https://log.example',
    policy: policyOfLogs(log.info.vkeys.map(parseVkey)),
    transport: { fetch: fetchOf(app), now: () => TIME * 1000, timeoutMs: 5_000 },
    verify: verifyWithNoble,
    hasher: nobleHasher,
    name: 'test mirror',
    version: '0',
  });
  await mirror.sync();
  const server = await mirrorServer(mirror, readerOf(dir), {
    version: '1.2.3',
    readsPerWindow: 0,
    ...options,
  });
  t.teardown(() => server.close());
  return server;
}

/** A witness that knows a log and cosigned it. */
export async function witnessApp(t: Test, options: Options = {}): Promise<FastifyInstance> {
  const log = new TestLog('log.example/a');
  const logs = knownLogs(log, new TestLog('evil.example/<script>alert(1)</script>'));
  return witnessOf(t, logs, await log.request(0, 4), options);
}

/** A witness that cosigned a head. */
export async function witnessOf(
  t: Test,
  logs: KnownLogs,
  request: Uint8Array,
  options: Options = {},
): Promise<FastifyInstance> {
  const opened = openWitness(witnessDir(t), logs);
  await opened.witness.addCheckpoint(request);
  const common = { version: '1.2.3', writesPerWindow: 0, readsPerWindow: 0, incidents: () => 0 };
  const app = await witnessServer(opened.witness, { ...common, ...options });
  t.teardown(async () => {
    await app.close();
    await opened.close();
  });
  return app;
}
