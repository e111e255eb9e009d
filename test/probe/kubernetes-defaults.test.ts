/** What `commit kubernetes --defaults` finds, who may have a say in it, and the Roles that the agent prints. */
import t, { type Test } from 'tap';
import { parseAllDocuments } from 'yaml';
import { serverDefaults } from '#src/commit/server-defaults.ts';
import { declareKubernetes, manifestObjects } from '#src/declare/sources/kubernetes/kubernetes.ts';
import { readKubeconfig } from '#src/probe/kubernetes/credentials.ts';
import { roleManifests } from '#src/probe/kubernetes/role.ts';
import { FakeCluster, fakeServer, TOKEN, type FakeServer, type Json } from '../support/fake-kube.ts';
import { lookAt, openedLeaves, verdicts } from '../support/kube-claims.ts';

const POLICY = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'deny-all', namespace: 'shop' },
  spec: { podSelector: {}, ingress: [] },
};
const SERVICE = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'shop' },
  spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
};
const SECRET = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 's', namespace: 'shop' },
  data: { a: 'YQ==' },
};

const configOf = (
  server: Pick<FakeServer, 'target' | 'secrets'>,
  user: Json = { token: TOKEN },
  more: Json = {},
): Json => ({
  'current-context': 'c',
  contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
  clusters: [
    {
      name: 'c',
      cluster: {
        server: server.target,
        'certificate-authority-data': Buffer.from(server.secrets['ca'] ?? '').toString('base64'),
        ...more,
      },
    },
  ],
  users: [{ name: 'u', user }],
});

async function world(t: Test, ...objects: readonly object[]) {
  const cluster = new FakeCluster();
  cluster.adds = true;
  const server = await fakeServer(cluster);
  t.teardown(() => server.stop());
  for (const each of objects) cluster.put(each);
  const texts = objects.map((each) => JSON.stringify(each));
  const found = (ignore: readonly { path: string; reason: string }[] = []) =>
    serverDefaults(manifestObjects(texts), JSON.stringify(configOf(server)), {
      ignore,
      signal: AbortSignal.timeout(20_000),
    });
  const declared = async (...args: Parameters<typeof found>) =>
    openedLeaves([...declareKubernetes(texts, args[0]).leaves, ...(await found(...args)).leaves]);
  return { cluster, server, found, declared };
}

t.test('what the server adds, chooses and drops', async (t) => {
  const { cluster, server, found, declared } = await world(t, POLICY, SERVICE, SECRET);
  const { leaves, version, leftOut } = await found();
  t.equal(version, 'v1.36.3');
  t.same(leftOut, []);
  const policy = '/defaults:v1.36/networking.k8s.io~1v1/NetworkPolicy/shop/deny-all/spec';
  t.same(
    leaves.map(({ path }) => path),
    [
      `${policy}/policyTypes`,
      `${policy}/policyTypes/0`,
      `${policy}/ingress`,
      '/defaults:v1.36/v1/Service/shop/web/spec/clusterIP',
      '/defaults:v1.36/v1/Service/shop/web/spec/type',
    ],
  );
  const patches = server.asked.filter((each) => each.startsWith('PATCH '));
  t.equal(patches.length, 4, 'two of each, and none of the Secret');
  t.ok(
    patches.every((each) => /\/tallystick-[0-9a-f]{12}$/.test(each)),
    'never under the name of the live object',
  );
  t.equal(verdicts(await lookAt(server, await declared())), 'PROVEN PROVEN');

  const service: Json = cluster.get('v1', 'Service', 'shop', 'web');
  cluster.adds = false;
  cluster.put({ ...service, spec: { ...service.spec, clusterIP: '10.0.0.99' } });
  t.equal(verdicts(await lookAt(server, await declared())), 'PROVEN PROVEN', 'another address is no change');
  cluster.put({ ...service, spec: { ...service.spec, externalIPs: ['1.2.3.4'] } });
  const seen = await lookAt(server, await declared());
  t.equal(
    verdicts(seen),
    'VIOLATED PROVEN',
    'a field more is one, also if it was there when defaults were committed',
  );
  t.match(seen.value['extra'], [{ path: '/v1/Service/shop/web/spec/externalIPs' }]);
  cluster.put({ ...service, spec: { ...service.spec, type: 'LoadBalancer' } });
  t.equal(
    verdicts(await lookAt(server, await declared())),
    'VIOLATED PROVEN',
    'another value than the default',
  );

  cluster.put(service);
  const before = await declared();
  cluster.version = 'v1.37.0';
  const upgraded = await lookAt(server, before);
  t.equal(verdicts(upgraded), 'UNKNOWN UNKNOWN');
  t.match(upgraded.withheld, [
    { path: '/whole', reason: /defaults of v1\.36 were committed, and the API server is v1\.37/ },
  ]);
});

