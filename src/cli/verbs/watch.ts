/** `tallystick watch`: follows the verdicts of claims and reports changes. */
import { join } from 'node:path';
import { verdictsOf } from '../../appraisal/subject.ts';
import { openWatch, type OpenedWatch, type WatchOptions } from '../../monitor/watch/open.ts';
import type { WatchRound } from '../../monitor/watch/watch.ts';
import { EXIT, exitOfVerdicts } from '../exit.ts';
import type { Context } from '../frame/context.ts';
import { wholeOf } from '../frame/flagtext.ts';
import { readingOf, SEE_OPTIONS } from '../frame/reading.ts';
import { READER_SETTINGS } from '../frame/settings.ts';
import { signerOf } from '../frame/signer.ts';
import { stateDirOf } from '../frame/state.ts';
import type { FlagsOf, Verb, VerbOption } from '../frame/verb.ts';
import { checkedLine } from '../../words/checked.ts';
import { changeText, watchJson } from '../views/watch.ts';

const OPTIONS = [
  { flags: '--once', help: 'read the log once, print what changed since the last time, and stop' },
  {
    flags: '--notice',
    help: 'log a signed notice of each claim that goes STALE (role monitor: --key, else keys/monitor.pem)',
  },
  { flags: '--metrics-port <n>', help: 'serve /metrics, /livez and /readyz on this port of 127.0.0.1' },
  ...SEE_OPTIONS,
] as const satisfies readonly VerbOption[];

type Own = FlagsOf<typeof OPTIONS>;

export const watchVerb: Verb<typeof OPTIONS> = {
  name: 'watch',
  summary: 'follow the verdicts of claims, print changes, post alerts',
  details:
    'Reads the log every --poll seconds and prints each verdict that changed and each claim that ended. With --webhook, it ' +
    'posts each claim that becomes VIOLATED, CONTRADICTED, STALE or REVOKED, and its recovery or end, signed (Standard ' +
    'Webhooks), until the receiver acknowledges it. What was posted is stored in the state directory, so that a restart ' +
    'neither repeats nor loses an alert; only one watch of the same subjects can run. A log that cannot be reached is ' +
    'asked again. If the log shows two histories, the watch posts that and ends. With --once it reads the log once and ' +
    'exits as status does, or with 5 if there are too many subjects to watch. With --json, each change is an object on a ' +
    'line.',
  operands: [['[subjects...]', 'subjects of commitments (default: all that have claims)']],
  settings: [...READER_SETTINGS, 'key', 'poll', 'webhook', 'webhookSecret'],
  options: OPTIONS,
  json: true,
  examples: [
    'tallystick watch',
    'tallystick watch db/payments --webhook https://alarms.example.com/tallystick --webhook-secret webhook.secret',
    'tallystick watch db/payments --once --json',
  ],
  run: watch,
};

/** Watches once, or until a signal. Resolves to the exit code. */
async function watch(context: Context, subjects: readonly string[], flags: Own): Promise<number> {
  const opened = await openWatch(await optionsOf(context, subjects, flags));
  try {
    if (opened.metricsUrl !== undefined) context.output.note(`metrics: ${opened.metricsUrl}`);
    return await (flags.on('once') ? lookOnce(context, opened) : follow(context, opened));
  } finally {
    await opened.close();
  }
}

async function optionsOf(context: Context, subjects: readonly string[], flags: Own): Promise<WatchOptions> {
  const { config, output, world } = context;
  return {
    client: await readingOf(context, flags),
    dir: join(stateDirOf(context), 'watch'),
    subjects,
    pollSeconds: config.poll,
    notary: flags.on('notice') ? await signerOf(context, 'monitor') : undefined,
    webhook: config.webhook,
    webhookSecretFile: config.webhookSecret,
    metricsPort: wholeOf(flags.text('metricsPort'), '--metrics-port', 0, 65_535),
    fetch: world.fetch,
    now: world.now,
    sleep: world.sleep,
    onChange: (change) => {
      output.print(changeText(output, change));
      if (!flags.on('once')) output.event('watch-change', change.data);
    },
    onRemark: ({ level, text }) => output[level === 'note' ? 'note' : 'warn'](text),
  };
}

async function lookOnce({ output }: Context, opened: OpenedWatch): Promise<number> {
  const looked = await opened.once();
  output.note(checkedLine(looked.snapshot));
  output.result('watch', { ...watchJson(looked), changes: looked.changes.map(({ data }) => data) });
  return exitOfLook(looked);
}

/** The exit code of --once: that of `status`; 5 in place of 0 if a subject was left out or could not be read. */
export function exitOfLook(looked: WatchRound): number {
  const code = exitOfVerdicts(looked.statuses.flatMap(verdictsOf), looked.unreadable);
  return code === EXIT.ok ? coverageExit(looked) : code;
}

/** Watches until a signal, then prints the state of the last poll as JSON. */
async function follow({ output }: Context, opened: OpenedWatch): Promise<number> {
  const stop = (): void => void opened.close();
  const signals = ['SIGTERM', 'SIGINT'] as const;
  for (const signal of signals) process.once(signal, stop);
  try {
    const looked = await opened.start();
    if (looked === undefined) return EXIT.ok;
    output.result('watch', watchJson(looked));
    return coverageExit(looked);
  } finally {
    for (const signal of signals) process.off(signal, stop);
  }
}

function coverageExit({ leftOut, unreadable }: WatchRound): number {
  return leftOut + unreadable.length > 0 ? EXIT.quorum : EXIT.ok;
}
