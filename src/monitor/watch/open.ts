/**
 * A watch of claims from options: what it remembers, its webhook, its metrics.
 *
 *     const client = openClient({ log, trust, fetch, now: Date.now });
 *     const watch = await openWatch({
 *       client, dir: 'watch', subjects: [], pollSeconds: 10, fetch, now: Date.now,
 *       onChange: ({ data }) => console.log(data), onRemark: ({ text }) => console.error(text),
 *     });
 *     await watch.once(); // or watch.start(), until close
 *     await watch.close();
 */
import { createHash } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { refuse } from '../../bytes/refusal.ts';
import { originOf } from '../../note/trust.ts';
import { makeFolder } from '../../platform/files.ts';
import { webhookWith } from '../deliver.ts';
import { MAKE_SECRET } from '../webhook-secret.ts';
import { serveMetrics, type Measured } from './metrics.ts';
import { WatchState } from './state.ts';
import { Watch, type WatchedLog, type WatchSettings } from './watch.ts';

/** The options of a watch. */
export interface WatchOptions extends WatchSettings {
  /** Folder of its state, by log and subjects. Only one watch of the same log and subjects may run at a time. */
  readonly dir: string;
  /** Where alerts are posted, and the file of the secret that they are signed with. */
  readonly webhook?: string | undefined;
  readonly webhookSecretFile?: string | undefined;
  /** Port of 127.0.0.1 for /metrics, /livez and /readyz, 0 for any; nothing is served when absent. */
  readonly metricsPort?: number | undefined;
  /** Delivers alerts. */
  readonly fetch: typeof fetch;
}

/** A watch that is ready to look. */
export interface OpenedWatch extends Pick<Watch, 'once' | 'start'> {
  /** URL of the metrics; undefined without a port. */
  readonly metricsUrl: string | undefined;
  /** Ends it, and gives what it remembers free. Idempotent. */
  close(): Promise<void>;
}

/** Opens everything. Refuses `config-invalid`, `key-file`, `locked`, `corrupt-store`, `store-failed`. */
export async function openWatch(options: WatchOptions): Promise<OpenedWatch> {
  const { client, subjects, dir, metricsPort, now } = options;
  const webhookFor = await openWebhook(options);
  await makeFolder(dir, 0o700, { remedy: { stateDir: true } });
  const cleanup = new AsyncDisposableStack();
  try {
    const state = WatchState.open(dir, nameOf(client, subjects));
    cleanup.defer(() => state.close());
    const measured: Measured = { verdicts: [], lookedAt: 0, leftOut: 0, waiting: state.waiting };
    const metrics = metricsPort === undefined ? undefined : await serveMetrics(metricsPort, measured, now);
    if (metrics !== undefined) cleanup.defer(() => metrics.close());
    const webhook = webhookFor?.(state.outbox);
    const watch = new Watch({ settings: options, sleep: options.sleep ?? pause, state, webhook, measured });
    cleanup.defer(() => watch.close());
    return {
      metricsUrl: metrics?.url,
      once: () => watch.once(),
      start: () => watch.start(),
      close: () => cleanup.disposeAsync(),
    };
  } catch (error) {
    await cleanup.disposeAsync();
    throw error;
  }
}

/** Undefined without a webhook. Refuses `config-invalid` without a secret, `key-file`. */
async function openWebhook({ webhook: url, webhookSecretFile, fetch, now, onRemark }: WatchOptions) {
  if (url === undefined) return undefined;
  if (webhookSecretFile === undefined)
    throw refuse(
      'config-invalid',
      `alerts are signed: name the file of the secret, of mode 0600; ${MAKE_SECRET}`,
      { remedy: { webhookSecret: true } },
    );
  const onFailure = (text: string) => onRemark({ code: 'delivery', level: 'warning', text });
  return webhookWith({ url, fetch, now, onFailure }, webhookSecretFile);
}

/** Name of the state file: derived from log and subjects, so that two watches of different things do not share it. */
function nameOf({ log, trust }: WatchedLog, subjects: readonly string[]): string {
  const origins = trust.policy.logs.map(originOf).toSorted();
  const what = JSON.stringify([log, origins, subjects.toSorted()]);
  return createHash('sha256').update(what).digest('hex').slice(0, 32);
}

/** Resolves after `ms`, or early if the watch is to stop; leaves no timer behind. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal }).catch(() => undefined);
}
