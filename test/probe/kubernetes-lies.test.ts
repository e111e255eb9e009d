/** Each lie of an API server, told to `kubernetes@1` by a server in this process: what it is worth, with one server and with two. */
import t, { type Test } from 'tap';
import { FakeCluster, fakeServer, type FakeServer, type Json, type Lie } from '../support/fake-kube.ts';
import { makeKubernetesProbe } from '#src/probe/kubernetes/probe.ts';
import { look } from '../support/probe-targets.ts';
import { declaredFrom, judged, lookAt, verdicts } from '../support/kube-claims.ts';

const POLICY = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'deny-all', namespace: 'shop' },
  spec: { podSelector: {}, policyTypes: ['Ingress'] },
};
const DIGEST = `sha256:${'a'.repeat(64)}`;
const OTHER = `sha256:${'b'.repeat(64)}`;
const DEPLOYMENT = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop' },
  spec: {
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'web', image: `shop/web@${DIGEST}` }] },
    },
  },
};
const configs = Array.from({ length: 600 }, (_, i) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: `c${String(i).padStart(4, '0')}`, namespace: 'shop' },
  data: { n: `number ${i}` },
}));
const DECLARED = declaredFrom(POLICY, DEPLOYMENT, ...configs);

interface World {
  readonly cluster: FakeCluster;
  readonly honest: FakeServer;
  readonly liar: FakeServer;
}

async function world(t: Test): Promise<World> {
  const cluster = new FakeCluster();
  const [honest, liar] = [await fakeServer(cluster), await fakeServer(cluster)];
  t.teardown(() => Promise.all([honest.stop(), liar.stop()]));
  for (const each of [POLICY, DEPLOYMENT, ...configs]) cluster.put(each);
  return { cluster, honest, liar };
}

/** Looks through the liar alone, then through both, and gives the verdicts of the pack. */
async function both(t: Test, lie: Lie): Promise<readonly [string, string]> {
  const w = await world(t);
  w.liar.lie = lie;
  const alone = await lookAt(w.liar, DECLARED).catch((error: unknown) => error as Error);
  const together = await lookAt(w.honest, DECLARED, { endpoints: [`127.0.0.1:${w.liar.port}`] }).catch(
    (error: unknown) => error as Error,
  );
  const told = (seen: typeof alone): string => (seen instanceof Error ? seen.message : verdicts(seen));
  return [told(alone), told(together)];
}

const isList = (path: string, plural: string): boolean => path.endsWith(`/${plural}`);
const without = (body: Json, name: string): void => {
  body.items = body.items.filter((each: Json) => each.metadata.name !== name);
};

const LIES: readonly (readonly [
  what: string,
  lie: Lie,
  alone: string | RegExp,
  together: string | RegExp,
])[] = [
  ['the truth', () => undefined, 'PROVEN PROVEN', 'PROVEN PROVEN'],
  [
    'hides a NetworkPolicy everywhere',
    ({ path }, answer) => {
      if (isList(path, 'networkpolicies')) without(answer.body, 'deny-all');
      if (path.endsWith('/networkpolicies/deny-all')) Object.assign(answer, { status: 404, body: {} });
    },
    'VIOLATED PROVEN',
    'CONTRADICTED CONTRADICTED',
  ],
  [
    'hides a NetworkPolicy in lists alone',
    ({ path }, answer) => {
      if (isList(path, 'networkpolicies')) without(answer.body, 'deny-all');
    },
    'CONTRADICTED CONTRADICTED',
    'CONTRADICTED CONTRADICTED',
  ],
  [
    'swaps an image',
    ({ path }, { body }) => {
      for (const each of isList(path, 'deployments')
        ? body.items
        : path.endsWith('/deployments/web')
          ? [body]
          : [])
        each.spec.template.spec.containers[0].image = `shop/web@${OTHER}`;
    },
    'VIOLATED PROVEN',
    'CONTRADICTED CONTRADICTED',
  ],
  [
    'swaps an image once',
    (() => {
      let left = 2;
      return ({ path }, { body }) => {
        if (isList(path, 'deployments') && left-- > 0)
          body.items[0].spec.template.spec.containers[0].image = `shop/web@${OTHER}`;
      };
    })(),
    'VIOLATED PROVEN',
    'UNKNOWN UNKNOWN',
  ],
  [
    'drops a page, and says the number that it dropped',
    ({ path, query }, answer) => {
      if (isList(path, 'configmaps') && query.has('continue') && answer.body.metadata.continue !== undefined)
        answer.body.items = [];
    },
    // The declared objects on that page are shown when they are asked for.
    'CONTRADICTED CONTRADICTED',
    'CONTRADICTED CONTRADICTED',
  ],
  [
    'an old state of one kind',
    ({ path }, { body }) => {
      if (!isList(path, 'networkpolicies')) return;
      body.metadata.resourceVersion = '900';
      body.items = [];
    },
    'UNKNOWN UNKNOWN',
    'UNKNOWN UNKNOWN',
  ],
  [
    'an old state of everything',
    ({ path, query }, { body }) => {
      if (!Array.isArray(body.items) || query.has('continue')) return;
      body.metadata.resourceVersion = '900';
      if (isList(path, 'networkpolicies')) body.items = [];
      for (const each of body.items) each.metadata.resourceVersion = '890';
    },
    // Its own numbers hang together, but a GET shows what its list lacks at a newer state.
    'UNKNOWN UNKNOWN',
    'UNKNOWN UNKNOWN',
  ],
  [
    'a page that it says will come, and does not: of objects that nobody declared, too',
    ({ path }, { body }) => {
      if (isList(path, 'deployments')) body.metadata.remainingItemCount = 3;
    },
    'UNKNOWN UNKNOWN',
    'UNKNOWN UNKNOWN',
  ],
  [
    'another namespace in a list',
    ({ path }, { body }) => {
      if (isList(path, 'deployments')) body.items[0].metadata.namespace = 'other';
    },
    /of another place/,
    /of another place/,
  ],
  [
    'another cluster',
    ({ path }, { body }) => void (path.endsWith('/kube-system') && (body.metadata.uid = 'x')),
    /UID/,
    /UID/,
  ],
  [
    'a redirect',
    (_, answer) => void Object.assign(answer, { status: 302, body: {} }),
    /redirect/,
    /redirect/,
  ],
  [
    'no JSON',
    ({ path }, answer) => void (path === '/version' && (answer.body = 'v1.36.3')),
    /version/,
    /version/,
  ],
];

