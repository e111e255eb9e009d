/**
 * Metrics that every server has, named by Prometheus' rules: base units, seconds, `_total` on counters only. Labels are
 * bounded: route templates and status classes.
 */
import { Counter, Gauge, Registry, type Metric } from '@platformatic/prom-client';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { spaceOf } from '../platform/space.ts';
import { Histogram } from './histogram.ts';
import type { WebOptions } from './options.ts';

export interface Metrics {
  readonly contentType: string;
  /** Where a server registers further metrics. */
  readonly registry: Registry;
  /** One finished request. */
  request(route: string, status: number, seconds: number): void;
  /** A histogram served with the rest. */
  add(histogram: Histogram): void;
  /** Everything, as Prometheus reads it. */
  text(): Promise<string>;
  /** Stops watching the event loop. */
  close(): void;
}

/** Registers what every server has. */
export function createMetrics({
  version,
  now = Date.now,
  registry = new Registry(),
  dataDir,
}: Pick<WebOptions, 'version' | 'now' | 'registry' | 'dataDir'>): Metrics {
  const requests = new Histogram(
    'tallystick_http_request_duration_seconds',
    'Time from a request to the end of its response.',
  );
  const histograms = [requests];
  const monitor = monitorEventLoopDelay({ resolution: PROBE_MS });
  monitor.enable();
  const disk = dataDir === undefined ? [] : diskSpace(dataDir);
  for (const metric of [...processMetrics(version, now), ...eventLoopDelay(monitor), ...disk])
    registry.registerMetric(metric);
  return {
    contentType: registry.contentType,
    registry,
    request: byRoute(requests),
    add: (histogram) => void histograms.push(histogram),
    text: async () => {
      const texts = histograms.map((histogram) => histogram.text());
      return `${(await registry.metrics()).trimEnd()}\n\n${texts.join('\n')}`;
    },
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

/** A gauge `tallystick_<name>` that is read when it is asked for; it registers nowhere by itself. */
export function gauge(name: string, help: string, read: () => number): Metric {
  return new Gauge({
    name: `tallystick_${name}`,
    help,
    registers: [],
    collect() {
      this.set(read());
    },
  });
}

/** Version, start time, memory and CPU time. The last three have the names that dashboards expect. */
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

/** What a full disk announces itself by. 0 where the file system does not say. */
function diskSpace(folder: string): readonly Metric[] {
  return [
    gauge('disk_free_bytes', 'Room on the disk of the data directory.', () => spaceOf(folder)?.free ?? 0),
    gauge('disk_size_bytes', 'Size of that disk.', () => spaceOf(folder)?.size ?? 0),
  ];
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
