/** Metrics of a log. Labels are bounded: codes come from the closed table of refusals. */
import { Counter, type Metric } from '@platformatic/prom-client';
import { Refusal } from '../bytes/refusal.ts';
import type { Head, LogReader, LogService } from '../log/ports.ts';
import { Histogram } from '../web/histogram.ts';
import { gauge, type Metrics } from '../web/metrics.ts';
import { witnessMetrics } from './witness-metrics.ts';

/** How statements came in: one a request, or many. */
type SubmissionType = 'single' | 'batch';

export interface LogMetrics {
  /** One statement's fate: `logged`, `duplicate` or a refusal's code. */
  submission(type: SubmissionType, result: string): void;
  /** How long one call of the log took. */
  waited(seconds: number): void;
}

/** Registers the log's metrics; gauges are read off the service when they are asked for. */
export function logMetrics(service: LogService, metrics: Metrics, now: () => number): LogMetrics {
  const waits = new Histogram(
    'tallystick_submission_wait_seconds',
    'Time from handing statements to the log to their being durable, in the tree and covered by a signed root.',
  );
  metrics.add(waits);
  const tally = new Map<SubmissionType, Map<string, number>>([
    ['single', new Map()],
    ['batch', new Map()],
  ]);
  for (const metric of [...serviceGauges(service, now), ...witnessMetrics(service), submissionCounter(tally)])
    metrics.registry.registerMetric(metric);
  const all = waits.series('');
  return {
    submission: (type, result) => {
      const results = tally.get(type);
      results?.set(result, (results.get(result) ?? 0) + 1);
    },
    waited: (seconds) => all.observe(seconds),
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

/** Gauges of tree size, published checkpoint and load. */
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
  ];
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
