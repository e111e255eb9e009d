/**
 * `tallystick mirror`: keeps a verified copy of a log in a directory, and serves it. The server comes first: a
 * copy that is there is served whether or not the log is.
 */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import { EXIT, refuse, type Refusal } from '../../bytes/refusal.ts';
import { printable } from '../../bytes/printable.ts';
import type { Transport } from '../../client/transport.ts';
import { assertMirrorable, Folder, LOCK, TRUST_POLICY } from '../../mirror/folder.ts';
import { follow } from '../../mirror/follow.ts';
import { Mirror, type Synced } from '../../mirror/mirror.ts';
import { mirrorServer } from '../../mirror/server.ts';
import { formatTrustPolicy } from '../../mirror/trusttext.ts';
import { parseTrustPolicy, type TrustPolicy } from '../../note/trust.ts';
import { lockFile } from '../../platform/lock.ts';
import { chooseHasher, chooseVerifier } from '../../workers/kernels.ts';
import { assertGuarded } from '../../web/listen.ts';
import type { Context } from '../context.ts';
import { makeFolder, readNamedFile } from '../../platform/files.ts';
import type { Progress } from '../output.ts';
import { stopOnSignal } from '../serve/process.ts';
import { listen, readTls, type Tls } from '../../web/listen.ts';
import { trustOf } from '../trust.ts';
import { makeLogger } from '../logger.ts';
import { VERSION } from '../../platform/version.ts';

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
  const serving = command.serve && !command.once;
  if (serving) assertGuarded(context.config);
  const secured = serving ? await readTls(context.config) : {};
  const policy = await policyOf(context, command.dir);
  await assertMirrorable(command.dir);
  const lock = join(command.dir, LOCK);
  await makeFolder(dirname(lock));
  const unlock = lockFile(lock, {
    held: `another process mirrors into ${command.dir}`,
    check: 'the directory that is named',
  });
  try {
    const folder = await Folder.open(command.dir);
    if (command.once) return await syncOnce(context, command, folder, policy);
    return await stay(context, command, folder, policy, secured);
  } finally {
    unlock();
  }
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

/** The mirror of a directory, and the policy beside it, so that the next start needs none. */
async function open(
  context: Context,
  { url, dir }: MirrorCommand,
  folder: Folder,
  policy: TrustPolicy,
  more: { readonly signal: AbortSignal; readonly onProgress: (done: number, total: number) => void },
): Promise<Mirror> {
  const { config } = context;
  const opened = await Mirror.open({
    folder,
    policy,
    transport: transportOf(context, more.signal),
    url: url.replace(/\/+$/, ''),
    verify: chooseVerifier(),
    hasher: chooseHasher(),
    name: config.name ?? 'tallystick mirror',
    version: VERSION,
    ...more,
  });
  const text = formatTrustPolicy(policy);
  const kept = await folder.read(TRUST_POLICY);
  if (kept === undefined || Buffer.from(kept).toString() !== text) await folder.replace(TRUST_POLICY, text);
  if (opened.status.halted !== undefined) context.output.warn(`${dir}: ${opened.status.halted}`);
  return opened;
}

/** Requests and pauses that end at once when the program does. */
function transportOf({ world }: Context, signal: AbortSignal): Transport {
  return {
    fetch: (input, init) =>
      world.fetch(input, {
        ...init,
        signal: AbortSignal.any([signal, ...(init?.signal ? [init.signal] : [])]),
      }),
    now: world.now,
    sleep: (ms) => pause(ms, undefined, { signal }),
  };
}

async function syncOnce(
  context: Context,
  command: MirrorCommand,
  folder: Folder,
  policy: TrustPolicy,
): Promise<number> {
  const { output } = context;
  let progress: Progress | undefined;
  const signal = new AbortController().signal;
  const onProgress = (done: number, total: number): void =>
    (progress ??= output.progress('entries', total)).at(done);
  try {
    const opened = await open(context, command, folder, policy, { signal, onProgress });
    const synced = await opened.sync(command.check);
    progress?.end();
    const checkpoint = opened.held?.opened.checkpoint;
    output.result('mirror', {
      origin: checkpoint?.origin ?? null,
      url: opened.url,
      directory: command.dir,
      kind: synced.kind,
      from: synced.from,
      size: synced.size,
      root: checkpoint?.root.toHex() ?? null,
      fetched: synced.fetched,
      repaired: synced.repaired,
    });
    output.print(`${output.paint('green', '✓')} ${command.dir}: ${told(synced, command.check)}`);
    if (synced.keysFault !== undefined) output.note(`receipt keys: ${printable(synced.keysFault, 1000)}`);
    return EXIT.ok;
  } finally {
    progress?.end();
  }
}

function told({ kind, from, size, fetched, repaired }: Synced, checked: boolean): string {
  const what = checked
    ? `${size} entries checked, ${repaired} files repaired`
    : kind === 'advanced'
      ? `${size - from} new entries, ${size} in all (${fetched} files)`
      : `up to date at ${size} entries`;
  return kind === 'older' ? `${what}; the log shows an older head of the same history` : what;
}

async function stay(
  context: Context,
  command: MirrorCommand,
  folder: Folder,
  policy: TrustPolicy,
  secured: Tls,
): Promise<number> {
  const { config, output, world } = context;
  const logger = makeLogger(config.logLevel);
  const ending = new AbortController();
  const { signal } = ending;
  let reported = world.now();
  const onProgress = (done: number, total: number): void => {
    if (world.now() - reported < REPORT_MS) return;
    reported = world.now();
    logger.info({ done, total }, 'syncing');
  };
  const opened = await open(context, command, folder, policy, { signal, onProgress });
  const app = command.serve
    ? await mirrorServer(opened, folder.read, {
        version: VERSION,
        log: logger,
        trustProxy: config.trustProxy && ((_address, hop) => hop === 0),
        limits: { rateWindowMs: 60_000 },
        readsPerWindow: config.readRateLimit,
        ...(config.url === undefined ? {} : { baseUrl: config.url }),
        ...secured,
      })
    : undefined;
  const { promise: fatal, resolve: fail } = Promise.withResolvers<Error>();
  let following: Promise<void> = Promise.resolve();
  const stop = async (): Promise<void> => {
    ending.abort(refuse('shutting-down', 'the mirror is stopping'));
    await app?.close();
    await following.catch(() => undefined);
  };
  const stopped = stopOnSignal(stop, fatal, logger);
  const url = app === undefined ? undefined : await listen(app, config, stop);
  output.note(banner(context, command, opened, url));
  following = follow(opened, {
    pollMs: config.poll * 1_000,
    signal,
    sleep: (ms) => pause(ms, undefined, { signal }).catch(() => undefined),
    onSynced: ({ kind, size, keysFault }) => {
      if (kind === 'advanced') logger.info({ size }, 'synced');
      if (keysFault !== undefined) logger.warn({ why: printable(keysFault, 1000) }, 'receipt keys not taken');
    },
    onFailed: (refusal) => logFailure(logger, refusal),
  });
  following.catch(fail);
  return stopped;
}

function logFailure(logger: Logger, { code, exit, message }: Refusal): void {
  const line = { code, why: printable(message, 1000) };
  if (exit === EXIT.splitView) logger.fatal(line, 'the log showed two histories');
  else if (exit === EXIT.notFound) logger.warn(line, 'the log cannot be followed just now');
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
