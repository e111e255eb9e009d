/** Attacks on `kubernetes@1` that turned it green, or that cost it too much: what looks alike, what a server takes back, what it sends. */
import t from 'tap';
import { parseJson } from '#src/bytes/json.ts';
import { serverDefaults } from '#src/commit/server-defaults.ts';
import { defaultLeaves } from '#src/declare/sources/kubernetes/defaults.ts';
import { declareKubernetes, manifestObjects } from '#src/declare/sources/kubernetes/kubernetes.ts';
import { declaredValue } from '#src/probe/declared.ts';
import { compareObject } from '#src/probe/kubernetes/compare.ts';
import { meansSame } from '#src/probe/kubernetes/normal.ts';
import { beyondBaseline } from '#src/probe/kubernetes/pods.ts';
import { roleManifests } from '#src/probe/kubernetes/role.ts';
import { shownPath } from '#src/probe/kubernetes/shown.ts';
import {
  FakeCluster,
  fakeServer,
  TOKEN,
  type FakeServer,
  type Json,
  type Lie,
} from '../support/fake-kube.ts';
import type { Params } from '../support/probe-targets.ts';
import { declaredFrom, lookAt, openedLeaves, verdicts } from '../support/kube-claims.ts';

const POLICY = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'deny-all', namespace: 'shop' },
  spec: { podSelector: { matchLabels: { port: '80' } }, policyTypes: ['Ingress'] },
};
const NETWORK = 'networking.k8s.io/v1';

t.test('texts at places of free names are compared as texts', async (t) => {
  const cases: readonly (readonly [version: string, kind: string, path: string, a: string, b: string])[] = [
    [NETWORK, 'NetworkPolicy', '/spec/podSelector/matchLabels/port', '80', '080'],
    ['v1', 'Service', '/spec/selector/number', '1', '01'],
    ['v1', 'Service', '/spec/selector/port', '1', '01'],
    ['apps/v1', 'Deployment', '/spec/template/metadata/labels/divisor', '1', '1000m'],
    ['apps/v1', 'Deployment', '/spec/template/metadata/annotations/sizeLimit', '1', '1000m'],
    ['apps/v1', 'Deployment', '/spec/template/spec/nodeSelector/port', '1', '01'],
    ['v1', 'PersistentVolume', '/spec/csi/volumeAttributes/port', '1', '01'],
    [
      'autoscaling/v2',
      'HorizontalPodAutoscaler',
      '/spec/metrics/0/external/metric/selector/matchLabels/value',
      '1',
      '1000m',
    ],
  ];
  for (const [version, kind, path, a, b] of cases) t.notOk(meansSame(version, kind, path, a, b), path);
  t.ok(meansSame(NETWORK, 'NetworkPolicy', '/spec/ingress/0/ports/port=80,protocol=TCP/port', 80, '80'));
  t.ok(
    meansSame(
      'autoscaling/v2',
      'HorizontalPodAutoscaler',
      '/spec/metrics/0/pods/target/averageValue',
      '1k',
      '1e3',
    ),
  );
  t.ok(meansSame('v1', 'Pod', '/spec/containers/name=a/resources/limits/cpu', '1000m', 1));
  t.ok(meansSame('v1', 'Pod', '/spec/containers/name=a/livenessProbe/httpGet/port', '80', 80));
  t.ok(meansSame('v1', 'PersistentVolumeClaim', '/spec/resources/requests/storage', '1Ki', '1024'));

  const cluster = new FakeCluster();
  const server = await fakeServer(cluster);
  t.teardown(() => server.stop());
  cluster.put({ ...POLICY, spec: { ...POLICY.spec, podSelector: { matchLabels: { port: '0080' } } } });
  t.equal(verdicts(await lookAt(server, declaredFrom(POLICY))), 'VIOLATED PROVEN');
});

