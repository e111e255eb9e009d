/** `tallystick monitor`: follows logs, verifies everything in them, and raises alarms. */
import { ENDPOINT_SETTINGS } from '../frame/settings.ts';
import type { Verb, VerbOption } from '../frame/verb.ts';

const OPTIONS = [
  { flags: '--once', help: 'look once at everything, say what is open by the exit code, and stop' },
  {
    flags: '--hashes',
    help: 'entries are no Tallystick statements: check hashes, tiles and signatures only',
  },
] as const satisfies readonly VerbOption[];

export const monitorVerb: Verb<typeof OPTIONS> = {
  name: 'monitor',
  summary: 'follow logs, verify all that is in them, raise alarms',
  details:
    'Checks signatures, the witness quorum, one history, and every entry; keeps a verified copy that answers the same ' +
    'search as the log. What it sees is kept as incidents (see incidents, verify-incident) and posted to --webhook. ' +
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
    const { lookOnce, runMonitor } = await import('./serving/monitor.ts');
    const run = { urls, hashes: flags.on('hashes') };
    return flags.on('once') ? lookOnce(context, run) : runMonitor(context, run);
  },
};