for (const [what, lie, alone, together] of LIES)
  t.test(what, async (t) => {
    const [one, two] = await both(t, lie);
    t.match(one, alone, 'alone');
    t.match(two, together, 'beside an honest one');
  });

t.test('delays', async (t) => {
  const { liar } = await world(t);
  liar.lie = ({ path }) => (isList(path, 'deployments') ? new Promise(() => undefined) : undefined);
  await t.rejects(
    look(makeKubernetesProbe(300), liar.target, {}, { declared: DECLARED, secrets: liar.secrets }),
    {
      code: 'unavailable',
      message: /none within 300 ms/,
    },
  );
});

t.test('a stranger on a page that is dropped is seen by another server alone', async (t) => {
  const { cluster, honest, liar } = await world(t);
  cluster.put({ ...POLICY, metadata: { name: 'allow-all', namespace: 'shop' } });
  liar.lie = ({ path }, answer) => {
    if (isList(path, 'networkpolicies')) without(answer.body, 'allow-all');
    if (path.endsWith('/allow-all')) Object.assign(answer, { status: 404, body: {} });
  };
  t.equal(verdicts(await lookAt(liar, DECLARED)), 'PROVEN PROVEN', 'one server hides it');
  const seen = await lookAt(liar, DECLARED, { endpoints: [`127.0.0.1:${honest.port}`] });
  t.equal(verdicts(seen), 'CONTRADICTED CONTRADICTED');
  t.match(seen.value['conflicts'], [{ path: '/networking.k8s.io~1v1/NetworkPolicy/shop/allow-all' }]);
});

t.test('what changes between two servers is no lie', async (t) => {
  const { cluster, honest, liar } = await world(t);
  const change: Lie = ({ path }, { body }) => {
    // After the first server has answered, and before the second is asked.
    if (isList(path, 'networkpolicies')) {
      cluster.put({ ...POLICY, metadata: { name: 'new', namespace: 'shop' } });
      cluster.put({
        ...(DEPLOYMENT as Json),
        metadata: { ...DEPLOYMENT.metadata, labels: { a: String(body.items.length) } },
      });
      cluster.remove('v1', 'ConfigMap', 'shop', 'c0001');
    }
  };
  honest.lie = change;
  const seen = await lookAt(honest, DECLARED, { endpoints: [`127.0.0.1:${liar.port}`] });
  t.same(seen.value['conflicts'], []);
  t.notMatch(verdicts(seen), /CONTRADICTED/);
});

t.test('several versions of servers say nothing of each other', async (t) => {
  const { cluster, honest, liar } = await world(t);
  liar.lie = ({ path }, { body }) => {
    if (path === '/version') body.gitVersion = 'v1.36.4';
    if (isList(path, 'networkpolicies')) body.items = [];
  };
  const seen = await lookAt(honest, DECLARED, { endpoints: [`127.0.0.1:${liar.port}`] });
  t.notMatch(verdicts(seen), /CONTRADICTED/);
  t.match(seen.withheld, [{ path: '/agree' }]);
  t.ok(cluster.uid);
});

