/** `kubernetes@1` against an API server in this process: what is compared, what is found, and what is never asked. */
import { randomUUID } from 'node:crypto';
import t, { type Test } from 'tap';
import { FakeCluster, fakeServer, type Json } from '../support/fake-kube.ts';
import { declaredFrom, judged, lookAt, verdicts } from '../support/kube-claims.ts';

const POLICY = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'deny-all', namespace: 'shop' },
  spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
};
const CONFIG = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'web', namespace: 'shop', labels: { app: 'web' } },
  data: { mode: 'strict', limit: '1000m' },
};
const DEPLOYMENT = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop' },
  spec: {
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        containers: [
          {
            name: 'web',
            image: 'shop/web@sha256:' + 'a'.repeat(64),
            resources: { requests: { cpu: '1000m', memory: '1024Mi' } },
            ports: [{ containerPort: 80 }],
            env: [{ name: 'MODE', value: 'strict' }],
          },
        ],
      },
    },
  },
};

async function world(t: Test) {
  const cluster = new FakeCluster();
  const server = await fakeServer(cluster);
  t.teardown(() => server.stop());
  return { cluster, server };
}

t.test('as declared', async (t) => {
  const { cluster, server } = await world(t);
  cluster.put(POLICY);
  cluster.put(CONFIG);
  const seen = await lookAt(server, declaredFrom(POLICY, CONFIG));
  t.equal(verdicts(seen), 'PROVEN PROVEN');
  t.match(seen.value, {
    version: 'v1.36.3',
    cluster: cluster.uid,
    declared: 2,
    servers: 1,
    namespaces: ['shop'],
  });
  t.match(seen.population, { total: 2, sampled: 2, method: 'all' });
  t.ok(seen.bytes > 0);
  t.ok(server.asked.every((each) => each.startsWith('GET ')));
});

t.test(
  'what the cluster writes is not compared; spellings of quantities and defaults of protocols are no differences',
  async (t) => {
    const { cluster, server } = await world(t);
    const live: Json = structuredClone(DEPLOYMENT);
    live.metadata.annotations = { 'deployment.kubernetes.io/revision': '4', 'tool/x': 'y' };
    live.metadata.managedFields = [{ manager: 'kubectl' }];
    live.metadata.finalizers = ['x'];
    live.spec.replicas = 7;
    live.spec.template.metadata.annotations = { 'kubectl.kubernetes.io/restartedAt': 'now' };
    live.spec.template.spec.containers[0].resources.requests = { cpu: '1', memory: '1Gi' };
    live.status = { replicas: 7 };
    cluster.put(live);
    t.equal(verdicts(await lookAt(server, declaredFrom(DEPLOYMENT))), 'PROVEN PROVEN');
  },
);

const changes: readonly (readonly [
  what: string,
  change: (cluster: FakeCluster) => void,
  found: object,
  verdicts: string,
])[] = [
  [
    'a changed leaf',
    (cluster) => cluster.put({ ...CONFIG, data: { ...CONFIG.data, mode: 'lax' } }),
    { differing: [{ path: '/v1/ConfigMap/shop/web/data/mode' }] },
    'VIOLATED PROVEN',
  ],
  [
    'a quantity in a ConfigMap is a text',
    (cluster) => cluster.put({ ...CONFIG, data: { ...CONFIG.data, limit: '1' } }),
    { differing: [{ path: '/v1/ConfigMap/shop/web/data/limit' }] },
    'VIOLATED PROVEN',
  ],
  [
    'a missing leaf',
    (cluster) => cluster.put({ ...CONFIG, data: { limit: '1000m' } }),
    { missing: ['/v1/ConfigMap/shop/web/data/mode'] },
    'VIOLATED PROVEN',
  ],
  [
    'a missing object',
    (cluster) => cluster.remove('networking.k8s.io/v1', 'NetworkPolicy', 'shop', 'deny-all'),
    { deleted: ['/networking.k8s.io~1v1/NetworkPolicy/shop/deny-all'] },
    'VIOLATED PROVEN',
  ],
  [
    'a rule more: no defaults were committed, so it may be one',
    (cluster) => cluster.put({ ...POLICY, spec: { ...POLICY.spec, ingress: [{}] } }),
    {
      unexplained: [
        '/networking.k8s.io~1v1/NetworkPolicy/shop/deny-all/spec/ingress',
        '/networking.k8s.io~1v1/NetworkPolicy/shop/deny-all/spec/ingress/0',
      ],
    },
    'UNKNOWN UNKNOWN',
  ],
  [
    'an empty selector that got a member',
    (cluster) =>
      cluster.put({ ...POLICY, spec: { ...POLICY.spec, podSelector: { matchLabels: { a: 'b' } } } }),
    { counts: { unset: 1 } },
    'UNKNOWN UNKNOWN',
  ],
  [
    'an object that nobody declared, and who made it',
    (cluster) =>
      cluster.put({
        ...POLICY,
        metadata: {
          name: 'allow-all',
          namespace: 'shop',
          managedFields: [
            { manager: 'kubectl-edit', time: '2026-01-01T00:00:00Z', fieldsV1: { 'f:spec': {} } },
          ],
        },
      }),
    {
      undeclared: [{ path: '/networking.k8s.io~1v1/NetworkPolicy/shop/allow-all', manager: 'kubectl-edit' }],
    },
    'PROVEN VIOLATED',
  ],
  [
    'what every cluster has is named, and no fault',
    (cluster) =>
      cluster.put({
        ...CONFIG,
        metadata: { name: 'kube-root-ca.crt', namespace: 'shop' },
        data: { ca: 'x' },
      }),
    { ofCluster: ['/v1/ConfigMap/shop/kube-root-ca.crt'] },
    'PROVEN PROVEN',
  ],
  [
    'another namespace is not looked at',
    (cluster) => cluster.put({ ...CONFIG, metadata: { name: 'other', namespace: 'other' } }),
    { undeclared: [] },
    'PROVEN PROVEN',
  ],
  [
    'a stranger that names a declared object as its owner is no child of it',
    (cluster) => {
      const uid = cluster.get('v1', 'ConfigMap', 'shop', 'web')?.['metadata'].uid;
      cluster.put({
        ...CONFIG,
        metadata: { name: 'x', namespace: 'shop', ownerReferences: [{ uid, kind: 'ConfigMap' }] },
      });
    },
    { undeclared: [{ path: '/v1/ConfigMap/shop/x', manager: 'unnamed' }] },
    'PROVEN VIOLATED',
  ],
];

