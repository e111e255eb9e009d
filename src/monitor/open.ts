/** Puts a monitor together: directory, store, webhook, and a watch for each log. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { refuse } from '../bytes/refusal.ts';
import { printable } from '../bytes/printable.ts';
import { decodeUtf8, encodeUtf8 } from '../bytes/text.ts';
import { MAX_PEERS, peerUrl } from '../client/gossip.ts';
import { TileReader } from '../client/tiles.ts';
import type { Transport } from '../client/transport.ts';
import { createSecretFile, readSecretFile } from '../keys/file.ts';
import { Books } from './books.ts';
import { lockDirectory, monitorFiles, openMonitorDatabase } from './database.ts';
import { parseExpectations, type Expectation } from './expectations.ts';
import { Follower } from './follow.ts';
import { IncidentStore, type KnownIncident } from './incidents.ts';
import { MISSED_GRACE_SECONDS, QUORUM_GRACE_SECONDS } from './judge.ts';
import { LogWatch } from './logwatch.ts';
import { Monitor } from './monitor.ts';
import { Observations } from './observations.ts';
import type { EventType } from './outbox.ts';
import { Webhook } from './webhook.ts';
import { formatSecret, MAKE_SECRET, parseSecrets, SECRET_BYTES } from './webhook-secret.ts';
import { chooseVerifier } from '../workers/kernels.ts';
import type { Context } from '../cli/context.ts';
import { makeFolder, readNamedFile } from '../platform/files.ts';
import { VERSION } from '../platform/version.ts';
import { believed, followedLogs, type FollowedLog } from './followed.ts';

/** How long a log may take for one file, and how long one that is busy is waited for. */
const TIMEOUT_MS = 20_000;
const PATIENCE_MS = 10_000;

/** What a run of a monitor wants. */
export interface Wanted {
  readonly urls: readonly string[];
  readonly once: boolean;
  /** Entries are no statements of ours: hashes, tiles and signatures alone are checked. */
  readonly hashes: boolean;
  readonly onIncident: (incident: KnownIncident, event: EventType) => void;
  readonly onWarning: (what: string) => void;
  readonly onBug: (error: unknown, origin: string) => void;
  readonly onProgress: (origin: string, done: number, total: number) => void;
}

/** A monitor that is ready to look; `close` ends it and gives its directory free. */
export interface OpenMonitor {
  readonly monitor: Monitor;
  /** The secret that webhooks are signed with, when it was made just now. */
  readonly madeSecret: string | undefined;
  close(): Promise<void>;
}

/** What the parts of a monitor share. */
interface Shared {
  readonly context: Context;
  readonly wanted: Wanted;
  readonly transport: Transport;
  readonly store: IncidentStore;
  readonly books: Books;
  readonly observations: Observations;
  readonly expectations: readonly Expectation[];
}

/** Opens everything. Refuses `locked`, `config-invalid`, `usage`, and what the copies refuse. */
export async function openMonitor(context: Context, wanted: Wanted): Promise<OpenMonitor> {
  const { config } = context;
  const expectations = await readExpectations(config.expectations);
  const trust = await believed(context);
  await makeFolder(config.monitorDir, 0o700, { setting: '--monitor-dir' });
  const unlock = lockDirectory(config.monitorDir);
  const cleanup = new AsyncDisposableStack();
  cleanup.defer(() => unlock());
  try {
    const db = openMonitorDatabase(config.monitorDir);
    cleanup.defer(() => void db.close());
    const stop = new AbortController();
    const transport = stoppable(context, stop.signal);
    const told: { webhook?: Webhook } = {};
    const store = new IncidentStore(db, config.monitorDir, {
      now: context.world.now,
      delivers: config.webhook !== undefined,
      onLeftOut: (origin, kind, key) =>
        wanted.onWarning(
          `too many alarms of kind ${kind} from ${printable(origin)} are open${key === undefined ? '' : `, many by key ${key}`}: more are counted and not kept; close some (tallystick incidents)`,
        ),
      onChange: (incident, event) => {
        wanted.onIncident(incident, event);
        told.webhook?.wake();
      },
    });
    store.repair();
    const observations = new Observations(db);
    const logs = await followedLogs(wanted.urls, trust.policy, transport, observations);
    const { webhook, madeSecret } = await openWebhook(context, store, wanted);
    if (webhook !== undefined) told.webhook = webhook;
    const shared = { context, wanted, transport, store, books: new Books(db), observations, expectations };
    const watches: LogWatch[] = [];
    for (const log of logs) {
      const watch = watchOf(log, trust, shared);
      cleanup.defer(() => watch.close());
      await watch.open();
      watches.push(watch);
    }
    const monitor = new Monitor({
      watches,
      store,
      webhook,
      stop,
      pollMs: config.poll * 1000,
      random: Math.random,
      sleep: (ms, signal) => pause(ms, undefined, { signal }).catch(() => undefined),
      onBug: wanted.onBug,
    });
    cleanup.defer(() => monitor.close());
    return { monitor, madeSecret, close: () => cleanup.disposeAsync() };
  } catch (error) {
    await cleanup.disposeAsync();
    throw error;
  }
}

