/** `tallystick watch`: flags to options, changes to lines. */
import { join } from 'node:path';
import { refuse } from '../../../bytes/refusal.ts';
import { openWatch, type OpenedWatch, type WatchOptions } from '../../../monitor/watch/open.ts';
import type { Looked, WatchRemark } from '../../../monitor/watch/watch.ts';
import type { Context } from '../../frame/context.ts';
import { EXIT } from '../../exit.ts';
import { stateDirOf } from '../../frame/state.ts';
import type { Flags } from '../../frame/verb.ts';
import { changeText, watchJson } from '../../views/watch.ts';
import { readingOf } from './asked.ts';
import { signerOf } from './log-about.ts';
import { exitOf, worstExit } from './appraised.ts';
import { checkedLine } from '../../views/show.ts';

type WatchFlags = Flags<'full' | 'notice' | 'once', 'metricsPort', 'monitor'>;

/** Looks once, or until it is told to stop. Resolves with the exit code. */
export async function watch(
  context: Context,
  subjects: readonly string[],
  flags: WatchFlags,
): Promise<number> {
  const opened = await openWatch(await optionsOf(context, subjects, flags));
  try {
    if (opened.metricsUrl !== undefined) context.output.note(`metrics: ${opened.metricsUrl}`);
    return await (flags.on('once') ? lookOnce(context, opened) : follow(context, opened));
  } finally {
    await opened.close();
  }
}

async function optionsOf(
  context: Context,
  subjects: readonly string[],
  flags: WatchFlags,
): Promise<WatchOptions> {
  const { config, output, world } = context;
  return {
    client: await readingOf(context, flags),
    dir: join(stateDirOf(context), 'watch'),
    subjects,
    pollSeconds: config.poll,
    notary: flags.on('notice') ? await signerOf(context, 'monitor') : undefined,
    webhook: config.webhook,
    webhookSecretFile: config.webhookSecret,
    metricsPort: portOf(flags.text('metricsPort')),
    fetch: world.fetch,
    now: world.now,
    sleep: world.sleep,
    onChange: (change) => {
      output.print(changeText(output, change));
      if (!flags.on('once')) output.event('watch-change', change.data);
    },
    onRemark: (remark) => tell(context, remark),
  };
}

function tell({ output }: Context, { level, text }: WatchRemark): void {
  if (level === 'note') output.note(text);
  else output.warn(text);
}

async function lookOnce({ output }: Context, opened: OpenedWatch): Promise<number> {
  const looked = await opened.once();
  output.note(checkedLine(looked.snapshot));
  output.result('watch', { ...watchJson(looked), changes: looked.changes.map(({ data }) => data) });
  return exitOfLook(looked);
}

/** What one look comes to: as `status` exits, and 5 where all that was seen holds and something was not. */
export function exitOfLook(looked: Looked): number {
  const verdicts = looked.statuses.flatMap(({ claims }) => claims.map(({ verdict }) => verdict));
  const code = worstExit(exitOf(verdicts), looked.unreadable);
  return code === EXIT.ok ? coverageExit(looked) : code;
}

/** The end that was asked for says where everything stood when it was looked at last. */
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

function coverageExit({ leftOut, unreadable }: Looked): number {
  return leftOut + unreadable.length > 0 ? EXIT.quorum : EXIT.ok;
}

function portOf(port: string | undefined): number | undefined {
  if (port === undefined || (/^[0-9]{1,5}$/.test(port) && Number(port) <= 65_535))
    return port === undefined ? undefined : Number(port);
  throw refuse('usage', `--metrics-port takes a port, 0 for any; got ${port}`);
}
