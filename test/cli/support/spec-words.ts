/** The words the program answers to: verbs with their flags, routes, names of metrics. For spec.test.ts. */
import { Registry } from '@platformatic/prom-client';
import { loadVerbs } from '#src/cli/verbs.ts';
import { watchMetrics } from '#src/monitor/watch/metrics.ts';
import { flagOf, settings } from '#src/cli/frame/settings.ts';
import type { AnyVerb } from '#src/cli/frame/verb.ts';
import { buildApp } from '#src/http/app.ts';
import { mirrorMetrics } from '#src/mirror/metrics.ts';
import { startingStatus } from '#src/mirror/status.ts';
import { monitorMetrics } from '#src/monitor/metrics.ts';
import { noComparisons } from '#src/witness/gossip.ts';
import { witnessMetrics } from '#src/witness/metrics.ts';
import { FakeLog } from '../../support/fake-log.ts';

/** Options of the program itself, and those that commander adds to every verb. */
const EVERYWHERE = ['--config', '--quiet', '--no-color', '--help'];

export interface ProgramWords {
  /** Flags by verb; those of sub-verbs count for their parent. */
  readonly verbs: ReadonlyMap<string, ReadonlySet<string>>;
  /** `GET /entries/{id}`, as in the API description, and the few routes it leaves out. */
  readonly routes: readonly string[];
  readonly metrics: ReadonlySet<string>;
}

/** Pages that are served and are no API. */
const PAGES = ['GET /', 'GET /docs/'];

export async function buildProgramWords(): Promise<ProgramWords> {
  const verbs = (await loadVerbs()).flatMap(([, group]) => group);
  const log = Object.assign(await FakeLog.of(2), { overview: async () => new Uint8Array() });
  const app = await buildApp(log, { version: '0.0.0', dataDir: '.' });
  const described: unknown = (await app.inject('/openapi.json')).json();
  const metrics = (await app.inject('/metrics')).body;
  await app.close();
  const registry = new Registry();
  mirrorMetrics(
    { size: 0, status: startingStatus({ damaged: false, halted: undefined, incidents: 0 }) },
    registry,
  );
  const none = (): number => 0;
  const counts = { signed: 0, rounds: 0, contradictions: 0 };
  witnessMetrics({ counts, gossip: noComparisons(), logs: none, halted: none, incidents: none }, registry);
  const nobody = { watches: [], store: { counts: () => [], uncounted: () => [] }, undelivered: 0 };
  for (const metric of monitorMetrics(nobody, none)) registry.registerMetric(metric);
  for (const metric of watchMetrics({ verdicts: [], lookedAt: 0, leftOut: 0, waiting: 0 }, none))
    registry.registerMetric(metric);
  const watchers = await registry.metrics();
  return {
    verbs: new Map(verbs.map((verb) => [verb.name, new Set([...EVERYWHERE, ...flagsOf(verb)])])),
    routes: [...routesOf(described), ...PAGES],
    metrics: new Set(Array.from((metrics + watchers).matchAll(/^# TYPE (\S+)/gm), ([, name = '']) => name)),
  };
}

function flagsOf(verb: AnyVerb): readonly string[] {
  const taken = verb.settings ?? [];
  const rows = settings().filter(({ name }) => taken === 'all' || taken.some((each) => each === name));
  return [
    ...rows.map(({ name }) => flagOf(name)),
    ...(verb.options ?? []).map(({ flags }) => flags.split(' ')[0] ?? ''),
    ...(verb.json === true ? ['--json'] : []),
    ...(verb.verbs ?? []).flatMap(flagsOf),
  ];
}

function routesOf(description: unknown): readonly string[] {
  const { paths } = description as { paths: Record<string, Record<string, unknown>> };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods)
      .filter((method) => method === 'get' || method === 'post')
      .map((method) => `${method.toUpperCase()} ${path}`),
  );
}
