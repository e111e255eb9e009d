/** What an operator watches of a monitor. Labels are the logs that were configured, and the kinds of incident. */
import { Gauge, type Metric } from '@platformatic/prom-client';
import { gauge } from '../web/metrics.ts';
import type { LogWatch } from './logwatch.ts';
import type { Monitor } from './monitor.ts';
import type { NoticesStatus } from './noticing.ts';

/** As much of a monitor as is measured. */
export interface Measured {
  readonly watches: Monitor['watches'];
  readonly store: Pick<Monitor['store'], 'counts' | 'uncounted'>;
  readonly undelivered: number;
}

/** Every metric of the monitor's own, to be registered. */
export function monitorMetrics(measured: Measured, now: () => number): readonly Metric[] {
  const { watches, store } = measured;
  const each = (name: string, help: string, read: (watch: LogWatch) => number): Metric =>
    labelled(name, help, ['origin'], (set) => {
      for (const watch of watches) set({ origin: watch.origin }, read(watch));
    });
  return [
    each('monitor_log_size_entries', 'Entries of the newest verified head.', ({ status }) => status.size),
    each('monitor_copied_entries', 'Entries in the verified copy.', ({ status }) => status.copied),
    each('monitor_log_reachable', 'Whether the log answered the last look.', ({ status }) =>
      status.reachable ? 1 : 0,
    ),
    each('monitor_failed_looks', 'Looks in a row that came to nothing.', ({ failures }) => failures),
    each('monitor_look_age_seconds', 'Time since the log last answered; 0 before it did.', ({ status }) =>
      status.answeredAt === undefined ? 0 : Math.max(0, (now() - status.answeredAt) / 1_000),
    ),
    labelled('monitor_peers', 'Peers by what came of comparing heads.', ['origin', 'result'], (set) => {
      for (const { status } of watches) {
        const counts = new Map<string, number>();
        for (const { kind } of status.peers) counts.set(kind, (counts.get(kind) ?? 0) + 1);
        for (const [result, count] of counts) set({ origin: status.origin, result }, count);
      }
    }),
    ...noticeMetrics(watches),
    labelled('monitor_open_incidents', 'Open incidents.', ['origin', 'kind'], (set) => {
      for (const { origin, kind, open } of store.counts()) set({ origin, kind }, open);
    }),
    labelled(
      'monitor_uncounted_alarms',
      'Alarms that were not kept, because too many of their kind are open.',
      ['origin', 'kind'],
      (set) => {
        for (const { origin, kind, seen } of store.uncounted()) set({ origin, kind }, seen);
      },
    ),
    gauge(
      'monitor_undelivered_events',
      'Events that the webhook has not acknowledged; 0 without one.',
      () => measured.undelivered,
    ),
  ];
}

/** Of the logs in which the monitor logs notices. A time is left out where there is none yet. */
function noticeMetrics(watches: readonly LogWatch[]): readonly Metric[] {
  const timeOf = (name: string, help: string, read: (notices: NoticesStatus) => number | undefined): Metric =>
    labelled(name, help, ['origin'], (set) => {
      for (const { origin, status } of watches) {
        const value = status.notices && read(status.notices);
        if (value !== undefined) set({ origin }, value);
      }
    });
  const counts = ['origin', 'result'];
  return [
    labelled('monitor_notices', 'Notices of this process, by what became of them.', counts, (set) => {
      for (const { origin, status } of watches) {
        if (status.notices === undefined) continue;
        set({ origin, result: 'logged' }, status.notices.written);
        set({ origin, result: 'failed' }, status.notices.failures);
      }
    }),
    timeOf(
      'monitor_witnessed_head_timestamp_seconds',
      'When the newest witnessed head had its quorum, POSIX time.',
      ({ witnessed }) => witnessed?.time,
    ),
    timeOf(
      'monitor_inventory_timestamp_seconds',
      'When the monitor logged an inventory last, POSIX time.',
      ({ inventory }) => inventory?.time,
    ),
  ];
}

function labelled(
  name: string,
  help: string,
  labelNames: string[],
  read: (set: (labels: Record<string, string>, value: number) => void) => void,
): Metric {
  return new Gauge({
    name: `tallystick_${name}`,
    help,
    labelNames,
    registers: [],
    collect() {
      this.reset();
      read((labels, value) => this.set(labels, value));
    },
  });
}
