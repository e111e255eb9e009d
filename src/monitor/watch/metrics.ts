/** What Prometheus may ask of a watch, on loopback alone. */
import { refuse } from '../../bytes/refusal.ts';
import type { Verdict } from '../../statement/vocabulary.ts';
import { gauge } from '../../web/metrics.ts';
import { webServer } from '../../web/server.ts';
import { VERSION } from '../../platform/place.ts';
import { outcomeOf } from '../../appraisal/gate.ts';

/** What is measured; a watch writes it after each look. `lookedAt`: milliseconds, 0 before the first. */
export interface Measured {
  verdicts: readonly Verdict[];
  lookedAt: number;
  /** Subjects with claims that are too many to be watched. */
  leftOut: number;
  /** Alerts nobody acknowledged. */
  waiting: number;
}

/** The gauges, to be registered. `now`: milliseconds. */
export function watchMetrics(measured: Measured, now: () => number) {
  const count = (of: (verdict: Verdict) => boolean) => () => measured.verdicts.filter(of).length;
  return [
    gauge(
      'watch_claims',
      'Claims that are watched.',
      count(() => true),
    ),
    gauge(
      'watch_claims_proven',
      'Claims that are PROVEN.',
      count((each) => each === 'PROVEN'),
    ),
    gauge(
      'watch_claims_waived',
      'Claims that are WAIVED.',
      count((each) => each === 'WAIVED'),
    ),
    gauge(
      'watch_claims_failed',
      'Claims that are VIOLATED, CONTRADICTED or REVOKED.',
      count((each) => outcomeOf([each]) === 'failed'),
    ),
    gauge(
      'watch_claims_unknown',
      'Claims that are STALE or UNKNOWN.',
      count((each) => outcomeOf([each]) === 'unknown'),
    ),
    gauge(
      'watch_subjects_left_out',
      'Subjects with claims that are not watched: too many.',
      () => measured.leftOut,
    ),
    gauge('watch_look_age_seconds', 'Time since the last look that succeeded; 0 before the first.', () =>
      measured.lookedAt === 0 ? 0 : Math.max(0, (now() - measured.lookedAt) / 1_000),
    ),
    gauge('watch_alerts_waiting', 'Alerts that the webhook has not acknowledged.', () => measured.waiting),
  ];
}

/** The server of the metrics. */
interface MetricsServer {
  /** `http://127.0.0.1:PORT/metrics`. */
  readonly url: string;
  close(): Promise<void>;
}

/** Serves them on a port of 127.0.0.1, 0 for any. `now`: milliseconds. Refuses `config-invalid`. */
export async function serveMetrics(
  port: number,
  measured: Measured,
  now: () => number,
): Promise<MetricsServer> {
  const web = await webServer({ version: VERSION, now });
  for (const metric of watchMetrics(measured, now)) web.registry.registerMetric(metric);
  await web.operations(() => ({
    ready: measured.lookedAt > 0,
    reasons: measured.lookedAt > 0 ? [] : ['no look yet'],
  }));
  web.finish();
  try {
    const url = `${await web.app.listen({ host: '127.0.0.1', port })}/metrics`;
    return { url, close: async () => web.app.close() };
  } catch (cause) {
    await web.app.close();
    throw refuse('config-invalid', `cannot listen on port ${port}; choose another`, { cause });
  }
}
