/** `tallystick monitor`: one look at everything, or looks until it is told to stop. */
import type { Logger } from 'pino';
import { printable } from '../../bytes/printable.ts';
import { EXIT } from '../../bytes/refusal.ts';
import { buildMonitorApp } from '../../monitor/http.ts';
import { viewIncident } from '../../monitor/incidents.ts';
import type { Monitor } from '../../monitor/monitor.ts';
import { assertGuarded } from '../../web/listen.ts';
import type { Context } from '../context.ts';
import type { Progress } from '../output.ts';
import { stopOnSignal } from '../serve/process.ts';
import { listen, readTls, type Tls } from '../../web/listen.ts';
import { makeLogger } from '../logger.ts';
import { VERSION } from '../../platform/version.ts';
import { monitorBanner } from './banner.ts';
import { openMonitor, type OpenMonitor, type Wanted } from '../../monitor/open.ts';

export interface MonitorRun {
  readonly urls: readonly string[];
  readonly hashes: boolean;
}

/** Follows until SIGTERM or SIGINT; resolves with the exit code. */
export async function runMonitor(context: Context, { urls, hashes }: MonitorRun): Promise<number> {
  const { config } = context;
  assertGuarded(config);
  const secured = await readTls(config);
  const logger = makeLogger(config.logLevel);
  const open = await openMonitor(context, {
    urls,
    hashes,
    once: false,
    onIncident: ({ id, origin, kind, what }, event) =>
      logger.warn({ incident: id, origin, kind, what }, event),
    onWarning: (what) => logger.warn(what),
    onBug: (error, origin) => logger.error({ err: error, origin }, 'a look failed'),
    onProgress: (origin, done, total) => logger.debug({ origin, done, total }, 'copying'),
  });
  const app = await serverOf(context, open, secured, logger);
  const stop = async (): Promise<void> => {
    await app.close();
    await open.close();
  };
  const stopped = stopOnSignal(stop, new Promise(() => undefined), logger);
  const url = await listen(app, config, stop);
  context.output.note(monitorBanner(context, open, url));
  open.monitor.start();
  return stopped;
}

async function serverOf(
  { config, world }: Context,
  open: OpenMonitor,
  secured: Tls,
  log: Logger,
): ReturnType<typeof buildMonitorApp> {
  try {
    return await buildMonitorApp(open.monitor, {
      version: VERSION,
      ...(config.url !== undefined && { baseUrl: config.url }),
      log,
      // One hop: the address the proxy itself saw, not what a client wrote before it.
      trustProxy: config.trustProxy && ((_address, hop) => hop === 0),
      limits: { rateWindowMs: 60_000 },
      readsPerWindow: config.readRateLimit,
      now: world.now,
      ...secured,
    });
  } catch (error) {
    await open.close();
    throw error;
  }
}

/** Looks once at every log, to its end, and says by the exit code what is open. */
export async function lookOnce(context: Context, { urls, hashes }: MonitorRun): Promise<number> {
  const { output } = context;
  const bars = new Map<string, Progress>();
  const wanted: Wanted = {
    urls,
    hashes,
    once: true,
    onIncident: () => undefined,
    onWarning: (what) => output.warn(what),
    onBug: (error, origin) => output.warn(`${origin}: ${String(error)}`),
    onProgress: (origin, done, total) => {
      const bar = bars.get(origin) ?? output.progress(origin, total);
      bars.set(origin, bar);
      bar.at(done);
    },
  };
  const open = await openMonitor(context, wanted);
  try {
    await open.monitor.once();
    for (const bar of bars.values()) bar.end();
    return report(context, open.monitor);
  } finally {
    await open.close();
  }
}

/** Open incidents that are printed; `tallystick incidents` has them all. */
const SHOWN = 50;

function report({ output }: Context, { watches, store }: Monitor): number {
  const kinds: string[] = [];
  for (const { status } of watches) {
    const { origin, reachable, fault } = status;
    const open = store.counts().filter((each) => each.origin === origin);
    const good = reachable && fault === undefined && open.length === 0;
    const mark = good ? output.paint('green', '✓') : output.paint('red', '✗');
    const note = fault === undefined ? '' : `: ${printable(fault)}`;
    output.print(
      `${mark} ${printable(origin)}: ${status.copied} entries verified, head ${status.size}${note}`,
    );
    kinds.push(...open.map(({ kind }) => kind));
    for (const { id, kind, what } of store.list({ open: true, origin, limit: SHOWN }))
      output.print(`  ${output.paint('red', kind)} ${id.slice(0, 16)} ${printable(what, 1000)}`);
  }
  const unreachable = watches.some(({ status }) => !status.reachable || status.outdated);
  const code = exitOf(kinds, unreachable);
  output.result('monitor', {
    clean: code === EXIT.ok,
    logs: watches.map(({ status }) => ({
      origin: status.origin,
      url: status.url,
      size: status.size,
      root: status.root?.toHex() ?? null,
      copied: status.copied,
      reachable: status.reachable,
      fault: status.fault ?? null,
    })),
    incidents: watches.flatMap(({ origin }) =>
      store.list({ open: true, origin, limit: SHOWN }).map((each) => ({ ...viewIncident(each) })),
    ),
  });
  return code;
}

const EXITS: Readonly<Record<string, number>> = {
  'split-view': EXIT.splitView,
  rollback: EXIT.splitView,
  'stale-head': EXIT.quorum,
  'quorum-lost': EXIT.quorum,
};

/** The worst of the open incidents says it; what could not be looked at, only when there is none. */
function exitOf(kinds: readonly string[], unreachable: boolean): number {
  const codes = new Set(kinds.map((kind) => EXITS[kind] ?? EXIT.verification));
  const worst = [EXIT.splitView, EXIT.verification, EXIT.quorum].find((code) => codes.has(code));
  return worst ?? (unreachable ? EXIT.notFound : EXIT.ok);
}