const leavesOf = (spec: Json) => {
  const { leaves } = declareKubernetes([
    JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'shop' }, spec }),
  ]);
  return new Map(leaves.map((leaf) => [leaf.path.slice('/v1/Pod/shop/p'.length), leaf]));
};
const MOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
const podWith = (name: string, ...volumes: readonly object[]): Json => ({
  containers: [{ name: 'web', image: 'web', volumeMounts: [{ name, mountPath: MOUNT }] }],
  volumes: [{ name, projected: { defaultMode: 420 } }, ...volumes],
});

t.test('a list that differs between two dry runs lets in nothing but what they show', async (t) => {
  const declared = leavesOf({ containers: [{ name: 'web', image: 'web' }] });
  const [first, second] = ['kube-api-access-bbbbb', 'kube-api-access-ccccc'].map((each) =>
    leavesOf(podWith(each)),
  );
  if (first === undefined || second === undefined) throw new Error('two runs');
  const pathOf = (inside: string): string => inside;
  const defaults = new Map(
    defaultLeaves(declared, first, second, { kind: 'Pod', pathOf }).map(({ path, value }) => [
      path,
      declaredValue(value),
    ]),
  );
  const wanted = {
    apiVersion: 'v1',
    kind: 'Pod',
    namespace: 'shop',
    name: 'p',
    leaves: new Map([...declared].map(([path, { value }]) => [path, declaredValue(value)])),
    defaults,
  };
  const options = { knowsDefaults: true, key: undefined, ignores: () => false, declaredAt: '/v1/Pod/shop/p' };
  const compare = (spec: Json) => compareObject(wanted, { leaves: leavesOf(spec) }, options);
  t.match(compare(podWith('kube-api-access-x7k2p')), { changed: [], absent: [], extra: [] }, 'what it adds');
  t.same(
    compare(podWith('kube-api-access-x7k2p', { name: 'root', hostPath: { path: '/' } })).extra,
    ['/spec/volumes/name=root/hostPath/path', '/spec/volumes/name=root/name'],
    'a path of the host among the volumes',
  );
  const disguised = podWith('kube-api-access-x7k2p');
  disguised.volumes = [{ name: 'kube-api-access-x7k2p', hostPath: { path: '/' } }];
  const found = compare(disguised);
  t.same(found.extra, ['/spec/volumes/name=kube-api-access-x7k2p/hostPath/path'], 'under its name');
  t.same(found.absent, ['/spec/volumes/name=kube-api-access-*/projected/defaultMode']);
});

const OTHER = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'web', namespace: 'shop' },
  data: { a: '1' },
};

function defaultsOf(
  server: FakeServer,
  texts: readonly string[],
  ignore: readonly { readonly path: string; readonly reason: string }[] = [],
) {
  const config = {
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
    users: [{ name: 'u', user: { token: TOKEN } }],
  };
  return serverDefaults(manifestObjects(texts), JSON.stringify(config), {
    ignore,
    signal: AbortSignal.timeout(20_000),
  });
}

t.test('an object of which no dry run can be had: what is live beyond it may be a default', async (t) => {
  const cluster = new FakeCluster();
  const server = await fakeServer(cluster);
  t.teardown(() => server.stop());
  cluster.put({ ...POLICY, spec: { ...POLICY.spec, egress: [] } });
  cluster.put({ ...OTHER, data: { a: '1', b: '2' } });
  server.lie = (asked, answer) => {
    if (asked.method === 'PATCH' && asked.path.includes('networkpolicies'))
      Object.assign(answer, { status: 422, body: {} });
  };
  const texts = [JSON.stringify(POLICY), JSON.stringify(OTHER)];
  const { leaves, leftOut } = await defaultsOf(server, texts);
  t.match(leftOut, [/deny-all are not committed/]);
  const declared = openedLeaves([...declareKubernetes(texts).leaves, ...leaves]);
  t.equal(verdicts(await lookAt(server, declared)), 'VIOLATED UNKNOWN', 'a key more in the other object');
  cluster.put(OTHER);
  const seen = await lookAt(server, declared);
  t.equal(verdicts(seen), 'UNKNOWN UNKNOWN');
  t.match(seen.withheld, [{ path: '/whole', reason: /defaults of 1 objects could not be committed/ }]);
  cluster.put({ ...POLICY, spec: { ...POLICY.spec, policyTypes: ['Egress'] } });
  t.equal(verdicts(await lookAt(server, declared)), 'VIOLATED PROVEN', 'a declared leaf');
  cluster.put(POLICY);
  t.equal(verdicts(await lookAt(server, declared)), 'PROVEN PROVEN', 'nothing more than is declared');
});

