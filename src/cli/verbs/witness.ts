/** `tallystick witness`: cosigns the checkpoints of logs. Makes what is missing the first time. */
import { ENDPOINT_SETTINGS } from '../frame/settings.ts';
import type { Context } from '../frame/context.ts';
import type { FlagsOf, Verb, VerbOption } from '../frame/verb.ts';
import { witnessBanner } from '../views/witness-banner.ts';
import { withFlags } from '../frame/remedy.ts';

const OPTIONS = [
  {
    flags: '--forget <origin>',
    help: 'delete what is held of a log that is not listed any more; repeat for several',
    many: true,
  },
  {
    flags: '--resume <origin>',
    help: 'cosign a log again that was halted after a conflict; repeat for several',
    many: true,
  },
  {
    flags: '--rebuild-guard',
    help: 'make a lost guard anew: only if witness.db is certainly the newest there was',
  },
] as const satisfies readonly VerbOption[];

export const witnessVerb: Verb<typeof OPTIONS> = {
  name: 'witness',
  summary: 'cosign checkpoints of the logs you list',
  details:
    'A C2SP tlog-witness: each checkpoint of a log is cosigned only as a continuation of the last. Makes its keys and ' +
    'an empty list of logs first if there are none. A log that was cosigned before and is not listed any more keeps ' +
    'the witness from starting, and so does a state that was put back. SIGHUP reads the list again.',
  home: 'witnessDir',
  defaults: { port: '6963' },
  settings: [
    'witnessDir',
    'name',
    'knownLogs',
    'guardDir',
    'peer',
    'poll',
    ...ENDPOINT_SETTINGS,
    'rateLimit',
    'readRateLimit',
    'logLevel',
  ],
  options: OPTIONS,
  examples: [
    'tallystick witness --name witness.example.com/w1',
    'tallystick witness --name witness.example.com/w1 --known-logs logs.policy --url https://witness.example.com --trust-proxy',
    'tallystick witness --peer https://witness.example.org --peer https://monitor.example.net',
    'tallystick witness --forget old-log.example.com',
  ],
  run: async (context, _operands, flags) => witness(context, flags),
};

async function witness(context: Context, flags: FlagsOf<typeof OPTIONS>): Promise<number> {
  const { config, output, world } = context;
  const { openWitness } = await import('../../witness/open.ts');
  const { serveUntilStopped } = await import('../frame/serving.ts');
  const { witnessDir: dir, guardDir, knownLogs, name } = config;
  return serveUntilStopped(context, {
    open: (logger) =>
      openWitness({
        place: { dir, guardDir, knownLogs, name },
        endpoint: config,
        peers: config.peer,
        pollSeconds: config.poll,
        writesPerMinute: config.rateLimit,
        readsPerMinute: config.readRateLimit,
        requests: {
          forget: flags.texts('forget'),
          resume: flags.texts('resume'),
          rebuildGuard: flags.on('rebuildGuard'),
        },
        logger,
        fetch: world.fetch,
        now: world.now,
        onRemark: (message, remedy) => output.warn(withFlags(message, remedy)),
      }),
    banner: (opened, url = '') => witnessBanner(context, opened.home, opened.witness, url),
    reload: (opened) => void opened.reload(),
  });
}
