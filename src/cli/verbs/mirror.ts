/** `tallystick mirror`: a verified copy of a log, which serves even while the log does not. */
import { resolve } from 'node:path';
import { refuse } from '../../bytes/refusal.ts';
import type { MirrorOptions, OpenedMirror } from '../../mirror/open.ts';
import { EXIT } from '../exit.ts';
import type { Context } from '../frame/context.ts';
import type { Progress } from '../frame/output.ts';
import { ENDPOINT_SETTINGS, endpointOf } from '../frame/settings.ts';
import { trustOf } from '../frame/trust.ts';
import type { FlagsOf, Verb, VerbOption } from '../frame/verb.ts';
import { mirrorBanner, reportSynced, tellFailed, tellSynced } from '../views/mirror.ts';

const OPTIONS = [
  {
    flags: '--once',
    help: 'sync and exit: 0 up to date, 2 unreachable, 3 not verified, 4 split view, 5 quorum',
  },
  { flags: '--check', help: 'with --once: check every file of the copy again, and fetch damaged ones' },
  { flags: '--no-serve', help: 'follow the log and serve nothing' },
] as const satisfies readonly VerbOption[];

export const mirrorVerb: Verb<typeof OPTIONS> = {
  name: 'mirror',
  summary: 'keep a verified copy of a log, and serve it',
  details:
    'Copies a tlog-tiles log, of any software, into a directory and follows it. It stores and serves only what is in a ' +
    'checkpoint that --vkey or --policy accepts and that is consistent with all earlier ones. If the log shows two ' +
    'histories, the mirror stops following it and writes an incident file. The directory has the layout of tlog-tiles: ' +
    'any static file server can serve it, and fsck checks it offline. The trust policy is stored there, too, so later ' +
    'starts need none.',
  operands: [
    ['<url>', 'prefix of the log'],
    ['<dir>', 'directory of the copy; made if it does not exist'],
  ],
  home: 'none',
  settings: [
    'vkey',
    'logOrigin',
    'policy',
    'poll',
    'name',
    ...ENDPOINT_SETTINGS,
    'readRateLimit',
    'logLevel',
  ],
  defaults: { port: '6965' },
  options: OPTIONS,
  json: true,
  examples: [
    'tallystick mirror https://log.example ./mirror --vkey "$(cat log.vkey)"',
    'tallystick mirror https://log.example ./mirror --once --json',
    'tallystick fsck ./mirror --policy ./mirror/trust.policy',
  ],
  run: async (context, [url = '', dir = ''], flags) => mirror(context, url, dir, flags),
};

/** Milliseconds between two lines about a long sync. */
const REPORT_MS = 10_000;

async function mirror(context: Context, url: string, named: string, flags: FlagsOf<typeof OPTIONS>) {
  const [once, check] = [flags.on('once'), flags.on('check')];
  if (check && !once) throw refuse('usage', '--check needs --once');
  const prefix = URL.parse(url);
  if (prefix === null || !/^https?:$/.test(prefix.protocol))
    throw refuse('usage', 'name the log by its URL, such as https://log.example');
  const { config, world } = context;
  const dir = resolve(world.cwd, named);
  const policy = await policyOf(context, dir);
  const options = { url, dir, policy, name: config.name, fetch: world.fetch, now: world.now };
  return once ? syncOnce(context, options, check) : stay(context, options, flags.on('serve'));
}

/** The trust policy: of flags and environment, else the one stored in the directory, else of the configuration file. */
async function policyOf(context: Context, dir: string): Promise<MirrorOptions['policy']> {
  const { keptPolicy } = await import('../../mirror/open.ts');
  const isSaid = context.resolved.settled.some(
    ({ name, source }) => (name === 'vkey' || name === 'policy') && (source === 'flag' || source === 'env'),
  );
  return (isSaid ? undefined : await keptPolicy(dir)) ?? (await trustOf(context)).policy;
}

type Told = Omit<MirrorOptions, 'onProgress'>;

async function syncOnce(context: Context, options: Told, check: boolean): Promise<number> {
  const { openMirror } = await import('../../mirror/open.ts');
  const { output } = context;
  let progress: Progress | undefined;
  const onProgress = (done: number, total: number): void =>
    (progress ??= output.progress('entries', total)).at(done);
  const opened = await openMirror({ ...options, onProgress });
  try {
    warnOfHalt(context, options, opened);
    const synced = await opened.sync(check);
    progress?.end();
    reportSynced(context, { dir: options.dir, check }, opened.mirror, synced);
    return EXIT.ok;
  } finally {
    progress?.end();
    await opened.close();
  }
}

async function stay(context: Context, options: Told, serves: boolean): Promise<number> {
  const { openMirror } = await import('../../mirror/open.ts');
  const { serveUntilStopped } = await import('../frame/serving.ts');
  const { config, world } = context;
  let reported = world.now();
  return serveUntilStopped(context, {
    open: async (logger) => {
      const opened = await openMirror({
        ...options,
        server: serves
          ? { endpoint: endpointOf(config), readsPerMinute: config.readRateLimit, logger }
          : undefined,
        onProgress: (done, total) => {
          if (world.now() - reported < REPORT_MS) return;
          reported = world.now();
          logger.info({ done, total }, 'syncing');
        },
      });
      warnOfHalt(context, options, opened);
      return opened;
    },
    banner: (opened, url) => mirrorBanner(context, options, opened.mirror, url),
    begin: (opened, logger) =>
      opened.follow({
        pollMs: config.poll * 1_000,
        onSynced: (synced) => tellSynced(logger, synced),
        onFailed: (refusal) => tellFailed(logger, refusal),
      }),
  });
}

function warnOfHalt({ output }: Context, { dir }: Told, { mirror: { status } }: OpenedMirror): void {
  if (status.halted !== undefined) output.warn(`${dir}: ${status.halted}`);
}
