/** `tallystick monitor`: one look at everything, or looks until it is told to stop. */
import { printable } from '../../../bytes/printable.ts';
import { EXIT } from '../../exit.ts';
import { decodeUtf8 } from '../../../bytes/text.ts';
import type { Believed } from '../../../monitor/followed.ts';
import { viewIncident } from '../../../monitor/incidents.ts';
import type { Monitor } from '../../../monitor/monitor.ts';
import { openMonitor, type MonitorOptions } from '../../../monitor/open.ts';
import { readNamedFile } from '../../../platform/files.ts';
import type { Context } from '../../frame/context.ts';
import { makeLogger } from '../../frame/logger.ts';
import type { Progress } from '../../frame/output.ts';
import { stopOnSignal } from '../../frame/stop.ts';
import { trustOf } from '../../frame/trust.ts';
import { monitorBanner } from '../../views/monitor-banner.ts';

export interface MonitorRun {
  readonly urls: readonly string[];
  readonly hashes: boolean;
}

/** Follows until SIGTERM or SIGINT; resolves with the exit code. */
export async function runMonitor(context: Context, run: MonitorRun): Promise<number> {
  const { config, output } = context;
  const logger = makeLogger(config.logLevel);
  const opened = await openMonitor({
    ...(await optionsOf(context, run)),
    once: false,
    server: { endpoint: config, readsPerMinute: config.readRateLimit, logger },
    onIncident: ({ id, origin, kind, what }, event) =>
      logger.warn({ incident: id, origin, kind, what }, event),
    onWarning: (what) => logger.warn(what),
    onBug: (error, origin) => logger.error({ err: error, origin }, 'a look failed'),
    onProgress: (origin, done, total) => logger.debug({ origin, done, total }, 'copying'),
  });
  const stopped = stopOnSignal(() => opened.close(), new Promise(() => undefined), logger);
  const url = (await opened.listen()) ?? '';
  output.note(monitorBanner(context, opened, url));
  opened.monitor.start();
  return stopped;
}

type Heard = Pick<MonitorOptions, 'once' | 'onIncident' | 'onWarning' | 'onBug' | 'onProgress'>;

async function optionsOf(
  context: Context,
  { urls, hashes }: MonitorRun,
): Promise<Omit<MonitorOptions, keyof Heard>> {
  const { config, world } = context;
  return {
    dir: config.monitorDir,
    urls,
    hashes,
    trust: await believed(context),
    peers: config.peer,
    name: config.name,
    pollSeconds: config.poll,
    staleAfterSeconds: config.staleAfter,
    expectationsFile: config.expectations,
    webhook: config.webhook,
    webhookSecretFile: config.webhookSecret,
    fetch: world.fetch,
    now: world.now,
  };
}

/** Refuses as `trustOf` does. */
async function believed(context: Context): Promise<Believed> {
  const { policy } = await trustOf(context);
  const file = context.config.policy;
  // What verifier keys alone were given for has no witnesses, and the other way round.
  const fromFile = file !== undefined && (policy.quorum !== 'none' || policy.witnesses.length > 0);
  return { policy, text: fromFile ? decodeUtf8(await readNamedFile(file)) : undefined };
}

/** Looks once at every log, to its end, and says by the exit code what is open. */
export async function lookOnce(context: Context, run: MonitorRun): Promise<number> {
  const { output } = context;
  const bars = new Map<string, Progress>();
  const open = await openMonitor({
    ...(await optionsOf(context, run)),
    once: true,
    onIncident: () => undefined,
    onWarning: (what) => output.warn(what),
    onBug: (error, origin) => output.warn(`${origin}: ${String(error)}`),
    onProgress: (origin, done, total) => {
      const bar = bars.get(origin) ?? output.progress(origin, total);
      bars.set(origin, bar);
      bar.at(done);
    },
  });
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