t.test('what a server makes up in dry runs is told to who commits', async (t) => {
  const cluster = new FakeCluster();
  const server = await fakeServer(cluster);
  t.teardown(() => server.stop());
  let runs = 0;
  server.lie = (asked, { body }) => {
    if (asked.method !== 'PATCH') return;
    body.spec.hostNetwork = runs++ % 2 === 0;
    body.spec.initContainers = [{ name: 'evil', image: 'evil' }];
  };
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'shop' },
    spec: { containers: [{ name: 'web', image: 'web' }] },
  };
  const told = async (ignore: readonly { readonly path: string; readonly reason: string }[] = []) =>
    (await defaultsOf(server, [JSON.stringify(pod)], ignore)).doubtful;
  t.match(await told(), [
    /adds containers that nobody declared.*: \/defaults:v1\.36\/v1\/Pod\/shop\/p\/spec\/initContainers\/name=evil\/image$/,
    /anew each time.*: \/defaults:v1\.36\/v1\/Pod\/shop\/p\/spec\/hostNetwork$/,
  ]);
  const ignore = ['/spec/hostNetwork', '/spec/initContainers'].map((path) => ({ path, reason: 'known' }));
  t.same(await told(ignore), []);
});

t.test('a field that is declared and ignored may have any value', async (t) => {
  const cluster = new FakeCluster();
  const server = await fakeServer(cluster);
  t.teardown(() => server.stop());
  cluster.put({ ...POLICY, spec: { ...POLICY.spec, podSelector: { matchLabels: { port: '81' } } } });
  const ignore = [{ path: '/spec/podSelector/matchLabels/port', reason: 'set elsewhere' }];
  const texts = [JSON.stringify(POLICY)];
  const { leaves } = await defaultsOf(server, texts, ignore);
  const declared = openedLeaves([...declareKubernetes(texts, ignore).leaves, ...leaves]);
  t.equal(verdicts(await lookAt(server, declared)), 'PROVEN PROVEN');
});

t.test('who was seen to differ cannot take it back by refusing the second question', async (t) => {
  const cluster = new FakeCluster();
  const [honest, liar] = [await fakeServer(cluster), await fakeServer(cluster)];
  t.teardown(async () => {
    await honest.stop();
    await liar.stop();
  });
  const own = cluster.put(POLICY);
  const isList = (path: string): boolean => path.endsWith('/networkpolicies');
  for (const status of [404, 403, 500]) {
    const refuses: Lie = ({ path }, answer) => {
      if (/networkpolicies\/[a-z]/.test(path)) Object.assign(answer, { status, body: {} });
    };
    const cases: readonly (readonly [string, Lie])[] = [
      [
        'another content at one revision',
        (asked, answer) => {
          if (isList(asked.path)) answer.body.items[0].spec.policyTypes = ['Egress'];
          refuses(asked, answer);
        },
      ],
      [
        'an object more',
        (asked, answer) => {
          if (isList(asked.path))
            answer.body.items.push({ ...own, metadata: { ...own.metadata, name: 'more', uid: 'u-2' } });
          refuses(asked, answer);
        },
      ],
    ];
    for (const [what, lie] of cases) {
      liar.lie = lie;
      const seen = await lookAt(honest, declaredFrom(POLICY), { endpoints: [`127.0.0.1:${liar.port}`] });
      t.notMatch(verdicts(seen), /PROVEN/, `${what}, then ${status}`);
      const doubted = seen.withheld?.map((each) => each.path) ?? [];
      t.ok(
        ['/agree', '/counts', '/looked'].every((each) => doubted.includes(each)),
        'also what counts tell',
      );
    }
  }
  cluster.put({ ...POLICY, metadata: { name: 'allow-all', namespace: 'shop' } });
  liar.lie = ({ path }, answer) => {
    if (isList(path))
      answer.body.items = answer.body.items.filter((each: Json) => each.metadata.name !== 'allow-all');
    if (path.endsWith('/allow-all')) Object.assign(answer, { status: 500, body: {} });
  };
  const seen = await lookAt(liar, declaredFrom(POLICY), { endpoints: [`127.0.0.1:${honest.port}`] });
  t.notMatch(verdicts(seen), /PROVEN/, 'hidden in lists, and no answer about it');
});