t.test('a rule more in a policy that lets nothing in', async (t) => {
  const { cluster, server, declared } = await world(t, POLICY);
  const known = await declared();
  const policy: Json = cluster.get('networking.k8s.io/v1', 'NetworkPolicy', 'shop', 'deny-all');
  cluster.put({ ...policy, spec: { ...policy.spec, ingress: [{}] } });
  t.equal(verdicts(await lookAt(server, known)), 'VIOLATED PROVEN', 'ingress: [] was declared, and dropped');
  cluster.put({ ...policy, spec: { ...policy.spec, podSelector: { matchLabels: { a: 'b' } } } });
  t.equal(verdicts(await lookAt(server, known)), 'VIOLATED PROVEN', 'it selects fewer pods');
});

t.test('what is ignored may be anything; what the server changes is refused', async (t) => {
  const { server, found, declared } = await world(t, SERVICE);
  const ignore = [{ path: '/spec/type', reason: 'chosen elsewhere' }];
  t.equal(verdicts(await lookAt(server, await declared(ignore))), 'PROVEN PROVEN');
  server.lie = (asked, { body }) => {
    if (asked.method === 'PATCH') body.spec.selector.app = 'other';
  };
  await t.rejects(found(), {
    code: 'config-invalid',
    message: /changes \/v1\/Service\/shop\/web\/spec\/selector\/app/,
  });
  server.lie = (asked, { body }) => {
    if (asked.method === 'PATCH') delete body.spec.selector;
  };
  await t.rejects(found(), { code: 'config-invalid', message: /selector/ });
  server.lie = (asked, answer) => {
    if (asked.method === 'PATCH') Object.assign(answer, { status: 403, body: {} });
  };
  await t.rejects(found(), { code: 'unavailable', message: /create and patch/ });
  server.lie = (asked, answer) => {
    if (asked.method === 'PATCH') Object.assign(answer, { status: 422, body: {} });
  };
  t.match(await found(), { leaves: [], leftOut: [/under another name/] });
});

t.test('kubeconfigs that are not taken, and no word of theirs is said', async (t) => {
  const server = { target: 'https://127.0.0.1:6443', secrets: { ca: 'CA' } };
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['a program', JSON.stringify(configOf(server, { exec: { command: 's3cret' } })), /exec, and no program/],
    [
      'no verification',
      JSON.stringify(configOf(server, undefined, { 'insecure-skip-tls-verify': true })),
      /give the CA/,
    ],
    ['a proxy', JSON.stringify(configOf(server, undefined, { 'proxy-url': 'http://s3cret' })), /proxy-url/],
    ['a file', JSON.stringify(configOf(server, { tokenFile: '/s3cret' })), /tokenFile/],
    ['another identity', JSON.stringify(configOf(server, { token: 's3cret', as: 'admin' })), /has as/],
    ['nothing', JSON.stringify(configOf(server, {})), /no token/],
    ['no YAML', 'a: "s3cret', /not one document/],
    ['two documents', 'a: 1\n---\nb: s3cret', /not one document/],
    ['no context', JSON.stringify({ users: 's3cret' }), /names no cluster/],
  ];
  for (const [what, text, says] of cases) {
    const told = (() => {
      try {
        readKubeconfig(text);
        return '';
      } catch (error) {
        return error instanceof Error ? error.message : '';
      }
    })();
    t.match(told, says, what);
    t.notMatch(told, /s3cret/, what);
  }
});

const WIDGET = { apiVersion: 'e.com/v1', kind: 'Gateway', metadata: { name: 'g', namespace: 'shop' } };
const WIDE = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } };

t.test('the printed Roles', async (t) => {
  const text = (options: Json = {}): Json[] =>
    parseAllDocuments(
      roleManifests(
        [POLICY, SERVICE, SECRET, { ...SERVICE, metadata: { name: 'x' } }, WIDGET, WIDE].map((each) =>
          JSON.stringify(each),
        ),
        {
          account: 'agent',
          accountNamespace: 'tallystick',
          pods: false,
          rights: false,
          ...options,
        },
      ),
    ).map((each): Json => each.toJS());
  const documents = text();
  t.same(
    documents.map(({ kind, metadata }) => [kind, metadata.namespace]),
    [
      ['ClusterRole', undefined],
      ['ClusterRoleBinding', undefined],
      ['Role', 'default'],
      ['RoleBinding', 'default'],
      ['Role', 'shop'],
      ['RoleBinding', 'shop'],
    ],
  );
  const rules = (from: Json[]): Json[] => from.flatMap((each) => each.rules ?? []);
  t.ok(
    rules(documents).every(({ verbs }) =>
      verbs.every((verb: string) => ['get', 'list', 'watch'].includes(verb)),
    ),
  );
  t.notMatch(JSON.stringify(rules(documents)), /secrets|\*/);
  t.match(JSON.stringify(rules(documents)), /"gateways"/);
  t.match(JSON.stringify(rules(documents)), /"networkpolicies"/);
  const more = rules(text({ pods: true, rights: true }));
  t.match(JSON.stringify(more), /"pods"/);
  t.same(
    more.filter(({ verbs }) => verbs.includes('create')).map(({ resources }) => resources),
    [['subjectaccessreviews']],
  );
  const secrets = (): string =>
    roleManifests([JSON.stringify(SECRET)], {
      account: 'a',
      accountNamespace: 'b',
      pods: false,
      rights: false,
    });
  t.throws(secrets, { code: 'usage' });
});
