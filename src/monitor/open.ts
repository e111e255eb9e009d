/**
 * A whole monitor from options: directory, store, webhook, and a watch for each log.
 *
 *     const { monitor, close } = await openMonitor({ dir, urls, trust, peers: [], fetch, now: Date.now, ... });
 *     await monitor.once(); // or monitor.start(), and at the end:
 *     await close();
 */
import type Database from 'better-sqlite3';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { refuse } from '../bytes/refusal.ts';
import { printable } from '../bytes/printable.ts';
import { decodeUtf8, encodeUtf8 } from '../bytes/text.ts';
import { MAX_PEERS, peerUrl } from '../client/gossip.ts';
import { TileReader } from '../client/tiles.ts';
import { endedBy, type Transport } from '../client/transport.ts';
import type { Signer } from '../sign/signer.ts';
import { Inventories } from './inventories.ts';
import { MonitorNotices } from './noticing.ts';
import { createSecretFile } from '../keys/file.ts';
import { DueStore } from './due-store.ts';
import { lockDirectory, monitorFiles, openMonitorDatabase } from './database.ts';
import { parseExpectations, type Expectation } from './expectations.ts';
import { Follower } from './follow.ts';
import { IncidentStore, type EventType, type KnownIncident } from './incidents.ts';
import { MISSED_GRACE_SECONDS, QUORUM_GRACE_SECONDS } from './state-incidents.ts';
import { LogWatch } from './logwatch.ts';
import { Monitor } from './monitor.ts';
import { Observations } from './observations.ts';
import { webhookWith } from './deliver.ts';
import type { Webhook } from './webhook.ts';
import { formatSecret, SECRET_BYTES } from './webhook-secret.ts';
import { assertGuarded, listen, readTls, servingOptions, type Serving } from '../web/listen.ts';
import { buildMonitorApp } from './http.ts';
import { chooseVerifier } from '../workers/kernels.ts';
import { makeFolder, readNamedFile } from '../platform/files.ts';
import { VERSION } from '../platform/place.ts';
import { followedLogs, type Believed, type FollowedLog } from './followed.ts';

/** How long a log may take for one file, and how long one that is busy is waited for. */
const TIMEOUT_MS = 20_000;
const PATIENCE_MS = 10_000;

/** Everything a monitor is told. */
export interface MonitorOptions {
  readonly dir: string;
  /** URLs of the logs; those of the policy's log lines when there are none. */
  readonly urls: readonly string[];
  readonly trust: Believed;
  /** Those to compare tree heads with. */
  readonly peers: readonly string[];
  /** Its name in incidents. */
  readonly name?: string | undefined;
  readonly pollSeconds: number;
  /** Seconds after which a tree head that no witness confirms is stale. */
  readonly staleAfterSeconds: number;
  /** YAML file: which issuers may speak about which subjects. */
  readonly expectationsFile?: string | undefined;
  /** Where incidents are posted, and the file of the secret they are signed with. */
  readonly webhook?: string | undefined;
  readonly webhookSecretFile?: string | undefined;
  /** Where it serves its copies and incidents; it serves nothing when absent. */
  readonly server?: Serving;
  /** The key with which it logs notices, in the role monitor; it logs none when absent. */
  readonly notary?: Signer | undefined;
  /** Log an inventory of every subject that changed at the first look, and not once a day. */
  readonly inventoriesNow?: boolean | undefined;
  /** One look at each log, and the end. */
  readonly once: boolean;
  /** Entries are no statements of ours: hashes, tiles and signatures alone are checked. */
  readonly hashes: boolean;
  readonly fetch: typeof fetch;
  /** The wall clock, milliseconds since the epoch. */
  readonly now: () => number;
  readonly onIncident: (incident: KnownIncident, event: EventType) => void;
  readonly onWarning: (what: string) => void;
  readonly onBug: (error: unknown, origin: string) => void;
  readonly onProgress: (origin: string, done: number, total: number) => void;
}

/** A monitor that is ready to look; `close` ends it and gives its directory free. */
export interface OpenedMonitor {
  readonly monitor: Monitor;
  /** The secret that webhooks are signed with, when it was made just now. */
  readonly madeSecret: string | undefined;
  /**
   * Opens the socket of `server` and says the URL; undefined without one. Refuses `config-invalid` when it cannot be had,
   * after closing the monitor.
   */
  listen(): Promise<string | undefined>;
  close(): Promise<void>;
}

/** What the parts of a monitor share. */
interface Shared {
  readonly options: MonitorOptions;
  readonly transport: Transport;
  readonly store: IncidentStore;
  readonly dueStore: DueStore;
  readonly observations: Observations;
  readonly db: Database.Database;
  readonly expectations: readonly Expectation[];
}

