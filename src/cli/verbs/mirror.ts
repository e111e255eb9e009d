/** `tallystick mirror`: a verified copy of a log that goes on serving when the log does not. */
import { resolve } from 'node:path';
import { refuse } from '../../bytes/refusal.ts';
import { ENDPOINT_SETTINGS } from '../frame/settings.ts';
import type { Verb, VerbOption } from '../frame/verb.ts';

const OPTIONS = [
  {
    flags: '--once',
    help: 'sync and exit: 0 up to date, 2 unreachable, 3 not verified, 4 split view, 5 quorum',
  },
  { flags: '--check', help: 'with --once: look at every file of the copy again, and fetch damaged ones' },
  { flags: '--no-serve', help: 'follow the log and serve nothing' },
] as const satisfies readonly VerbOption[];

export const mirrorVerb: Verb<typeof OPTIONS> = {
  name: 'mirror',
  summary: 'keep a verified copy of a log, and serve it',
  details:
    'Copies a tlog-tiles log, of any software, into a directory and follows it. Nothing is kept or served that is not ' +
    'under a checkpoint which --vkey or --policy accepts and which continues all that was seen before; two histories ' +
    'end the following and leave an incident file. The directory is laid out as tlog-tiles asks: any static file server can ' +
    'serve it, and fsck checks it offline. The trust policy is kept there too, so later starts need none.',
  operands: [
    ['<url>', 'prefix of the log'],
    ['<dir>', 'the copy; made when it is not there'],
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
  run: async (context, [url = '', dir = ''], flags) => {
    const [once, check] = [flags.on('once'), flags.on('check')];
    if (check && !once) throw refuse('usage', '--check needs --once');
    const prefix = URL.parse(url);
    if (prefix === null || !/^https?:$/.test(prefix.protocol))
      throw refuse('usage', 'the log is named by its URL, such as https://log.example');
    const { mirror } = await import('./serving/mirror.ts');
    return mirror(context, {
      url,
      dir: resolve(context.world.cwd, dir),
      once,
      check,
      serve: flags.on('serve'),
    });
  },
};
