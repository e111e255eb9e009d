/** Metrics of the log's witnesses. The one label is the witness's name in the log's witness policy. */
import { Counter, Gauge, type Metric } from '@platformatic/prom-client';
import type { LogService, WitnessStatus } from '../log/ports.ts';
import { gauge } from '../web/metrics.ts';

/** Gauges and counters as the log sees its witnesses. Without a witness policy there is only the quorum's gauge. */
export function witnessMetrics(service: LogService): readonly Metric[] {
  const labelNames = ['witness'];
  const each = (read: (witness: WitnessStatus) => number | undefined) =>
    function (this: Collecting): void {
      this.reset();
      for (const witness of service.witnessing?.()?.witnesses ?? []) {
        const value = witness.asked ? read(witness) : undefined;
        if (value !== undefined) this.inc({ witness: witness.name }, value);
      }
    };
  const counter = (name: string, help: string, read: (witness: WitnessStatus) => number): Metric =>
    new Counter({ name: `tallystick_${name}`, help, labelNames, registers: [], collect: each(read) });
  const perWitness = (
    name: string,
    help: string,
    read: (witness: WitnessStatus) => number | undefined,
  ): Metric =>
    new Gauge({ name: `tallystick_${name}`, help, labelNames, registers: [], collect: each(read) });
  return [
    ...noticeMetrics(service),
    gauge(
      'witness_quorum_met',
      'Whether a checkpoint is out and nothing keeps the next one from its quorum; 1 without a policy.',
      () => ((service.witnessing?.()?.met ?? true) ? 1 : 0),
    ),
    counter('witness_cosignatures_total', 'Cosignatures by this witness.', (one) => one.cosignatures),
    counter(
      'witness_failures_total',
      'Times that this witness was asked and did not cosign.',
      (one) => one.failures,
    ),
    perWitness(
      'witness_last_success_timestamp_seconds',
      'When this witness cosigned last, POSIX time.',
      (one) => one.lastSuccess,
    ),
    perWitness(
      'witness_behind_entries',
      'Entries of the log that the largest tree this witness cosigned lacks.',
      (one) => one.behind,
    ),
    perWitness('witness_alarm', 'Whether this witness says that the log went back or forked.', (one) =>
      one.alarm === undefined ? 0 : 1,
    ),
  ];
}

/** Of the witnessed heads that the log holds; 0 for a log without witnesses. */
function noticeMetrics(service: LogService): readonly Metric[] {
  const noticing = () => service.noticing?.();
  return [
    gauge(
      'witnessed_head_timestamp_seconds',
      'When the newest witnessed head in the log had its quorum, POSIX time; 0: there is none.',
      () => noticing()?.last?.time ?? 0,
    ),
    gauge(
      'witnessed_head_size_entries',
      'Entries that the newest witnessed head in the log covers.',
      () => noticing()?.last?.size ?? 0,
    ),
    new Counter({
      name: 'tallystick_witnessed_heads_total',
      help: 'Notices of witnessed heads that this process was to log, by what became of them.',
      labelNames: ['result'],
      registers: [],
      collect() {
        this.reset();
        this.inc({ result: 'logged' }, noticing()?.written ?? 0);
        this.inc({ result: 'failed' }, noticing()?.failures ?? 0);
      },
    }),
  ];
}

interface Collecting {
  reset(): void;
  inc(labels: Record<string, string>, value: number): void;
}
