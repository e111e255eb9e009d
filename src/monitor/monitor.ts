/**
 * A monitor: its logs, each observed on a schedule of its own, and what they share: the store of incidents and the
 * webhook. What a log does is reported and never thrown. An error that is thrown is a bug, and affects only its log.
 */
import type { Readiness } from '../log/ports.ts';
import type { IncidentStore } from './incidents.ts';
import type { LogWatch } from './logwatch.ts';
import type { Webhook } from './webhook.ts';

/** Most milliseconds between two observations of a log that does not answer. */
const LONGEST_PAUSE_MS = 600_000;

interface MonitorParts {
  readonly watches: readonly LogWatch[];
  readonly store: IncidentStore;
  readonly webhook: Webhook | undefined;
  /** Aborted by `close`. Requests on behalf of the monitor should end with it. */
  readonly stop: AbortController;
  readonly pollMs: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Waits, or until the signal says to stop. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Called with failures that no log caused. */
  readonly onBug: (error: unknown, origin: string) => void;
  /** Told after each look: for progress. */
  readonly onLook?: (watch: LogWatch) => void;
}

export class Monitor {
  readonly watches: readonly LogWatch[];
  readonly store: IncidentStore;
  readonly #parts: MonitorParts;
  #running: Promise<unknown> = Promise.resolve();

  constructor(parts: MonitorParts) {
    this.#parts = parts;
    this.watches = parts.watches;
    this.store = parts.store;
  }

  /** Looks at every log until it is closed. */
  start(): void {
    this.#parts.webhook?.wake();
    this.#running = Promise.all(this.watches.map((watch) => this.#follow(watch)));
  }

  /** Looks at every log once, to its end. */
  async once(): Promise<void> {
    await Promise.all(this.watches.map((watch) => this.#look(watch)));
    await this.#parts.webhook?.settle();
  }

  /** Number of events that the receiver has not acknowledged. 0 while no webhook is configured. */
  get undelivered(): number {
    return this.#parts.webhook === undefined ? 0 : this.store.outbox.waiting;
  }

  /**
   * Ready if every log answered the last observation, under rules that this program knows. Incidents do not matter
   * here.
   */
  readiness(): Readiness {
    const reasons = this.watches
      .map(({ status }) => status)
      .filter(({ reachable, outdated }) => !reachable || outdated)
      .map(({ origin, fault }) => `${origin}: ${fault ?? ''}`);
    const fault = this.#parts.webhook?.fault;
    if (fault !== undefined) reasons.push(fault);
    if (this.#parts.stop.signal.aborted) reasons.push('shutting down');
    return { ready: reasons.length === 0, reasons };
  }

  /** Stops observing, then the webhook. Alarms that were raised are durable. Idempotent. */
  async close(): Promise<void> {
    this.#parts.stop.abort();
    await this.#running;
    await this.#parts.webhook?.close();
    await Promise.all(this.watches.map((watch) => watch.close()));
  }

  async #follow(watch: LogWatch): Promise<void> {
    const { signal } = this.#parts.stop;
    while (!signal.aborted) {
      await this.#look(watch);
      if (signal.aborted) return;
      await this.#parts.sleep(this.#pause(watch), signal);
    }
  }

  async #look(watch: LogWatch): Promise<void> {
    const { onBug, onLook, webhook, stop } = this.#parts;
    const over = new AbortController();
    const beside = this.#gossipBeside(watch, AbortSignal.any([over.signal, stop.signal]));
    try {
      await watch.look(stop.signal);
    } catch (error) {
      onBug(error, watch.origin);
    }
    over.abort();
    await beside;
    onLook?.(watch);
    webhook?.wake();
  }

  /** An observation may take long, so peers are asked on the schedule meanwhile. */
  async #gossipBeside(watch: LogWatch, over: AbortSignal): Promise<void> {
    const { onBug, pollMs, sleep, webhook } = this.#parts;
    for (;;) {
      await sleep(pollMs, over);
      if (over.aborted) return;
      await watch.gossip().catch((error: unknown) => onBug(error, watch.origin));
      webhook?.wake();
    }
  }

  /**
   * The configured pause, a tenth more or less at random, so that monitors that started together do not stay together.
   */
  #pause({ failures }: LogWatch): number {
    const { pollMs, random } = this.#parts;
    const longest = Math.max(LONGEST_PAUSE_MS, pollMs);
    const base = failures < 2 ? pollMs : Math.min(longest, pollMs * 2 ** Math.min(failures - 1, 20));
    return base * (failures < 2 ? 0.9 + random() / 5 : 0.5 + random() / 2);
  }
}
