/** What an operator watches of a mirror. Gauges are read when they are asked for. */
import { Counter, type Metric, type Registry } from '@platformatic/prom-client';
import { gauge } from '../web/metrics.ts';
import type { Mirror } from './mirror.ts';

/** Registers the mirror's metrics. */
export function mirrorMetrics(mirror: Pick<Mirror, 'size' | 'status'>, registry: Registry): void {
  const { status } = mirror;
  const gauges = [
    gauge('mirror_entries', 'Entries of the copy that is served.', () => mirror.size),
    gauge('mirror_lag_entries', 'Entries the log has shown that the copy has not.', () =>
      Math.max(0, (status.originSize ?? 0) - mirror.size),
    ),
    gauge(
      'mirror_last_sync_seconds',
      'When the copy was last up to date, since the epoch; 0 before the first time.',
      () => (status.lastSync ?? 0) / 1_000,
    ),
    gauge('mirror_origin_up', 'Whether the log could be reached the last time.', () =>
      status.unreachableSince === undefined && status.originSize !== undefined ? 1 : 0,
    ),
    gauge('mirror_halted', 'Whether the log showed two histories and is followed no more.', () =>
      status.halted === undefined ? 0 : 1,
    ),
    gauge('mirror_incidents', 'Incident files in the directory.', () => status.incidents),
  ];
  const counters: readonly Metric[] = [
    counter('mirror_files_fetched_total', 'Tiles and bundles taken from the log.', () => status.fetched),
    counter(
      'mirror_files_repaired_total',
      'Of these, those that took the place of a damaged file.',
      () => status.repaired,
    ),
    new Counter({
      name: 'tallystick_mirror_failed_syncs_total',
      help: 'Syncs that failed, by the code of the refusal.',
      labelNames: ['code'],
      registers: [],
      collect() {
        this.reset();
        for (const [code, count] of status.failures) this.inc({ code }, count);
      },
    }),
  ];
  for (const metric of [...gauges, ...counters]) registry.registerMetric(metric);
}

function counter(name: string, help: string, read: () => number): Metric {
  return new Counter({
    name: `tallystick_${name}`,
    help,
    registers: [],
    collect() {
      this.reset();
      this.inc(read());
    },
  });
}
