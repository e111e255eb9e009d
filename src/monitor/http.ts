/**
 * What a monitor serves: the heads it holds (gossip, in the monitoring form of C2SP tlog-witness), the logs it
 * follows, its incidents, and over the verified copy of each log the log's own search API and files. It takes nothing.
 */
import type { FastifyInstance } from 'fastify';
import { refuse } from '../bytes/refusal.ts';
import { parseDecimal } from '../bytes/text.ts';
import { formatMilliseconds, formatTime } from '../bytes/time.ts';
import { originHash } from '../note/checkpoint.ts';
import { audit } from '../web/audit.ts';
import { BRIEF, FRESH, TEXT, asBuffer } from '../web/media.ts';
import { openToBrowsers } from '../web/methods.ts';
import type { WebOptions } from '../web/options.ts';
import { webServer } from '../web/server.ts';
import { tiles } from '../web/tiles.ts';
import type { App } from '../web/types.ts';
import { baseOf } from '../explorer/base.ts';
import { explorer } from '../explorer/routes.ts';
import { explored } from './home.ts';
import { headSchema, incidentSchema, incidentsSchema, logsSchema } from './http-schemas.ts';
import { viewIncident } from './incidents.ts';
import type { LogWatch } from './logwatch.ts';
import { monitorMetrics } from './metrics.ts';
import type { Monitor } from './monitor.ts';
import type { NoticesStatus } from './noticing.ts';
import type { LogReader } from '../log/ports.ts';

interface MonitorHttpOptions extends WebOptions {
  /** Reads that one client may make in a window; 0: no limit. */
  readonly readsPerWindow: number;
}

/** A server ready to listen. The monitor is its owner's to close, afterwards. */
export async function buildMonitorApp(
  monitor: Monitor,
  options: MonitorHttpOptions,
): Promise<FastifyInstance> {
  const web = await webServer(options);
  for (const metric of monitorMetrics(monitor, options.now ?? Date.now)) web.registry.registerMetric(metric);
  const counted = [openToBrowsers, web.rate(options.readsPerWindow)];
  await web.scope((app) => heads(app, monitor.watches), [openToBrowsers]);
  await web.scope((app) => about(app, monitor), counted);
  for (const watch of monitor.watches) {
    const reader = watchReader(watch);
    const routes = (app: App): void => audit(app, watch.origin, reader);
    const files = (app: App): void => tiles(app, reader, web.sending);
    const place = baseOf(watch.origin);
    await web.scope(routes, counted, place);
    await web.scope(files, [openToBrowsers], place);
    if (monitor.watches.length === 1) {
      await web.scope(routes, counted);
      await web.scope(files, [openToBrowsers]);
    }
  }
  await web.operations(() => monitor.readiness());
  const port = explored(monitor, options.version, watchReader, options.now ?? Date.now);
  await web.scope((app) => explorer(app, port, web.urlOf, options), counted);
  web.finish();
  return web.app;
}

/** GET /<hex SHA-256 of the origin>/checkpoint */
function heads(app: App, watches: readonly LogWatch[]): void {
  const byHash = new Map(watches.map((watch) => [originHash(watch.origin), watch]));
  app.get('/:log/checkpoint', { schema: headSchema }, (request, reply) => {
    const held = byHash.get(request.params.log)?.followed?.seen;
    if (held === undefined)
      throw refuse('not-found', 'no head of that log is held here; see /v1/logs for those that are followed');
    return reply.header('content-type', TEXT).header('cache-control', BRIEF).send(asBuffer(held.note));
  });
}

const PAGE = 100;
const LARGEST_PAGE = 1_000;

/** GET /v1/logs, /v1/incidents, /v1/incidents/{id} */
function about(app: App, { watches, store }: Monitor): void {
  app.addHook('onRequest', (_request, reply, done) => {
    reply.header('cache-control', FRESH);
    done();
  });
  app.get('/v1/logs', { schema: logsSchema }, async () => ({ logs: viewLogs(watches, store) }));
  app.get('/v1/incidents', { schema: incidentsSchema }, async ({ query }) => {
    const { open, limit, ...rest } = query;
    const most = limit === undefined ? PAGE : parseDecimal(limit);
    if (most < 1 || most > LARGEST_PAGE) throw refuse('bad-request', `limit is from 1 to ${LARGEST_PAGE}`);
    const page = store.list({ ...rest, open: open === 'true', limit: most });
    const next = page.length < most ? null : (page.at(-1)?.id ?? null);
    return { incidents: page.map(viewIncident), next };
  });
  app.get('/v1/incidents/:id', { schema: incidentSchema }, async ({ params: { id } }, reply) => {
    const body = store.body(id);
    if (body === undefined) throw refuse('not-found', `there is no incident ${id} here`);
    return reply.header('content-type', 'application/json').send(Buffer.from(body));
  });
}

function viewLogs(watches: readonly LogWatch[], store: Monitor['store']) {
  const open = store.counts();
  return watches.map(({ status }) => ({
    origin: status.origin,
    id: originHash(status.origin),
    url: status.url,
    size: status.size,
    root: status.root?.toHex() ?? null,
    copied: status.copied,
    reachable: status.reachable,
    fault: status.fault ?? null,
    lookedAt: status.lookedAt === undefined ? null : formatMilliseconds(status.lookedAt),
    openIncidents: open
      .filter(({ origin }) => origin === status.origin)
      .reduce((n, each) => n + each.open, 0),
    peers: status.peers.map(({ peer, kind, why }) => ({ url: peer, result: kind, why: why ?? null })),
    notices: status.notices === undefined ? null : viewNotices(status.notices),
  }));
}

function dated<T extends { readonly time: number }>(each: T) {
  return { ...each, time: formatTime(each.time) };
}

function viewNotices({ written, failures, fault, witnessed, inventory }: NoticesStatus) {
  return {
    written,
    failures,
    fault: fault ?? null,
    witnessed: witnessed === undefined ? null : dated(witnessed),
    inventory: inventory === undefined ? null : dated(inventory),
  };
}

/** A reader that is there from the start. */
function watchReader(watch: LogWatch): LogReader {
  const reader = (): LogReader => {
    const { followed } = watch;
    if (followed !== undefined) return followed.reader;
    throw refuse('not-yet', `nothing of ${watch.origin} is copied yet; ask again in a moment`);
  };
  return {
    head: () => reader().head(),
    checkpoint: () => reader().checkpoint(),
    published: async (index, timeoutMs) => reader().published(index, timeoutMs),
    tile: async (level, index, width) => reader().tile(level, index, width),
    bundle: async (index, width) => reader().bundle(index, width),
    entry: async (key) => reader().entry(key),
    entries: async (start, end) => reader().entries(start, end),
    find: async (id) => reader().find(id),
    findLeaf: async (leaf) => reader().findLeaf(leaf),
    search: async (query) => reader().search(query),
    root: async (size) => reader().root(size),
    inclusion: async (index, size) => reader().inclusion(index, size),
    consistency: async (from, to) => reader().consistency(from, to),
    receipt: async (index) => reader().receipt(index),
    tlogProof: async (index) => reader().tlogProof(index),
  };
}
