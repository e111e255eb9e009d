/** GET /v1/overview of a monitor and of a mirror: from their own copies, under their own policy, below /logs/HASH. */
import type { FastifyInstance } from 'fastify';
import t, { type Test } from 'tap';
import { appraiseEach } from '#src/client/statuses.ts';
import { openClient } from '#src/client/client.ts';
import { trustKeys } from '#src/client/trust.ts';
import { baseOf } from '#src/explorer/base.ts';
import type { OverviewJson } from '#src/explorer/shared/overview.ts';
import type { LogInfo } from '#src/log/ports.ts';
import { parseVkey } from '#src/note/key.ts';
import { declaring } from '../support/declarer.ts';
import { mirrorApp, monitorApp } from '../support/explorer-servers.ts';
import { injected } from '../support/injected.ts';

async function overviewOf(app: FastifyInstance, base: string): Promise<OverviewJson> {
  for (;;) {
    const got = await app.inject({ url: `${base}/v1/overview` });
    if (got.statusCode !== 200) throw new Error(got.body);
    const told: OverviewJson = got.json();
    if (told.computing === null) return told;
  }
}

async function same(t: Test, app: FastifyInstance, by: string, { origin, vkeys }: LogInfo): Promise<void> {
  const base = baseOf(origin);
  const told = await overviewOf(app, base);
  t.match(told, { computed_by: by, origin, subjects: 2, left_out: 0, counts: { UNKNOWN: 2 } });
  const client = openClient({
    log: `http://copy.example${base}`,
    trust: trustKeys(vkeys.map(parseVkey)),
    fetch: injected(app),
    now: Date.now,
  });
  const names = told.rows.map(({ subject }) => subject);
  const { statuses } = await appraiseEach(await client.snapshot(), names);
  t.strictSame(
    told.rows.map(({ claims }) => claims),
    statuses.map(({ claims }) =>
      claims.map(({ claim, verdict, hidden = null }) => ({ claim: claim.id, verdict, hidden })),
    ),
    `what a reader of the ${by} says`,
  );
}

t.test('a monitor and a mirror', async (t) => {
  const { log, app, declare } = await declaring(t, 'copied.example/log');
  await declare('web/shop', 'low', 'team-web');
  await declare('db/payments', 'high');
  await same(t, await monitorApp(t, { log, app }), 'monitor', log.info);
  await same(t, await mirrorApp(t, { log, app }), 'mirror', log.info);
});
