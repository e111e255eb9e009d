/**
 * What an operator watches, in Prometheus' terms: seconds, base units, `_total` on counters only.
 * Labels are bounded: route templates, status classes, codes from the closed table of refusals.
 */
import { Counter, Gauge, Registry, type Metric } from '@platformatic/prom-client';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Refusal } from '../bytes/refusal.ts';
import type { Head, LogReader, LogService } from '../log/ports.ts';
import { Histogram } from './histogram.ts';

/** How statements came in: one a request, or many. */
export type SubmissionType = 'single' | 'batch';

export interface Metrics {
  readonly contentType: string;
  /** One finished request. */
  request(route: string, status: number, seconds: number): void;
  /** One statement's fate: `logged`, `duplicate` or a refusal's code. */
  submission(type: SubmissionType, result: string): void;
  /** How long one call of the log took. */
  waited(seconds: number): void;
  /** Everything, as Prometheus reads it. */
  text(): Promise<string>;
  /** Stops watching the event loop. */
  close(): void;
}

/** Registers every metric; gauges are read off the service when they are asked for. */
export function createMetrics(
  service: LogService,
  version: string,
  now: () => number,
  registry: Registry = new Registry(),
): Metrics {
  const requests = new Histogram(
    'tallystick_http_request_duration_seconds',
    'Time from a request to the end of its response.',
  );
  const waits = new Histogram(
    'tallystick_submission_wait_seconds',
    'Time from handing statements to the log to their being durable, in the tree and covered by a signed root.',
  );
  const tally = new Map<SubmissionType, Map<string, number>>([
    ['single', new Map()],
    ['batch', new Map()],
  ]);
  const monitor = monitorEventLoopDelay({ resolution: PROBE_MS });
  monitor.enable();
  const metrics = [
    ...processMetrics(version, now),
    ...serviceGauges(service, now),
    ...eventLoopDelay(monitor),
  ];
  for (const metric of [...metrics, submissionCounter(tally)]) registry.registerMetric(metric);
  const all = waits.series('');
  return {
    contentType: registry.contentType,
    request: byRoute(requests),
    submission: (type, result) => {
      const results = tally.get(type);
      results?.set(result, (results.get(result) ?? 0) + 1);
    },
    waited: (seconds) => all.observe(seconds),
    text: async () => `${(await registry.metrics()).trimEnd()}\n\n${requests.text()}\n${waits.text()}`,
    close: () => monitor.disable(),
  };
}

/** Each route's series by status class, found without making a label. */
function byRoute(requests: Histogram): Metrics['request'] {
  const routes = new Map<string, Map<number, { observe(seconds: number): void }>>();
  return (route, status, seconds) => {
    const statusClass = Math.floor(status / 100);
    const series = routes.get(route)?.get(statusClass);
    if (series !== undefined) return series.observe(seconds);
    const made = requests.series(`route="${route}",status_class="${statusClass}xx"`);
    made.observe(seconds);
    routes.set(route, (routes.get(route) ?? new Map()).set(statusClass, made));
  };
}

function submissionCounter(tally: ReadonlyMap<SubmissionType, ReadonlyMap<string, number>>): Metric {
  return new Counter({
    name: 'tallystick_submissions_total',
    help: 'Statements submitted, by what became of them.',
    labelNames: ['type', 'result'],
    registers: [],
    collect() {
      this.reset();
      for (const [type, results] of tally) {
        for (const [result, count] of results) this.inc({ type, result }, count);
      }
    },
  });
}

/** What the service says of itself when it is asked. */
function serviceGauges(service: LogService, now: () => number): readonly Metric[] {
  const { reader, load } = service;
  const published = (): { size: number; time: number } => publishedHead(reader) ?? { size: 0, time: 0 };
  return [
    gauge(
      'tree_size_entries',
      'Entries that are durable and covered by a signed root.',
      () => reader.head().size,
    ),
    gauge('checkpoint_size_entries', 'Entries the published checkpoint covers.', () => published().size),
    gauge(
      'checkpoint_timestamp_seconds',
      'When the published checkpoint was made, POSIX time; 0: none is.',
      () => published().time,
    ),
    gauge('checkpoint_age_seconds', 'Age of the published checkpoint.', () =>
      Math.max(0, now() / 1_000 - published().time),
    ),
    gauge('pending_entries', 'Entries accepted and not yet durable.', () => service.load.pending),
    gauge(
      'pending_capacity_entries',
      'Pending entries at which submissions are refused.',
      () => load.capacity,
    ),
    gauge('ready', 'Whether /readyz says yes.', () => (service.readiness().ready ? 1 : 0)),
  ];
}

function gauge(name: string, help: string, read: () => number): Metric {
  return new Gauge({
    name: `tallystick_${name}`,
    help,
    registers: [],
    collect() {
      this.set(read());
    },
  });
}

/** What runs, and what it uses. The last three have the names every dashboard knows. */
function processMetrics(version: string, now: () => number): readonly Metric[] {
  const build = new Gauge({
    name: 'tallystick_build_info',
    help: 'Always 1; the labels say what runs.',
    labelNames: ['version', 'node'],
    registers: [],
  });
  build.set({ version, node: process.versions.node }, 1);
  const started = new Gauge({
    name: 'process_start_time_seconds',
    help: 'Start time of the process since the epoch in seconds.',
    registers: [],
  });
  started.set(now() / 1_000 - process.uptime());
  const memory = new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Resident memory size in bytes.',
    registers: [],
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  const cpu = new Counter({
    name: 'process_cpu_seconds_total',
    help: 'User and system CPU time spent, in seconds.',
    registers: [],
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
  return [build, started, memory, cpu];
}

/** How often the event loop is probed; what a probe waited beyond that is delay. */
const PROBE_MS = 10;

/** Delay of the event loop since the last scrape: what every request waits at least. */
function eventLoopDelay(monitor: ReturnType<typeof monitorEventLoopDelay>): readonly Metric[] {
  return [
    gauge('event_loop_delay_p50_seconds', 'Median delay of the event loop since the last scrape.', () =>
      delayOf(monitor.percentile(50)),
    ),
    gauge('event_loop_delay_p99_seconds', '99th percentile of that delay.', () =>
      delayOf(monitor.percentile(99)),
    ),
    gauge('event_loop_delay_max_seconds', 'Longest such delay.', () => {
      const longest = delayOf(monitor.max);
      // Collected last of the three, so that the next scrape starts afresh.
      monitor.reset();
      return longest;
    }),
  ];
}

function delayOf(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e9 - PROBE_MS / 1_000);
}

/** Undefined while a witness policy lets no checkpoint out. */
function publishedHead(reader: LogReader): Head | undefined {
  try {
    return reader.checkpoint().head;
  } catch (error) {
    if (error instanceof Refusal && error.code === 'not-yet') return undefined;
    throw error;
  }
}
