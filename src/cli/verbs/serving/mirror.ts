/** `tallystick mirror`: one look at a log, or a copy that is kept and served until the program is stopped. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Logger } from 'pino';
import type { Refusal } from '../../../bytes/refusal.ts';
import { EXIT } from '../../exit.ts';
import { natureOf } from '../../../bytes/nature.ts';
import { printable } from '../../../bytes/printable.ts';
import { TRUST_POLICY } from '../../../mirror/folder.ts';
import type { Mirror, Synced } from '../../../mirror/mirror.ts';
import { openMirror, type MirrorOptions } from '../../../mirror/open.ts';
import { parseTrustPolicy, type TrustPolicy } from '../../../note/trust.ts';
import { readNamedFile } from '../../../platform/files.ts';
import type { Context } from '../../frame/context.ts';
import { makeLogger } from '../../frame/logger.ts';
import type { Progress } from '../../frame/output.ts';
import { stopOnSignal } from '../../frame/stop.ts';
import { trustOf } from '../../frame/trust.ts';

export interface MirrorCommand {
  readonly url: string;
  /** Absolute. */
  readonly dir: string;
  readonly once: boolean;
  readonly check: boolean;
  readonly serve: boolean;
}

/** Between two lines about a long sync (milliseconds). */
const REPORT_MS = 10_000;

/** Runs it; resolves with the exit code. */
export async function mirror(context: Context, command: MirrorCommand): Promise<number> {
  const policy = await policyOf(context, command.dir);
  return command.once ? syncOnce(context, command, policy) : stay(context, command, policy);
}

/** Flags and environment, else what the directory was made with, else the configuration file. */
async function policyOf(context: Context, dir: string): Promise<TrustPolicy> {
  const kept = join(dir, TRUST_POLICY);
  const said = context.resolved.settled.some(
    ({ name, source }) => (name === 'vkey' || name === 'policy') && (source === 'flag' || source === 'env'),
  );
  if (!said && existsSync(kept)) return parseTrustPolicy(await readNamedFile(kept));
  return (await trustOf(context)).policy;
}

function optionsOf(
  { config, world }: Context,
  { url, dir }: MirrorCommand,
  policy: TrustPolicy,
): Omit<MirrorOptions, 'onProgress'> {
  return { url, dir, policy, name: config.name, fetch: world.fetch, now: world.now };
}

async function syncOnce(context: Context, command: MirrorCommand, policy: TrustPolicy): Promise<number> {
  const { output } = context;
  let progress: Progress | undefined;
  const onProgress = (done: number, total: number): void =>
    (progress ??= output.progress('entries', total)).at(done);
  const opened = await openMirror({ ...optionsOf(context, command, policy), onProgress });
  try {
    warnOfHalt(context, command, opened.mirror);
    const synced = await opened.sync(command.check);
    progress?.end();
    report(context, command, opened.mirror, synced);
    return EXIT.ok;
  } finally {
    progress?.end();
    await opened.close();
  }
}

function report(
  { output }: Context,
  { dir, check }: MirrorCommand,
  { held, url }: Mirror,
  synced: Synced,
): void {
  const checkpoint = held?.opened.checkpoint;
  output.result('mirror', {
    origin: checkpoint?.origin ?? null,
    url,
    directory: dir,
    kind: synced.kind,
    from: synced.from,
    size: synced.size,
    root: checkpoint?.root.toHex() ?? null,
    fetched: synced.fetched,
    repaired: synced.repaired,
  });
  output.print(`${output.paint('green', '✓')} ${dir}: ${told(synced, check)}`);
  if (synced.keysFault !== undefined) output.note(`receipt keys: ${printable(synced.keysFault, 1000)}`);
}

function warnOfHalt({ output }: Context, { dir }: MirrorCommand, { status }: Mirror): void {
  if (status.halted !== undefined) output.warn(`${dir}: ${status.halted}`);
}

function told({ kind, from, size, fetched, repaired }: Synced, checked: boolean): string {
  const what = checked
    ? `${size} entries checked, ${repaired} files repaired`
    : kind === 'advanced'
      ? `${size - from} new entries, ${size} in all (${fetched} files)`
      : `up to date at ${size} entries`;
  return kind === 'older' ? `${what}; the log shows an older head of the same history` : what;
}

async function stay(context: Context, command: MirrorCommand, policy: TrustPolicy): Promise<number> {
  const { config, output, world } = context;
  const logger = makeLogger(config.logLevel);
  let reported = world.now();
  const opened = await openMirror({
    ...optionsOf(context, command, policy),
    server: command.serve ? { endpoint: config, readsPerMinute: config.readRateLimit, logger } : undefined,
    onProgress: (done, total) => {
      if (world.now() - reported < REPORT_MS) return;
      reported = world.now();
      logger.info({ done, total }, 'syncing');
    },
  });
  warnOfHalt(context, command, opened.mirror);
  const stopped = stopOnSignal(() => opened.close(), opened.failed, logger);
  const url = await opened.listen();
  output.note(banner(context, command, opened.mirror, url));
  opened.follow({
    pollMs: config.poll * 1_000,
    onSynced: ({ kind, size, keysFault }) => {
      if (kind === 'advanced') logger.info({ size }, 'synced');
      if (keysFault !== undefined) logger.warn({ why: printable(keysFault, 1000) }, 'receipt keys not taken');
    },
    onFailed: (refusal) => logFailure(logger, refusal),
  });
  return stopped;
}

function logFailure(logger: Logger, { code, message }: Refusal): void {
  const line = { code, why: printable(message, 1000) };
  const nature = natureOf(code);
  if (nature === 'lie') logger.fatal(line, 'the log showed two histories');
  else if (nature === 'away' || nature === 'absent') logger.warn(line, 'the log cannot be followed just now');
  else logger.error(line, 'what the log shows was refused');
}

function banner(
  context: Context,
  { url: log, dir }: MirrorCommand,
  { held, size }: Mirror,
  url?: string,
): string {
  const { output } = context;
  const name = held === undefined ? log : held.opened.checkpoint.origin;
  return [
    output.paint('bold', `Tallystick mirror of ${printable(name, 255)}`),
    `  log        ${log}`,
    ...(url === undefined ? [] : [`  URL        ${url}`]),
    `  entries    ${held === undefined ? 'none yet' : size}`,
    `  directory  ${resolve(dir)}`,
  ].join('\n');
}