const RIGHT = 'system:serviceaccount:shop:web get secrets in shop';
const BINDING = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'RoleBinding',
  metadata: { name: 'reads', namespace: 'shop' },
  roleRef: { kind: 'Role', name: 'reads', apiGroup: 'rbac.authorization.k8s.io' },
  subjects: [{ kind: 'ServiceAccount', name: 'web', namespace: 'shop' }],
};
const ROLE = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'Role',
  metadata: { name: 'reads', namespace: 'shop' },
  rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }],
};

/** What reviews say, whether roles grant it, whether roles decide, what the server does with a read, and the verdict. */
const RIGHTS: readonly (readonly [
  what: string,
  review: Json,
  granted: boolean,
  isRbac: boolean,
  read: 'lets through' | 'denies' | 'admission' | undefined,
  verdict: string,
  evidence: string,
])[] = [
  ['refused', { allowed: false }, false, true, undefined, 'PROVEN', 'E0'],
  ['granted', { allowed: true }, true, true, undefined, 'VIOLATED', 'E0'],
  ['refused, and denied', { allowed: false }, false, true, 'denies', 'PROVEN', 'E0'],
  ['another authorizer grants it', { allowed: true }, false, true, undefined, 'UNKNOWN', 'E0'],
  ['another authorizer denies it', { allowed: false, denied: true }, true, true, undefined, 'UNKNOWN', 'E0'],
  ['roles do not decide', { allowed: false }, true, false, undefined, 'UNKNOWN', 'E0'],
  ['a review that lies, by the roles', { allowed: false }, true, true, undefined, 'CONTRADICTED', 'E0'],
  [
    'a review that lies, and the read is let through',
    { allowed: false },
    false,
    true,
    'lets through',
    'CONTRADICTED',
    'E1',
  ],
  ['admission answers with 403, too', { allowed: false }, false, true, 'admission', 'PROVEN', 'E0'],
];

for (const [what, answer, granted, isRbac, read, verdict, evidence] of RIGHTS)
  t.test(`rights: ${what}`, async (t) => {
    const { cluster, honest } = await world(t);
    if (granted) for (const each of [ROLE, BINDING]) cluster.put(each);
    honest.users.set('web-token', 'system:serviceaccount:shop:web');
    honest.review = (spec: Json) =>
      spec.resourceAttributes.resource === 'clusterroles'
        ? { allowed: true, reason: isRbac ? 'RBAC: allowed by ClusterRoleBinding "x"' : 'webhook' }
        : answer;
    honest.lie = ({ path }, said) => {
      if (!path.includes('/secrets/') || read === 'lets through') return;
      const message =
        read === 'denies' ? 'secrets "x" is forbidden: User "web" cannot get resource "secrets"' : 'policy';
      Object.assign(said, { status: 403, body: { reason: 'Forbidden', message } });
    };
    const secrets = read === undefined ? {} : { subject: 'web-token' };
    const seen = await lookAt(honest, DECLARED, { what: ['rights'], rights: [RIGHT] }, secrets);
    t.match(judged(seen, 'rights-as-declared', { rights: [RIGHT] })['rights-refused'], { verdict, evidence });
  });

const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web-1', namespace: 'shop' },
  spec: { containers: [{ name: 'web', image: `shop/web@${DIGEST}` }] },
  status: { phase: 'Running', containerStatuses: [{ name: 'web', imageID: `shop/web@${DIGEST}` }] },
};

const IMAGES: readonly (readonly [what: string, pod: (pod: Json) => void, params: Json, verdict: string])[] =
  [
    ['the declared digest', () => undefined, {}, 'PROVEN'],
    ['another image', (pod) => (pod.spec.containers[0].image = `shop/web@${OTHER}`), {}, 'VIOLATED'],
    [
      'a digest of a platform, not named',
      (pod) => (pod.status.containerStatuses[0].imageID = `x@${OTHER}`),
      {},
      'UNKNOWN',
    ],
    [
      'a digest of a platform, named',
      (pod) => (pod.status.containerStatuses[0].imageID = `x@${OTHER}`),
      { platforms: [`${DIGEST} ${OTHER}`] },
      'PROVEN',
    ],
    [
      'another digest than those of the platforms',
      (pod) => (pod.status.containerStatuses[0].imageID = `x@sha256:${'c'.repeat(64)}`),
      { platforms: [`${DIGEST} ${OTHER}`] },
      'VIOLATED',
    ],
    ['not started', (pod) => (pod.status = { phase: 'Pending' }), {}, 'UNKNOWN'],
    ['a container more', (pod) => pod.spec.containers.push({ name: 'x', image: 'x' }), {}, 'VIOLATED'],
    [
      'a debugging container',
      (pod) => (pod.spec.ephemeralContainers = [{ name: 'x', image: 'x' }]),
      {},
      'VIOLATED',
    ],
  ];

