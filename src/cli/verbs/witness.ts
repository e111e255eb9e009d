/** `tallystick witness`: makes the witness's directory if it is missing, then cosigns the checkpoints of logs. */
import { ENDPOINT_SETTINGS, endpointOf } from '../frame/settings.ts';
import type { Context } from '../frame/context.ts';
import type { FlagsOf, Verb, VerbOption } from '../frame/verb.ts';
import { witnessBanner } from '../views/witness-banner.ts';
import { withFlags } from '../frame/remedy.ts';

const OPTIONS = [
  {
    flags: '--forget <origin>',
    help: 'delete the state of a log that is no longer listed; repeat for several',
    many: true,
  },
  {
    flags: '--resume <origin>',
    help: 'cosign again a log that was halted after a conflict; repeat for several',
    many: true,
  },
  {
    flags: '--rebuild-guard',
    help: 'make a new guard after the old one was lost: only if witness.db is certainly the newest state',
  },
] as const satisfies readonly VerbOption[];

export const witnessVerb: Verb<typeof OPTIONS> = {
  name: 'witness',
  summary: 'cosign checkpoints of the logs you list',
  details:
    'A C2SP tlog-witness: it cosigns a checkpoint only if it is consistent with the last one that it cosigned for this ' +
    'log. If they are missing, it first makes its keys and an empty list of logs, under the name that --name gives or that it asks for. It does not start if a log that it ' +
    'cosigned is no longer listed, or if its state is older than its guard. On SIGHUP it reads the list again.',
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

/** The name that the person at the terminal gives; undefined without a terminal, or without an answer. */
async function nameFrom({ world }: Context): Promise<string | undefined> {
  const answer = await world.ask?.(
    'What is this witness called? A name that nobody else uses and that stays, such as witness.example.com/w1: ',
  );
  return answer === undefined || answer.trim() === '' ? undefined : answer.trim();
}

async function witness(context: Context, flags: FlagsOf<typeof OPTIONS>): Promise<number> {
  const { config, output, world } = context;
  const { openWitness } = await import('../../witness/open.ts');
  const { serveUntilStopped } = await import('../frame/serving.ts');
  const { witnessDir: dir, guardDir, knownLogs } = config;
  const name = config.name ?? (await nameFrom(context));
  return serveUntilStopped(context, {
    open: (logger) =>
      openWitness({
        place: { dir, guardDir, knownLogs, name },
        endpoint: endpointOf(config),
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
