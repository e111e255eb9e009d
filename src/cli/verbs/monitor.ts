/** `tallystick monitor`: follows logs, verifies every entry, and raises alarms. */
import { refuse } from '../../bytes/refusal.ts';
import { decodeUtf8 } from '../../bytes/text.ts';
import { loadSigner } from '../../keys/load.ts';
import type { Believed } from '../../monitor/followed.ts';
import type { MonitorOptions } from '../../monitor/open.ts';
import { readNamedFile } from '../../platform/files.ts';
import type { Context } from '../frame/context.ts';
import type { Progress } from '../frame/output.ts';
import { ENDPOINT_SETTINGS, endpointOf } from '../frame/settings.ts';
import { trustOf } from '../frame/trust.ts';
import type { Verb, VerbOption } from '../frame/verb.ts';
import { monitorBanner, reportLogs } from '../views/monitor.ts';

const OPTIONS = [
  { flags: '--once', help: 'check every log once and exit with the code of the open incidents' },
  {
    flags: '--hashes',
    help: 'for logs of other software: check hashes, tiles and signatures, but not statements',
  },
  {
    flags: '--inventory',
    help: 'log an inventory of each subject that changed, now and not once a day (--notary)',
  },
] as const satisfies readonly VerbOption[];

export const monitorVerb: Verb<typeof OPTIONS> = {
  name: 'monitor',
  summary: 'follow logs, verify every entry, raise alarms',
  details:
    'Checks signatures, the witness quorum, one history, and every entry; keeps a verified copy that answers the same ' +
    'search as the log. With --notary, a key in the role monitor, it logs witnessed heads where the log is late, and once a ' +
    'day an inventory of each subject that changed. What it sees is kept as incidents (see incidents, verify-incident) and posted to --webhook. ' +
    'Goes on where it stopped; a log that is away, or was, is no incident. With --once it looks once and exits: 4 for ' +
    'a split view or rollback, 3 for anything in the log that does not hold, 5 for a stale head or a lost quorum, 2 ' +
    'when a log cannot be reached. These are the codes of the incidents that are open, also of earlier runs.',
  operands: [['[urls...]', "URL prefixes of the logs; those of the policy's log lines when absent"]],
  home: 'monitorDir',
  defaults: { port: '6964' },
  settings: [
    'monitorDir',
    'name',
    'vkey',
    'logOrigin',
    'policy',
    'peer',
    'poll',
    'staleAfter',
    'expectations',
    'webhook',
    'webhookSecret',
    'notary',
    ...ENDPOINT_SETTINGS,
    'readRateLimit',
    'logLevel',
  ],
  options: OPTIONS,
  json: true,
  examples: [
    'tallystick monitor https://log.example.com --vkey log.vkey',
    'tallystick monitor --policy logs.policy --peer https://witness.example.org --webhook https://alarms.example.com/tallystick',
    'tallystick monitor https://log.example.com --vkey log.vkey --once --json',
  ],
  run: async (context, urls, flags) => {
    const once = flags.on('once');
    const inventoriesNow = flags.on('inventory');
    if (inventoriesNow && context.config.notary === undefined)
      throw refuse('usage', '--inventory logs notices: name the key that signs them with --notary');
    const options = { ...(await optionsOf(context)), urls, hashes: flags.on('hashes'), inventoriesNow, once };
    return once ? lookOnce(context, options) : stay(context, options);
  },
};

type Told = Omit<MonitorOptions, 'onIncident' | 'onWarning' | 'onBug' | 'onProgress'>;

async function optionsOf(
  context: Context,
): Promise<Omit<Told, 'urls' | 'hashes' | 'once' | 'inventoriesNow'>> {
  const { config, world } = context;
  return {
    dir: config.monitorDir,
    trust: await believed(context),
    peers: config.peer,
    name: config.name,
    pollSeconds: config.poll,
    staleAfterSeconds: config.staleAfter,
    expectationsFile: config.expectations,
    webhook: config.webhook,
    webhookSecretFile: config.webhookSecret,
    notary: config.notary === undefined ? undefined : await loadSigner(config.notary),
    fetch: world.fetch,
    now: world.now,
  };
}

/** Refuses as `trustOf` does. */
async function believed(context: Context): Promise<Believed> {
  const { policy } = await trustOf(context);
  const file = context.config.policy;
  // A policy made of --vkey has no witnesses and no quorum, so one with either came from the file.
  const fromFile = file !== undefined && (policy.quorum !== 'none' || policy.witnesses.length > 0);
  return { policy, text: fromFile ? decodeUtf8(await readNamedFile(file)) : undefined };
}

/** Follows until SIGTERM or SIGINT. */
async function stay(context: Context, options: Told): Promise<number> {
  const { openMonitor } = await import('../../monitor/open.ts');
  const { serveUntilStopped } = await import('../frame/serving.ts');
  const { config } = context;
  return serveUntilStopped(context, {
    open: (logger) =>
      openMonitor({
        ...options,
        server: { endpoint: endpointOf(config), readsPerMinute: config.readRateLimit, logger },
        onIncident: ({ id, origin, kind, what }, event) =>
          logger.warn({ incident: id, origin, kind, what }, event),
        onWarning: (what) => logger.warn(what),
        onBug: (error, origin) => logger.error({ err: error, origin }, 'a look failed'),
        onProgress: (origin, done, total) => logger.debug({ origin, done, total }, 'copying'),
      }),
    banner: (opened, url = '') => monitorBanner(context, opened, url),
    begin: ({ monitor }) => monitor.start(),
  });
}

/** Checks every log once, to its end. Resolves to the exit code of the open incidents. */
async function lookOnce(context: Context, options: Told): Promise<number> {
  const { openMonitor } = await import('../../monitor/open.ts');
  const { output } = context;
  const bars = new Map<string, Progress>();
  const open = await openMonitor({
    ...options,
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
    return reportLogs(context, open.monitor);
  } finally {
    await open.close();
  }
}