for (const [what, change, params, verdict] of IMAGES)
  t.test(`images: ${what}`, async (t) => {
    const { cluster, honest } = await world(t);
    const web = cluster.get('apps/v1', 'Deployment', 'shop', 'web');
    const set = cluster.put({
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: {
        name: 'web-x',
        namespace: 'shop',
        ownerReferences: [{ uid: web.metadata.uid, kind: 'Deployment' }],
      },
    });
    const pod: Json = structuredClone(POD);
    pod.metadata.ownerReferences = [{ uid: set.metadata.uid, kind: 'ReplicaSet' }];
    change(pod);
    cluster.put(pod);
    const asked = { what: ['images'], namespaces: ['shop'], ...params };
    const seen = await lookAt(honest, DECLARED, asked);
    t.equal(verdicts(seen, 'images-as-declared', asked), verdict);
  });

t.test('images: pods of an earlier revision are being replaced, and then they are not', async (t) => {
  const { cluster, honest } = await world(t);
  const put = (status: Json): Json =>
    cluster.put({ ...DEPLOYMENT, metadata: { ...DEPLOYMENT.metadata, generation: 2 }, status });
  const web = put({ observedGeneration: 2, replicas: 2, updatedReplicas: 1 });
  const set = cluster.put({
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: 'web-old',
      namespace: 'shop',
      ownerReferences: [{ uid: web.metadata.uid, kind: 'Deployment' }],
    },
  });
  const pod: Json = structuredClone(POD);
  pod.metadata.ownerReferences = [{ uid: set.metadata.uid, kind: 'ReplicaSet' }];
  pod.spec.containers[0].image = `shop/web@${OTHER}`;
  cluster.put(pod);
  const asked = { what: ['images'], namespaces: ['shop'] };
  const told = async (): Promise<string> =>
    verdicts(await lookAt(honest, DECLARED, asked), 'images-as-declared', asked);
  t.equal(await told(), 'UNKNOWN');
  put({ observedGeneration: 2, replicas: 2, updatedReplicas: 2 });
  t.equal(await told(), 'VIOLATED');
});

const BEYOND: readonly (readonly [what: string, pod: (spec: Json) => void])[] = [
  ['privileged', (spec) => (spec.containers[0].securityContext = { privileged: true })],
  [
    'an init container',
    (spec) => (spec.initContainers = [{ name: 'i', securityContext: { privileged: true } }]),
  ],
  [
    'a debugging container',
    (spec) => (spec.ephemeralContainers = [{ name: 'i', securityContext: { privileged: true } }]),
  ],
  ['hostNetwork', (spec) => (spec.hostNetwork = true)],
  ['hostPID', (spec) => (spec.hostPID = true)],
  ['hostPath', (spec) => (spec.volumes = [{ name: 'v', hostPath: { path: '/' } }])],
  ['a capability', (spec) => (spec.containers[0].securityContext = { capabilities: { add: ['SYS_ADMIN'] } })],
  ['a host port', (spec) => (spec.containers[0].ports = [{ containerPort: 80, hostPort: 80 }])],
  ['seccomp', (spec) => (spec.securityContext = { seccompProfile: { type: 'Unconfined' } })],
  ['a sysctl', (spec) => (spec.securityContext = { sysctls: [{ name: 'kernel.msgmax', value: '1' }] })],
  ['HostProcess', (spec) => (spec.securityContext = { windowsOptions: { hostProcess: true } })],
  ['/proc', (spec) => (spec.containers[0].securityContext = { procMount: 'Unmasked' })],
];

t.test('pods beyond the baseline', async (t) => {
  const { cluster, honest } = await world(t);
  const asked = { what: ['pods'], namespaces: ['shop'] };
  const told = async (): Promise<string> =>
    verdicts(await lookAt(honest, DECLARED, asked), 'no-privileged-pods', asked);
  t.equal(await told(), 'UNKNOWN', 'no pods at all: that shows nothing');
  cluster.put(POD);
  t.equal(await told(), 'PROVEN');
  for (const [what, change] of BEYOND) {
    const pod: Json = structuredClone(POD);
    change(pod.spec);
    cluster.put(pod);
    t.equal(await told(), 'VIOLATED', what);
  }
});
