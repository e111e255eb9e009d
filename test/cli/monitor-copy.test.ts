/** A monitor's copy as a source: over its HTTP, and from its directory while nobody writes there. */
import { join } from 'node:path';
import t from 'tap';
import { buildMonitorApp } from '#src/monitor/http.ts';
import { openMonitor } from '#src/monitor/open.ts';
import { originHash } from '#src/note/checkpoint.ts';
import { parseTrustPolicy } from '#src/note/trust.ts';
import { POLICY, withWitnesses } from '../support/past-world.ts';
import { BASE } from '../support/served-log.ts';
import { HOUR, SUBJECT } from '../support/see-world.ts';
import { ORIGIN } from '../support/world.ts';
import { SeeWorld, type Told } from './support/see-world.ts';

interface Span {
  readonly kind: string;
  readonly verdict: string;
  readonly why: string | null;
  readonly from: number;
  readonly to: number;
}

const COPY = `http://copies.example/logs/${originHash(ORIGIN)}`;

t.test('history from a monitor’s copy', async (t) => {
  const w = withWitnesses(await SeeWorld.start(t));
  await w.witness();
  const commitment = await w.commit();
  await w.witness();
  for (let look = 0; look < 3; look++) {
    w.now += HOUR;
    await w.witness();
    await w.prove(commitment, look === 1 ? { verdict: 'VIOLATED', explain: 'TLS 1.2 was accepted' } : {});
    await w.witness();
  }
  w.now += 60;
  const dir = join(w.dir, 'monitor');
  const options = {
    dir,
    urls: [BASE],
    trust: { policy: parseTrustPolicy(POLICY), everyAlgorithm: false, text: POLICY },
    peers: [],
    pollSeconds: 10,
    staleAfterSeconds: 3600,
    once: true,
    hashes: false,
    fetch: w.fetch,
    // It copies years later: its times are none of the log's.
    now: () => (w.now + 1e8) * 1000,
    onIncident: () => undefined,
    onWarning: () => undefined,
    onBug: (error: unknown) => {
      throw error;
    },
    onProgress: () => undefined,
  };
  const opened = await openMonitor(options);
  const { monitor } = opened;
  await Promise.all(monitor.watches.map((watch) => watch.look(new AbortController().signal)));
  const app = await buildMonitorApp(monitor, { version: '0', readsPerWindow: 0 });
  const before = w.fetch;
  const fetching: typeof fetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (url.hostname !== 'copies.example') return before(input, init);
    const { statusCode, rawPayload } = await app.inject({ url: url.pathname + url.search });
    return new Response(new Uint8Array(rawPayload), { status: statusCode });
  };
  Object.assign(w, { fetch: fetching });
  const see = (...argv: string[]): Promise<Told> =>
    w.tally('history', SUBJECT, ...w.policy, '--json', ...argv);
  // A copy states no times: it counts what a commitment leaves uncovered from its lower bound on, a second here.
  const kinds = ({ json }: Told): unknown =>
    json.claims[0].spans
      .filter(({ why, from, to }: Span) => why !== 'somewhere' || to - from > 1)
      .map(({ kind, verdict }: Span) => `${kind} ${verdict}`);
  const live = await see();
  const copied = await see('--log', COPY);
  t.match(copied, {
    code: live.code,
    json: { complete: 'full', times: 'bounds', grades: { proof: 'whole' } },
  });
  t.strictSame(kinds(copied), kinds(live));
  t.equal((await app.inject({ url: `/logs/${originHash(ORIGIN)}/tile/0/000.p/0` })).statusCode, 400);
  t.equal((await app.inject({ url: '/checkpoint' })).statusCode, 200, 'of the only log, also at the root');
  await app.close();
  await opened.close();
  for (const place of ['monitor', join('monitor', originHash(ORIGIN).slice(0, 16))]) {
    const read = await see('--log', place);
    t.match(read, { code: live.code, json: { complete: 'full', grades: { proof: 'whole' } } }, place);
    t.strictSame(kinds(read), kinds(live), place);
  }
});
