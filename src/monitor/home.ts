/** What the explorer asks of a monitor: its home page, and the logs whose copies it has. */
import { leafIndex } from '../bytes/brand.ts';
import { formatMilliseconds } from '../bytes/time.ts';
import { baseOf } from '../explorer/base.ts';
import { growthFacts, rememberedGrowth, SPANS, type Growth } from '../explorer/facts/growth.ts';
import type { HomeFacts, Table } from '../explorer/facts/home.ts';
import { markup } from '../explorer/facts/markup.ts';
import { moment, table } from '../explorer/facts/parts.ts';
import { Overviews } from '../explorer/overview/overviews.ts';
import type { ExplorerPort, ServedLog } from '../explorer/port.ts';
import type { LogReader } from '../log/ports.ts';
import { policyLines } from '../note/trust-text.ts';
import { policyAbout } from '../note/trust.ts';
import type { LogWatch } from './logwatch.ts';
import type { Monitor } from './monitor.ts';

/** Incidents that are shown; the rest is under /v1/incidents. */
const SHOWN = 20;

/** `reader`: the copy of a log. `now`: milliseconds since the epoch. */
export function explored(
  monitor: Monitor,
  version: string,
  reader: (watch: LogWatch) => LogReader,
  now: () => number,
): ExplorerPort {
  const logs = monitor.watches.map((watch) => served(watch, reader(watch), now));
  return { role: 'monitor', name: 'Tallystick monitor', version, logs, home: () => facts(monitor, logs) };
}

function served(watch: LogWatch, reader: LogReader, now: () => number): ServedLog {
  const { origin, copyPath: path } = watch;
  const about = policyAbout(watch.policy, origin);
  const [checkpoint, policy] = [() => reader.checkpoint(), () => about];
  const entry = async (index: number) => reader.entry(leafIndex(index));
  return {
    origin,
    base: baseOf(origin),
    checkpoint,
    policy,
    entry,
    overview:
      path === undefined
        ? undefined
        : new Overviews({ role: 'monitor', origin, path }).serving(checkpoint, policy),
    search: async (query) => reader.search(query),
    growth: rememberedGrowth(async (index) => (await entry(index)).time, now, 'First copied'),
  };
}

async function facts(monitor: Monitor, logs: readonly ServedLog[]): Promise<HomeFacts> {
  const { watches, store } = monitor;
  const grown = await Promise.all(watches.map(async ({ status }, i) => logs[i]?.growth?.(status.copied)));
  const { ready, reasons } = monitor.readiness();
  const counts = store.counts();
  const open = counts.reduce((n, each) => n + each.open, 0);
  return {
    what: 'A monitor: it follows the logs below, verifies every entry, keeps a copy, and reports what does not hold.',
    ready,
    reasons,
    figures: [
      ['Logs followed', watches.length],
      ['Entries verified', watches.reduce((n, { status }) => n + status.copied, 0)],
      ['Open incidents', open],
    ],
    growth: growthTable(watches, grown),
    tables: [logTable(watches, counts), peerTable(watches), incidentTable(store)],
    policy: policyOf(watches),
    keys: [],
    links: [
      ['/v1/logs', 'Logs (JSON)'],
      ['/v1/incidents', 'Incidents (JSON)'],
      ['/readyz', 'Readiness'],
      ['/metrics', 'Metrics (Prometheus)'],
    ],
  };
}

function policyOf(watches: readonly LogWatch[]): HomeFacts['policy'] {
  const [first] = watches;
  if (first === undefined) return undefined;
  return {
    summary: 'The trust policy that this monitor goes by. Whoever asks it takes its word for the rest.',
    text: `${policyLines(first.policy, true).join('\n')}\n`,
    file: 'trust.policy',
  };
}

function logTable(watches: readonly LogWatch[], counts: ReturnType<Monitor['store']['counts']>): Table {
  const rows = watches.map(({ status, origin }) => {
    const open = counts.filter((each) => each.origin === origin).reduce((n, each) => n + each.open, 0);
    return [
      markup`<a href="${baseOf(origin)}/">${origin}</a>`,
      status.size,
      status.copied,
      status.lookedAt === undefined ? 'never' : moment(formatMilliseconds(status.lookedAt)),
      status.reachable ? (status.fault ?? 'answers') : (status.fault ?? 'does not answer'),
      open,
    ];
  });
  return {
    title: 'Logs',
    none: 'It follows no log.',
    heads: ['Log', 'Head', 'Verified', 'Last look', 'State', 'Open incidents'],
    rows,
  };
}

/** Of one log, as the log itself draws it; of several, a row each. */
function growthTable(
  watches: readonly LogWatch[],
  grown: readonly (Growth | undefined)[],
): HomeFacts['growth'] {
  const [one] = grown;
  const said = markup`<p class="quiet">By the time at which this monitor copied each entry.</p>`;
  if (grown.length === 1) return one && markup`${said}${growthFacts(one)}`;
  const rows = watches.map(({ origin }, i) => [origin, ...SPANS.map(([span]) => grown[i]?.since.get(span))]);
  return rows.length === 0
    ? undefined
    : markup`${said}${table('Entries of each log', ['Log', ...SPANS.map(([, name]) => name)], rows)}`;
}

function peerTable(watches: readonly LogWatch[]): Table {
  const rows = watches.flatMap(({ origin, status }) =>
    status.peers.map(({ peer, kind, why }) => [peer, origin, kind, why]),
  );
  return {
    title: 'Peers',
    none: 'It compares heads with nobody.',
    heads: ['Peer', 'Log', 'Result', 'Why'],
    rows,
  };
}

function incidentTable(store: Monitor['store']): Table {
  const listed = store.list({ limit: SHOWN });
  const rows = listed.map(({ id, kind, origin, resolved, what }) => [
    markup`<a href="/v1/incidents/${id}">${kind}</a>`,
    origin,
    resolved === undefined ? 'open' : 'resolved',
    what,
  ]);
  const more =
    listed.length < SHOWN
      ? undefined
      : markup`<p>Older ones are in the <a href="/v1/incidents">list</a>.</p>`;
  return { title: 'Incidents', none: 'None.', heads: ['Kind', 'Log', 'State', 'What'], rows, more };
}