t.test('the baseline of v1.36: calls of the kubelet to a host, sysctls', async (t) => {
  const pod = (container: object, context: object = {}) => ({
    tree: parseJson(
      JSON.stringify({ spec: { containers: [{ name: 'a', ...container }], securityContext: context } }),
      { most: 100, advice: '' },
    ) as ReadonlyMap<string, never>,
  });
  for (const [member, how] of [
    ['livenessProbe', 'httpGet'],
    ['readinessProbe', 'tcpSocket'],
    ['startupProbe', 'httpGet'],
  ] as const)
    t.same(
      beyondBaseline(pod({ [member]: { [how]: { host: '169.254.169.254', port: 80 } } })).map(
        (each) => each.inside,
      ),
      [`/spec/containers/name=a/${member}`],
    );
  for (const hook of ['postStart', 'preStop'])
    t.same(
      beyondBaseline(pod({ lifecycle: { [hook]: { httpGet: { host: '10.0.0.1', port: 80 } } } })).map(
        (each) => each.inside,
      ),
      [`/spec/containers/name=a/lifecycle/${hook}`],
    );
  t.same(beyondBaseline(pod({ livenessProbe: { httpGet: { port: 80, host: '' } } })), []);
  t.same(beyondBaseline(pod({}, { sysctls: [{ name: 'net.ipv4.tcp_rmem', value: '1' }] })), []);
});

t.test('no manifest gets the agent a Role on Secrets, on parts, or on all', async (t) => {
  const of = (apiVersion: string, kind: string, more: object = {}): string =>
    JSON.stringify({ apiVersion, kind, metadata: { name: 'x', namespace: 'shop' }, ...more });
  const definition = (group: string, plural: string): string =>
    of('apiextensions.k8s.io/v1', 'CustomResourceDefinition', {
      spec: { group, names: { kind: 'Foo', plural } },
    });
  const options = { account: 'a', accountNamespace: 't', pods: false, rights: false };
  for (const texts of [
    [of('*/v1', 'Secret')],
    [of('*/v1', 'Foo')],
    [of('v1', 'secret')],
    [of('v1', 'SECRET')],
    [of('v2', 'Secret')],
    [of('/v1', 'Secret')],
    [of('v1', 'Secret '), of('v1', '*')],
    [of('v1', 'Foo'), definition('', 'pods/exec')],
    [of('v1', 'Foo'), definition('', 'secrets')],
    [of('a.example/v1', 'Foo'), definition('a.example', '*')],
    [of('a.example/v1', 'Foo'), definition('a.example', 'foos/proxy')],
  ])
    t.throws(() => roleManifests(texts, options), { code: 'usage' }, texts.join(' '));
  t.match(roleManifests([of('a.example/v1', 'Foo'), definition('a.example', 'foos')], options), /- foos\n/);
  t.match(roleManifests([of('a.example/v1', 'Secret')], options), /a\.example/, 'a kind of its own');
  const namespace = JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
  t.notMatch(roleManifests([namespace], { ...options, pods: true }), /pods|default/, 'what has no namespace');
});