/** Opens everything. Refuses `locked`, `config-invalid`, `usage`, and what the copies refuse. */
export async function openMonitor(options: MonitorOptions): Promise<OpenedMonitor> {
  const { dir, trust, server } = options;
  if (server !== undefined) assertGuarded(server.endpoint);
  const secured = server === undefined ? {} : await readTls(server.endpoint);
  const expectations = await readExpectations(options.expectationsFile);
  await makeFolder(dir, 0o700, { remedy: { monitorDir: true } });
  const unlock = lockDirectory(dir);
  const cleanup = new AsyncDisposableStack();
  cleanup.defer(() => unlock());
  try {
    const db = openMonitorDatabase(dir);
    cleanup.defer(() => void db.close());
    const stop = new AbortController();
    const { now } = options;
    const fetch = endedBy(stop.signal, options.fetch);
    const transport = { fetch, now, timeoutMs: TIMEOUT_MS, patienceMs: PATIENCE_MS };
    const told: { webhook: Webhook | undefined } = { webhook: undefined };
    const store = storeOf(db, options, told);
    cleanup.defer(() => store.flush());
    store.repair();
    const observations = new Observations(db);
    const logs = await followedLogs(options.urls, trust.policy, transport, observations);
    const { webhook, madeSecret } = await openWebhook(options, store);
    told.webhook = webhook;
    const shared = { options, transport, store, dueStore: new DueStore(db), observations, db, expectations };
    const watches = await openWatches(logs, shared, cleanup);
    const monitor = new Monitor({
      watches,
      store,
      webhook,
      stop,
      pollMs: options.pollSeconds * 1000,
      random: Math.random,
      sleep: (ms, signal) => pause(ms, undefined, { signal }).catch(() => undefined),
      onBug: options.onBug,
    });
    cleanup.defer(() => monitor.close());
    const close = (): Promise<void> => cleanup.disposeAsync();
    if (server === undefined) return { monitor, madeSecret, listen: async () => undefined, close };
    const app = await buildMonitorApp(monitor, {
      ...servingOptions(server, secured, VERSION, options.dir),
      now,
    });
    cleanup.defer(() => app.close());
    return { monitor, madeSecret, listen: () => listen(app, server.endpoint, close), close };
  } catch (error) {
    await cleanup.disposeAsync();
    throw error;
  }
}

async function openWatches(
  logs: Awaited<ReturnType<typeof followedLogs>>,
  shared: Shared,
  cleanup: AsyncDisposableStack,
): Promise<readonly LogWatch[]> {
  const watches: LogWatch[] = [];
  for (const log of logs) {
    const watch = watchOf(log, shared);
    cleanup.defer(() => watch.close());
    await watch.open();
    watches.push(watch);
  }
  return watches;
}

/** `told`: whom a change of an incident wakes. */
function storeOf(
  db: Database.Database,
  options: MonitorOptions,
  told: { readonly webhook: Webhook | undefined },
): IncidentStore {
  const { dir, onWarning } = options;
  return new IncidentStore(db, dir, {
    now: options.now,
    delivers: options.webhook !== undefined,
    onLeftOut: (origin, kind, key) =>
      onWarning(
        `too many alarms of kind ${kind} from ${printable(origin)} are open${key === undefined ? '' : `, many by key ${key}`}: more are counted and not kept; close some (tallystick incidents)`,
      ),
    onChange: (incident, event) => {
      options.onIncident(incident, event);
      told.webhook?.wake();
    },
  });
}

/** Undefined without a key for notices. */
function noticesOf(
  { url, origin }: FollowedLog,
  { notary, inventoriesNow, now, onWarning, trust: { policy } }: MonitorOptions,
  transport: Transport,
  db: Database.Database,
): MonitorNotices | undefined {
  if (notary === undefined) return undefined;
  return new MonitorNotices({
    url,
    trust: { origin, policy, verify: chooseVerifier() },
    transport,
    signer: notary,
    inventories: new Inventories(db, origin),
    inventoriesNow,
    now: () => Math.floor(now() / 1000),
    onWarning,
  });
}

function watchOf({ url, origin }: FollowedLog, { options, transport, db, ...shared }: Shared): LogWatch {
  const { peers, now, onWarning } = options;
  const { policy, text } = options.trust;
  const verify = chooseVerifier();
  const trust = { origin, policy, verify };
  const notices = noticesOf({ url, origin }, options, transport, db);
  for (const peer of peers) peerUrl(peer, origin);
  return new LogWatch({
    ...shared,
    url,
    trust,
    notices,
    policyText: text,
    peers,
    detector: options.name ?? 'tallystick monitor',
    transport,
    onWarning,
    now,
    pollMs: options.pollSeconds * 1000,
    limits: {
      staleAfterSeconds: options.staleAfterSeconds,
      quorumGraceSeconds: QUORUM_GRACE_SECONDS,
      missedGraceSeconds: MISSED_GRACE_SECONDS,
    },
    once: options.once,
    follow: (alarms, watches) =>
      Follower.open({
        dir: options.dir,
        origin,
        tiles: new TileReader(transport, url),
        policy,
        statements: options.hashes ? false : 'auto',
        alarms,
        watches,
        now: () => Math.floor(now() / 1000),
        verify,
        onProgress: (done, total) => options.onProgress(origin, done, total),
      }),
  });
}

async function readExpectations(path: string | undefined): Promise<readonly Expectation[]> {
  return path === undefined ? [] : parseExpectations(decodeUtf8(await readNamedFile(path)), path);
}

/** The webhook, and the secret it signs with: the operator's, or one that is made the first time. */
async function openWebhook(
  options: MonitorOptions,
  store: IncidentStore,
): Promise<{ webhook: Webhook | undefined; madeSecret: string | undefined }> {
  const { webhook: url, webhookSecretFile } = options;
  if (options.peers.length > MAX_PEERS)
    throw refuse('config-invalid', `a monitor compares heads with at most ${MAX_PEERS} peers`);
  if (url === undefined) {
    if (webhookSecretFile === undefined) return { webhook: undefined, madeSecret: undefined };
    throw refuse('config-invalid', 'webhookSecret says how to sign, and no webhook is given; add one', {
      remedy: { webhook: true },
    });
  }
  const path = webhookSecretFile ?? monitorFiles(options.dir).webhookSecret;
  const make = webhookSecretFile === undefined && !existsSync(path);
  if (make) await createSecretFile(path, encodeUtf8(`${formatSecret(randomBytes(SECRET_BYTES))}\n`));
  const { fetch, now, onWarning: onFailure } = options;
  const webhook = (await webhookWith({ url, fetch, now, onFailure }, path))(store.outbox);
  return { webhook, madeSecret: make ? path : undefined };
}