for (const [what, change, found, wanted] of changes)
  t.test(what, async (t) => {
    const { cluster, server } = await world(t);
    cluster.put(POLICY);
    cluster.put(CONFIG);
    change(cluster);
    const seen = await lookAt(server, declaredFrom(POLICY, CONFIG));
    t.match(seen.value, found);
    t.equal(verdicts(seen), wanted);
  });

t.test('many pages, of one state, and begun again where they expired', async (t) => {
  const { cluster, server } = await world(t);
  const objects = Array.from({ length: 700 }, (_, i) => ({
    ...CONFIG,
    metadata: { name: `c${String(i).padStart(4, '0')}`, namespace: 'shop' },
  }));
  for (const each of objects) cluster.put(each);
  let expired = 0;
  server.lie = ({ query }, answer) => {
    if (query.has('continue') && expired++ === 0) Object.assign(answer, { status: 410, body: {} });
  };
  const seen = await lookAt(server, declaredFrom(...objects));
  t.equal(verdicts(seen), 'PROVEN PROVEN');
  t.match(seen.value, { counts: { objects: 700, pages: 3 } });
  t.match(seen.population, { total: 700 });
});

t.test('kinds and places', async (t) => {
  const { cluster, server } = await world(t);
  cluster.put(POLICY);
  cluster.put(CONFIG);
  const declared = declaredFrom(POLICY, CONFIG, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 's', namespace: 'shop' },
    data: { a: 'aHVudGVyMg==' },
  });
  const kinds = ['networking.k8s.io/v1/NetworkPolicy'];
  const seen = await lookAt(server, declared, { kinds });
  t.same(seen.value['kinds'], kinds);
  t.equal(verdicts(seen, 'network-policies-as-declared'), 'PROVEN PROVEN');
  await lookAt(server, declared);
  t.notOk(
    server.asked.some((each) => each.includes('secrets')),
    'Secrets are never asked for',
  );
  await t.rejects(lookAt(server, declared, { kinds: ['v1/Secret'] }), { code: 'config-invalid' });
  await t.rejects(lookAt(server, declared, { namespaces: ['empty'] }), {
    code: 'config-invalid',
    message: /proves nothing/,
  });
  await t.rejects(lookAt(server, declared, { cluster: randomUUID() }), {
    code: 'unavailable',
    message: /cluster/,
  });
  await t.rejects(lookAt(server, declaredFrom({ ...CONFIG, apiVersion: 'v2' })), {
    code: 'unavailable',
    message: /v2/,
  });
  const nameless = declaredFrom({ ...CONFIG, metadata: { ...CONFIG.metadata, namespace: undefined } });
  t.equal(verdicts(await lookAt(server, nameless, { namespace: 'shop' })), 'PROVEN PROVEN');
});

t.test('who may not ask is told what to do, without a word of the server', async (t) => {
  const { server } = await world(t);
  server.lie = ({ path }, answer) => {
    if (path.includes('configmaps')) Object.assign(answer, { status: 403, body: { message: 'hunter2' } });
  };
  const failed = await lookAt(server, declaredFrom(CONFIG)).catch((error: unknown) => error as Error);
  t.match(failed, { code: 'unavailable', message: /agent profile/ });
  t.notMatch(JSON.stringify([failed, (failed as Error).message]), /hunter2/);
  await t.rejects(
    lookAt({ ...server, secrets: { ...server.secrets, token: 'other' } }, declaredFrom(CONFIG)),
    {
      message: /credential/,
    },
  );
  await t.rejects(lookAt({ ...server, secrets: { token: 'x' } }, declaredFrom(CONFIG)), {
    code: 'unavailable',
  });
  await t.rejects(lookAt({ ...server, secrets: {} }, declaredFrom(CONFIG)), { code: 'config-invalid' });
});

t.test('class E0, by whatever claim', async (t) => {
  const { cluster, server } = await world(t);
  cluster.put(CONFIG);
  const seen = await lookAt(server, declaredFrom(CONFIG));
  t.equal(judged(seen)['kubernetes-as-declared']?.evidence, 'E0');
});