t.test('rules that a controller aggregates are no drift, and a role that joins them is', async (t) => {
  const cluster = new FakeCluster();
  const server = await fakeServer(cluster);
  t.teardown(() => server.stop());
  const role = (name: string, more: object): Json => ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name, labels: { part: 'yes' } },
    ...more,
  });
  const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }];
  const aggregationRule = { clusterRoleSelectors: [{ matchLabels: { part: 'yes' } }] };
  const [part, sum] = [role('part', { rules }), role('sum', { aggregationRule, rules: [] })];
  cluster.put(part);
  cluster.put({ ...sum, rules });
  const look = () => lookAt(server, declaredFrom(part, sum));
  t.equal(verdicts(await look()), 'PROVEN PROVEN');
  cluster.put({ ...part, rules: [{ ...rules[0], verbs: ['*'] }] });
  t.equal(verdicts(await look()), 'VIOLATED PROVEN', 'the rules that are joined are compared');
  cluster.put(part);
  cluster.put(role('more', { rules }));
  t.equal(verdicts(await look()), 'PROVEN VIOLATED', 'nobody declared the role that joins');
});

t.test('what is not there to be found is not absent', async (t) => {
  const cluster = new FakeCluster();
  const server = await fakeServer(cluster);
  t.teardown(() => server.stop());
  const role = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'reads' },
    rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }],
  };
  cluster.put(role);
  const kinds = ['ClusterRole', 'RoleBinding'].map((kind) => `rbac.authorization.k8s.io/v1/${kind}`);
  const rbac = (params: Params) => lookAt(server, declaredFrom(role), { kinds, ...params });
  await t.rejects(rbac({}), {
    code: 'config-invalid',
    message: /RoleBinding is in namespaces, and no declared/,
  });
  t.equal(verdicts(await rbac({ namespaces: ['shop'] }), 'rbac-as-declared'), 'PROVEN PROVEN');
  t.equal(verdicts(await rbac({ kinds: kinds.slice(0, 1) }), 'rbac-as-declared'), 'PROVEN PROVEN');

  const seen = await lookAt(server, declaredFrom(role), { ignore: ['//**'] });
  t.equal(verdicts(seen), 'UNKNOWN UNKNOWN', 'every leaf is ignored');

  const user = 'system:serviceaccount:shop:web';
  const asks = (right: string) =>
    lookAt(server, declaredFrom(role), { what: ['rights'], rights: [`${user} ${right}`] });
  for (const right of ['get secret in shop', 'get deployments in shop', 'get deployment.apps in shop'])
    await t.rejects(asks(right), { code: 'config-invalid', message: /serves no such resource/ }, right);
  await t.rejects(asks('read secrets in shop'), { code: 'config-invalid', message: /no such verb/ });
  await t.rejects(asks('get secrets.none.example'), { code: 'unavailable' });
  for (const right of [
    'get secrets in shop',
    'create pods/exec in shop',
    'get deployments.apps',
    'impersonate users',
    '* *',
  ])
    t.equal(verdicts(await asks(right), 'rights-as-declared', { rights: [right] }), 'PROVEN', right);
});

t.test('names of Secrets do not leave in paths', async (t) => {
  for (const path of [
    '/v1/ServiceAccount/shop/web/secrets/name=s3cret/name',
    '/spec/imagePullSecrets/name=s3cret',
  ])
    t.notMatch(shownPath(path), /s3cret/);
  t.equal(shownPath('/spec/containers/name=web/image'), '/spec/containers/name=web/image');
});

t.test('an answer of more values than objects have is refused before it fills the memory', async (t) => {
  const text = `[${'{},'.repeat(2_000)}{}]`;
  t.throws(() => parseJson(text, { most: 9, advice: '', values: 2_000 }), { code: 'too-large' });
  t.ok(parseJson(text, { most: 9, advice: '', values: 2_002 }));
});
