/**
 * examples/helm, as its readers run it, against an API server in this process. A script stands for helm, and prints what helm v3.19.5
 * renders (test/interop/helm.ts compares, and runs the same with a real helm and a real API server).
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { installedObjects } from '#src/declare/sources/helm/helm.ts';
import { jsonOf } from '#src/bytes/json-text.ts';
import { readFileSync } from 'node:fs';
import { FakeCluster, fakeServer, TOKEN, type Json } from '../support/fake-kube.ts';
import { run } from '../support/processes.ts';
import { dataIn, serveLog, startLog } from '../support/running-log.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const EXAMPLE = join(ROOT, 'examples/helm');
const RENDERED = join(ROOT, 'test/support/helm-rendered.yaml');
const ORIGIN = 'kube.example/log';
const folder = mkdtempSync(join(tmpdir(), 'tallystick-example-helm-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

async function script(...args: readonly string[]): Promise<{ code: number; said: string }> {
  const env = {
    ...process.env,
    XDG_STATE_HOME: join(folder, 'state'),
    HELM: join(folder, 'helm'),
  };
  const child = spawn(join(EXAMPLE, 'first-look.sh'), args, {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code, said: out + err };
}

t.test('a release against its chart', { timeout: 170_000 }, async (t) => {
  const { code, err } = await run(folder, 'init', '--origin', ORIGIN);
  t.equal(code, 0, err);
  writeFileSync(
    join(folder, 'helm'),
    `#!/bin/sh\nif [ "$1" = version ]; then echo v3.19.5; else cat '${RENDERED}'; fi\n`,
    { mode: 0o755 },
  );
  const log = await serveLog(t, await startLog(t, dataIn(folder), ORIGIN));
  const cluster = new FakeCluster();
  cluster.adds = true;
  const server = await fakeServer(cluster);
  t.teardown(() => server.stop());
  for (const each of installedObjects(readFileSync(RENDERED, 'utf8'))) {
    const object: Json = JSON.parse(jsonOf(each));
    // As helm installs it.
    const labels = { ...object.metadata.labels, 'app.kubernetes.io/managed-by': 'Helm' };
    if (object.kind !== 'Secret')
      cluster.put({ ...object, metadata: { ...object.metadata, namespace: 'shop', labels } });
  }
  const config = (token: string): string =>
    JSON.stringify({
      'current-context': 'c',
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
      clusters: [
        {
          name: 'c',
          cluster: {
            server: server.target,
            'certificate-authority-data': Buffer.from(server.secrets['ca'] ?? '').toString('base64'),
          },
        },
      ],
      users: [{ name: 'u', user: { token } }],
    });
  for (const name of ['ci', 'agent'])
    writeFileSync(join(folder, `${name}.kubeconfig`), config(TOKEN), { mode: 0o600 });
  const look = () =>
    script(log, join(dataIn(folder), 'trust.policy'), server.target, 'ci.kubeconfig', 'agent.kubeconfig');

  const first = await look();
  t.equal(first.code, 0, first.said);
  t.match(first.said, /defaults of the API server v1\.36\.3/);
  t.ok(
    server.asked.every((each) => !/^(?:PUT|POST|DELETE) |secrets/.test(each)),
    'nothing is written, and no Secret is asked for',
  );

  const map: Json = cluster.get('v1', 'ConfigMap', 'shop', 'shop-web');
  cluster.put({ ...map, data: { ...map.data, MODE: 'lax' } });
  const drifted = await look();
  t.equal(drifted.code, 3, drifted.said);
  t.match(drifted.said, /kubernetes-as-declared +VIOLATED/);
  cluster.put(map);
  t.equal((await look()).code, 0);
});
