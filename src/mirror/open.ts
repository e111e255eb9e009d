/**
 * A whole mirror from options: its directory locked and opened, its server ready, the log followed.
 *
 *     const mirror = await openMirror({ dir, url, policy, fetch, now: Date.now, ... });
 *     await mirror.sync(false); // one look; or, to stay: await mirror.listen(); mirror.follow();
 *     await mirror.close();
 *
 * The server comes before the first look: a copy that is there is served whether or not the log is.
 */
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { endedBy } from '../client/transport.ts';
import { parseTrustPolicy, type TrustPolicy } from '../note/trust.ts';
import { makeFolder } from '../platform/files.ts';
import { lockFile } from '../platform/lock.ts';
import { VERSION } from '../platform/place.ts';
import { assertGuarded, listen, readTls, servingOptions, type Serving, type Tls } from '../web/listen.ts';
import { chooseHasher, chooseVerifier } from '../workers/kernels.ts';
import { Folder, LOCK, TRUST_POLICY, assertMirrorable, readerOf } from './folder.ts';
import { Mirror, type Synced } from './mirror.ts';
import { mirrorServer } from './server.ts';
import { formatTrustPolicy } from './trusttext.ts';

/** The options of a mirror. */
export interface MirrorOptions {
  /** Prefix of the log. */
  readonly url: string;
  /** The copy; made when it is not there. */
  readonly dir: string;
  /** The policy that checkpoints must satisfy. It is stored in the directory, so that later starts need no policy. */
  readonly policy: TrustPolicy;
  /** Its name in incidents. */
  readonly name?: string | undefined;
  /** Where it serves the copy; it serves nothing when absent. */
  readonly server?: Serving | undefined;
  readonly fetch: typeof fetch;
  /** The wall clock, milliseconds since the epoch. */
  readonly now: () => number;
  readonly onProgress: (done: number, total: number) => void;
}

/** Callbacks while a log is followed. */
export interface Followed {
  readonly pollMs: number;
  readonly onSynced: (synced: Synced) => void;
  readonly onFailed: (refusal: Refusal) => void;
}

/** A mirror that holds the lock of its directory until it is closed. */
export interface OpenedMirror {
  readonly mirror: Mirror;
  /** Syncs once, completely. `check`: every file of the copy is checked again. */
  sync(check: boolean): Promise<Synced>;
  /** Opens the socket and says the URL; undefined without a server. Refuses `config-invalid`, after closing the mirror. */
  listen(): Promise<string | undefined>;
  /** Syncs repeatedly until the mirror is closed. */
  follow(followed: Followed): void;
  /**
   * Resolves when following failed because of a fault of this program or machine; the caller then closes the mirror.
   */
  readonly failed: Promise<Error>;
  close(): Promise<void>;
}

/** The policy that a copy was made with; undefined where there is none. */
export async function keptPolicy(dir: string): Promise<TrustPolicy | undefined> {
  const text = await readerOf(dir)(TRUST_POLICY);
  return text && parseTrustPolicy(text);
}

/** Refuses `config-invalid`, `locked`, and a directory whose content is no mirror of this log. */
export async function openMirror(options: MirrorOptions): Promise<OpenedMirror> {
  const { dir, server } = options;
  if (server !== undefined) assertGuarded(server.endpoint);
  const secured = server === undefined ? {} : await readTls(server.endpoint);
  await assertMirrorable(dir);
  const lock = join(dir, LOCK);
  await makeFolder(dirname(lock));
  const unlock = lockFile(lock, { held: `another process mirrors into ${dir}` });
  try {
    return await assemble(options, secured, unlock);
  } catch (error) {
    unlock();
    throw error;
  }
}

async function assemble(options: MirrorOptions, secured: Tls, unlock: () => void): Promise<OpenedMirror> {
  const { server } = options;
  const ending = new AbortController();
  const { signal } = ending;
  const folder = await Folder.open(options.dir);
  const mirror = await openCopy(options, folder, signal);
  const app =
    server &&
    (await mirrorServer(mirror, folder.read, servingOptions(server, secured, VERSION, options.dir)));
  const { promise: failed, resolve: fail } = Promise.withResolvers<Error>();
  let following: Promise<void> = Promise.resolve();
  const close = async (): Promise<void> => {
    ending.abort(refuse('shutting-down', 'the mirror is stopping'));
    await app?.close();
    await following.catch(() => undefined);
    unlock();
  };
  return {
    mirror,
    sync: (check) => mirror.sync(check),
    listen: async () => (app && server ? listen(app, server.endpoint, close) : undefined),
    follow: (followed) => {
      following = follow(mirror, {
        ...followed,
        signal,
        sleep: (ms) => pause(ms, undefined, { signal }).catch(() => undefined),
      });
      following.catch(fail);
    },
    failed,
    close,
  };
}

/** Opens the mirror of a directory, and stores the policy there, so that the next start needs none. */
async function openCopy(options: MirrorOptions, folder: Folder, signal: AbortSignal): Promise<Mirror> {
  const { url, policy, name, fetch, now, onProgress } = options;
  const opened = await Mirror.open({
    folder,
    policy,
    // Requests and pauses end at once when the mirror is closed.
    transport: {
      fetch: endedBy(signal, fetch),
      now,
      sleep: (ms) => pause(ms, undefined, { signal }),
    },
    url: url.replace(/\/+$/, ''),
    verify: chooseVerifier(),
    hasher: chooseHasher(),
    name: name ?? 'tallystick mirror',
    version: VERSION,
    signal,
    onProgress,
  });
  const text = formatTrustPolicy(policy);
  const kept = await folder.read(TRUST_POLICY);
  if (kept === undefined || Buffer.from(kept).toString() !== text) await folder.replace(TRUST_POLICY, text);
  return opened;
}

interface FollowOptions {
  /** Between two syncs, milliseconds. */
  readonly pollMs: number;
  readonly signal: AbortSignal;
  /** Waits; ends early when the signal aborts. */
  readonly sleep: (ms: number) => Promise<void>;
  readonly onSynced: (synced: Synced) => void;
  /** Called when a sync fails; for the same code again only after a sync has succeeded. */
  readonly onFailed: (refusal: Refusal) => void;
}

/** Resolves when the signal aborts. Rejects only for a bug. */
export async function follow(mirror: Mirror, options: FollowOptions): Promise<void> {
  const { signal, pollMs, sleep, onSynced, onFailed } = options;
  let failing: string | undefined;
  while (!signal.aborted) {
    try {
      onSynced(await mirror.sync());
      failing = undefined;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Refusal)) throw error;
      if (error.code !== failing) onFailed(error);
      failing = error.code;
    }
    await sleep(pollMs);
  }
}