function watchOf(
  { url, origin }: FollowedLog,
  trust: Awaited<ReturnType<typeof believed>>,
  { context, wanted, transport, ...shared }: Shared,
): LogWatch {
  const { config, world } = context;
  const { policy } = trust;
  const verify = chooseVerifier();
  for (const peer of config.peer) peerUrl(peer, origin);
  return new LogWatch({
    ...shared,
    url,
    trust: { origin, policy, verify },
    policyText: trust.text,
    peers: config.peer,
    detector: config.name ?? 'tallystick monitor',
    transport,
    now: world.now,
    pollMs: config.poll * 1000,
    limits: {
      staleAfterSeconds: config.staleAfter,
      quorumGraceSeconds: QUORUM_GRACE_SECONDS,
      missedGraceSeconds: MISSED_GRACE_SECONDS,
    },
    once: wanted.once,
    follow: (alarms, watches) =>
      Follower.open({
        dir: config.monitorDir,
        origin,
        tiles: new TileReader(transport, url),
        policy,
        statements: wanted.hashes ? false : 'auto',
        alarms,
        watches,
        now: () => Math.floor(world.now() / 1000),
        verify,
        onProgress: (done, total) => wanted.onProgress(origin, done, total),
      }),
  });
}

/** What is under way when the monitor stops ends at once. */
function stoppable({ world }: Context, stop: AbortSignal): Transport {
  return {
    now: world.now,
    timeoutMs: TIMEOUT_MS,
    patienceMs: PATIENCE_MS,
    fetch: (input, init) => {
      const signals = [init?.signal, stop].filter((signal) => signal instanceof AbortSignal);
      return world.fetch(input, { ...init, signal: AbortSignal.any(signals) });
    },
  };
}

async function readExpectations(path: string | undefined): Promise<readonly Expectation[]> {
  return path === undefined ? [] : parseExpectations(decodeUtf8(await readNamedFile(path)), path);
}

/** The webhook, and the secret it signs with: the operator's, or one that is made the first time. */
async function openWebhook(
  { config, world }: Context,
  store: IncidentStore,
  wanted: Wanted,
): Promise<{ webhook: Webhook | undefined; madeSecret: string | undefined }> {
  if (config.peer.length > MAX_PEERS)
    throw refuse('config-invalid', `a monitor compares heads with at most ${MAX_PEERS} peers`);
  if (config.webhook === undefined) {
    if (config.webhookSecret === undefined) return { webhook: undefined, madeSecret: undefined };
    throw refuse('config-invalid', 'webhookSecret says how to sign, and no webhook is given; add --webhook');
  }
  const path = config.webhookSecret ?? monitorFiles(config.monitorDir).webhookSecret;
  const make = config.webhookSecret === undefined && !existsSync(path);
  if (make) await createSecretFile(path, encodeUtf8(`${formatSecret(randomBytes(SECRET_BYTES))}\n`));
  const webhook = new Webhook({
    url: config.webhook,
    secrets: parseSecrets(await readSecretFile(path, MAKE_SECRET), path),
    outbox: store.outbox,
    version: VERSION,
    fetch: world.fetch,
    now: world.now,
    random: Math.random,
    setTimer: (run, ms) => {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
    onFailure: wanted.onWarning,
  });
  return { webhook, madeSecret: make ? path : undefined };
}
