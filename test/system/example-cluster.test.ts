/** examples/cluster, as its readers run it, against an API server in this process: as declared, drifted, and a stranger. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { declareKubernetes, manifestObjects } from '#src/declare/sources/kubernetes/kubernetes.ts';
import { jsonOf } from '#src/bytes/json-text.ts';
import { readFileSync } from 'node:fs';
import { FakeCluster, fakeServer, TOKEN, type Json } from '../support/fake-kube.ts';
import { run } from '../support/processes.ts';
import { dataIn, serveLog, startLog } from '../support/running-log.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const EXAMPLE = join(ROOT, 'examples/cluster');
const ORIGIN = 'kube.example/log';
const folder = mkdtempSync(join(tmpdir(), 'tallystick-example-kube-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

async function script(...args: readonly string[]): Promise<{ code: number; said: string }> {
  const env = {
    ...process.env,
    XDG_STATE_HOME: join(folder, 'state'),
  };
  const child = spawn(join(EXAMPLE, 'first-look.sh'), args, {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code, said: out + err };
}

t.test('a cluster against its manifests', { timeout: 170_000 }, async (t) => {
  const { code, err } = await run(folder, 'init', '--origin', ORIGIN);
  t.equal(code, 0, err);
  const log = await serveLog(t, await startLog(t, dataIn(folder), ORIGIN));
  const cluster = new FakeCluster();
  cluster.adds = true;
  const server = await fakeServer(cluster);
  t.teardown(() => server.stop());
  const manifests = readFileSync(join(EXAMPLE, 'manifests/shop.yaml'), 'utf8');
  t.equal(declareKubernetes([manifests]).profile, 'kubernetes@1');
  for (const each of manifestObjects([manifests])) cluster.put(JSON.parse(jsonOf(each)));
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

  const policy: Json = cluster.get('networking.k8s.io/v1', 'NetworkPolicy', 'shop', 'deny-all');
  cluster.put({ ...policy, spec: { ...policy.spec, ingress: [{}] } });
  const drifted = await look();
  t.equal(drifted.code, 3, drifted.said);
  t.match(drifted.said, /network-policies-as-declared +VIOLATED/);

  cluster.put(policy);
  cluster.put({ ...policy, metadata: { name: 'allow-all', namespace: 'shop' } });
  const stranger = await look();
  t.equal(stranger.code, 3, stranger.said);
  t.match(stranger.said, /network-policies-closed +VIOLATED/);
});

t.test('the Role that its agent needs is printed', async (t) => {
  const manifests = join(EXAMPLE, 'manifests');
  const printed = await run(folder, 'agent', 'profile', '--kubernetes', manifests);
  t.match(printed, { code: 0, out: /^kind: Role$/m });
  t.match(printed.out, /- networkpolicies\n/);
  t.notMatch(printed.out, /secrets|create|\*/);
  const wrong = await run(folder, 'agent', 'profile', '--kubernetes', manifests, '--account', 'agent');
  t.match(wrong, { code: 1, err: /NAMESPACE\/NAME/ });
});
