/**
 * No false alarm: a hundred thousand comparisons of declared objects with live ones, over generated histories of a cluster in
 * which nobody did wrong: rollouts, scaling, drains, evictions, conversion of custom resources, an upgrade, a restore. The server
 * of this test adds defaults, drops zero values, spells quantities its own way, as a real one does.
 */
import fc from 'fast-check';
import t from 'tap';
import type { DeclaredLeaf } from '#src/declare/leaf.ts';
import { defaultLeaves, defaultsPath } from '#src/declare/sources/kubernetes/defaults.ts';
import { leavesOfObject, manifestObjects } from '#src/declare/sources/kubernetes/kubernetes.ts';
import { isOfCluster } from '#src/probe/kubernetes/compare.ts';
import { liveObject, type LiveObject } from '#src/probe/kubernetes/object.ts';
import type { Resource } from '#src/probe/kubernetes/server.ts';
import type { View } from '#src/probe/kubernetes/view.ts';
import { wantedObjects } from '#src/probe/kubernetes/wanted.ts';
import { compareWorld, placedObjects } from '#src/probe/kubernetes/world.ts';
import { parseJson } from '#src/declare/json.ts';
import type { Json } from '../support/fake-kube.ts';
import { openedLeaves } from '../support/kube-claims.ts';

const RESOURCES: readonly Resource[] = [
  ['apps/v1', 'Deployment', 'deployments'],
  ['apps/v1', 'ReplicaSet', 'replicasets'],
  ['v1', 'Pod', 'pods'],
  ['v1', 'Service', 'services'],
  ['v1', 'ConfigMap', 'configmaps'],
  ['v1', 'PersistentVolumeClaim', 'persistentvolumeclaims'],
  ['networking.k8s.io/v1', 'NetworkPolicy', 'networkpolicies'],
  ['example.com/v1', 'Widget', 'widgets'],
].map(([apiVersion = '', kind = '', plural = '']) => ({ apiVersion, kind, plural, namespaced: true }));

const name = fc.stringMatching(/^[a-z][a-z0-9]{0,6}$/);
const cpu = fc.constantFrom(['1000m', '1'], ['0.5', '500m'], ['2', '2'], [1, '1']);
const memory = fc.constantFrom(['1024Mi', '1Gi'], ['1Gi', '1Gi'], ['1073741824', '1Gi']);

/** What is declared, and spellings that the server changes. */
const declaration = fc.record({
  names: fc.uniqueArray(name, { minLength: 6, maxLength: 6 }),
  replicas: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
  cpu,
  memory,
  isHostNetwork: fc.constantFrom(undefined, false),
  env: fc.dictionary(name, fc.string({ maxLength: 8 }), { maxKeys: 4 }),
  data: fc.dictionary(name, fc.string({ maxLength: 12 }), { maxKeys: 6 }),
  ports: fc.uniqueArray(fc.integer({ min: 1, max: 65_535 }), { minLength: 1, maxLength: 3 }),
  ingress: fc.constantFrom(undefined, [], [{ from: [{ podSelector: {} }] }]),
});
type Declared = typeof declaration extends fc.Arbitrary<infer T> ? T : never;

/** The last address that was given out. */
let addresses = 0;

/** Manifests, and what a server makes of them beside defaults: by the index of the manifest. */
function manifestsOf(d: Declared): readonly (readonly [manifest: Json, stored: (live: Json) => void])[] {
  const [web, settings, disk, policy, widget, front] = d.names;
  const meta = (of: string | undefined): Json => ({ name: of, namespace: 'shop', labels: { app: 'web' } });
  const labels = { app: 'web' };
  const env = Object.entries(d.env).map(([key, value]) => ({ name: key, value }));
  const container = {
    name: 'web',
    image: 'web:1',
    ...(env.length > 0 && { env }),
    ports: d.ports.map((containerPort) => ({ containerPort })),
    resources: { requests: { cpu: d.cpu[0], memory: d.memory[0] } },
  };
  return [
    [
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: meta(web),
        spec: {
          ...(d.replicas !== undefined && { replicas: d.replicas }),
          selector: { matchLabels: labels },
          template: {
            metadata: { labels },
            spec: {
              ...(d.isHostNetwork !== undefined && { hostNetwork: d.isHostNetwork }),
              containers: [container],
            },
          },
        },
      },
      ({ spec }) => {
        spec.replicas ??= 1;
        spec.strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } };
        spec.revisionHistoryLimit = 10;
        spec.progressDeadlineSeconds = 600;
        const pod = spec.template.spec;
        delete pod.hostNetwork;
        Object.assign(pod, { restartPolicy: 'Always', dnsPolicy: 'ClusterFirst', securityContext: {} });
        const [own] = pod.containers;
        own.resources.requests = { cpu: d.cpu[1], memory: d.memory[1] };
        own.imagePullPolicy = 'IfNotPresent';
        for (const port of own.ports) port.protocol = 'TCP';
        for (const each of own.env ?? []) if (each.value === '') delete each.value;
      },
    ],
    [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: meta(settings), data: d.data }, dropEmpty('data')],
    [
      {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: meta(disk),
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: d.memory[0] } } },
      },
      (live) => {
        live.metadata.finalizers = ['kubernetes.io/pvc-protection'];
        live.spec.volumeMode = 'Filesystem';
        live.spec.resources.requests.storage = d.memory[1];
      },
    ],
    [
      {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: meta(policy),
        spec: { podSelector: {}, ...(d.ingress !== undefined && { ingress: d.ingress }) },
      },
      ({ spec }) => {
        if (spec.ingress?.length === 0) delete spec.ingress;
        spec.policyTypes = ['Ingress'];
      },
    ],
    [
      {
        apiVersion: 'example.com/v1',
        kind: 'Widget',
        metadata: meta(widget),
        spec: { size: 3, parts: d.ports },
      },
      ({ spec }) => (spec.colour = 'red'),
    ],
    [
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: meta(front),
        spec: { selector: labels, ports: d.ports.map((port) => ({ port, name: `p${port}` })) },
      },
      ({ spec }) => {
        spec.type = 'ClusterIP';
        addresses = (addresses + 1) % 250;
        const ip = `10.0.0.${addresses}`;
        Object.assign(spec, { clusterIP: ip, clusterIPs: [ip], sessionAffinity: 'None' });
        for (const port of spec.ports) Object.assign(port, { protocol: 'TCP', targetPort: port.port });
      },
    ],
  ];
}

function dropEmpty(member: string): (live: Json) => void {
  return (live) => {
    if (Object.keys(live[member]).length === 0) delete live[member];
  };
}

/** What happens to a cluster in its life. Each changes live objects as controllers and people who do nothing wrong do. */
const EVENTS = {
  scale: ({ web }: Cluster, n: number) => web.isScaled && (web.live.spec.replicas = n),
  restart: ({ web }: Cluster, n: number) =>
    (web.live.spec.template.metadata.annotations = { 'kubectl.kubernetes.io/restartedAt': `t${n}` }),
  rollout: ({ web, others }: Cluster, n: number) => {
    web.live.metadata.annotations = { 'deployment.kubernetes.io/revision': String(n) };
    web.live.status = { replicas: n, updatedReplicas: n };
    others.push(ownedBy('apps/v1', 'ReplicaSet', `rs-${n}`, web.live.metadata.uid));
  },
  pods: ({ others }: Cluster, n: number) => {
    const set = others.find(({ kind }) => kind === 'ReplicaSet');
    if (set !== undefined) others.push(ownedBy('v1', 'Pod', `pod-${n}`, set.metadata.uid));
  },
  drain: ({ others }: Cluster, n: number) => {
    const pods = others.filter(({ kind }) => kind === 'Pod');
    for (const pod of pods.slice(0, n)) pod.metadata.deletionTimestamp = 'now';
  },
  evict: ({ others }: Cluster, n: number) => {
    const at = others.findIndex(({ kind }) => kind === 'Pod');
    if (at >= 0 && n % 2 === 0) others.splice(at, 1);
  },
  bind: ({ disk }: Cluster, n: number) => {
    disk.live.spec.volumeName = `pv-${n}`;
    disk.live.metadata.annotations = { 'pv.kubernetes.io/bind-completed': 'yes' };
    disk.live.status = { phase: 'Bound' };
  },
  convert: ({ widget }: Cluster, n: number) => {
    // Stored as another version and converted back: other order, other revision, the same meaning.
    widget.live.spec = Object.fromEntries(Object.entries(widget.live.spec).toReversed());
    widget.live.metadata.generation = n;
  },
  manage: ({ all }: Cluster, n: number) => {
    for (const { live } of all)
      live.metadata.managedFields = [{ manager: `m${n}`, operation: 'Apply', fieldsV1: { 'f:spec': {} } }];
  },
  annotate: ({ all }: Cluster, n: number) => {
    for (const { live } of all.slice(0, n))
      live.metadata.annotations = { ...live.metadata.annotations, tool: `${n}` };
  },
  restore: (cluster: Cluster, n: number) => void (cluster.revision = n),
} as const;
type Event = keyof typeof EVENTS;

interface Kept {
  live: Json;
  readonly isScaled: boolean;
}
interface Cluster {
  readonly all: readonly Kept[];
  readonly web: Kept;
  readonly disk: Kept;
  readonly widget: Kept;
  readonly others: Json[];
  revision: number;
}

const ownedBy = (apiVersion: string, kind: string, of: string, uid: string): Json => ({
  apiVersion,
  kind,
  metadata: {
    name: of,
    namespace: 'shop',
    uid: `${kind}-${of}`,
    labels: { app: 'web', 'kubernetes.io/service-name': 'web' },
    ownerReferences: [{ uid, controller: true }],
  },
  spec: { selector: { matchLabels: { app: 'web' } } },
});

/** Objects that were read before: most of them do not change from one event to the next. */
const known = new Map<string, LiveObject>();

/** As a server gives it. */
function shown(live: Json, revision: number): LiveObject {
  const key = JSON.stringify(live);
  const before = known.get(key);
  if (before !== undefined) return before;
  if (known.size > 1_000) known.clear();
  const read = readShown(live, revision);
  known.set(key, read);
  return read;
}

function readShown(live: Json, revision: number): LiveObject {
  const { apiVersion, kind } = live;
  const resource = RESOURCES.find((each) => each.apiVersion === apiVersion && each.kind === kind);
  if (resource === undefined) throw new Error(kind);
  const metadata = { ...live.metadata, resourceVersion: String(revision) };
  return liveObject(parseJson(JSON.stringify({ ...live, metadata })), resource, 'shop');
}

function viewOf(cluster: Cluster, minor: string): View {
  const objects = [...cluster.all.map(({ live }) => live), ...cluster.others].map((live) =>
    shown(live, ++cluster.revision),
  );
  const lists = RESOURCES.map((resource) => ({
    resource,
    namespace: 'shop',
    objects: objects.filter((each) => each.resource === resource),
    resourceVersion: BigInt(cluster.revision),
    pages: 1,
    fault: undefined,
  }));
  return {
    api: undefined as never,
    facts: { minor, version: `${minor}.3`, cluster: 'c' },
    lists,
    objects: new Map(objects.map((each) => [each.path, each])),
    faults: [],
    again: () => Promise.reject(new Error('nothing is asked again')),
  };
}

function stored([manifest, change]: ReturnType<typeof manifestsOf>[number], i: number): Json {
  const live = structuredClone(manifest);
  live.metadata.uid = `uid-${i}`;
  change(live);
  return live;
}

/** The declaration with the defaults of two dry runs, as `commit --defaults` makes it. */
function committed(manifests: ReturnType<typeof manifestsOf>, minor: string): readonly DeclaredLeaf[] {
  return manifests.flatMap((each, i) => {
    const inside = (json: Json): ReadonlyMap<string, DeclaredLeaf> => {
      const [object] = manifestObjects([JSON.stringify(json)]);
      if (object === undefined) throw new Error('an object');
      const { at, leaves } = leavesOfObject(object);
      return new Map(leaves.map((leaf) => [leaf.path.slice(at.length), { ...leaf, path: leaf.path }]));
    };
    const [declared, first, second] = [inside(each[0]), inside(stored(each, i)), inside(stored(each, i))];
    const at = [...declared.values()][0]?.path.split('/').slice(0, 5).join('/') ?? '';
    const { kind } = each[0];
    const added = defaultLeaves(declared, first, second, { kind, pathOf: (path) => at + path });
    return [
      ...declared.values(),
      ...added
        .filter(({ path }) => !isOfCluster(kind, path.slice(at.length)))
        .map((leaf) => ({ ...leaf, path: defaultsPath(minor, leaf.path) })),
    ];
  });
}

const SETTINGS = {
  closed: true,
  key: undefined,
  ignoresLeaf: () => false,
  ignoresObject: () => false,
  namespace: 'default',
  namespaces: ['shop'],
} as const;
const SCOPE = {
  own: new Set(['shop']),
  closed: new Set(RESOURCES.map(({ apiVersion, kind }) => `${apiVersion}/${kind}`)),
};
const MOST = 100_000;

t.test(
  'no false alarm in a hundred thousand comparisons',
  { timeout: 180_000 },
  async (t): Promise<unknown> => {
    let comparisons = 0;
    let events = 0;
    const began = performance.now();
    const step = fc.tuple(
      fc.constantFrom(...(Object.keys(EVENTS) as Event[])),
      fc.integer({ min: 1, max: 9 }),
    );
    const history = fc.tuple(declaration, fc.array(step, { minLength: 40, maxLength: 40 }));
    for (const [declared, steps] of fc.sample(history, { numRuns: 5_000, seed: 14 })) {
      if (comparisons >= MOST) break;
      const manifests = manifestsOf(declared);
      const wanted = wantedObjects(openedLeaves(committed(manifests, 'v1.36')));
      const placed = placedObjects(wanted, RESOURCES, SETTINGS as never);
      const all = manifests.map((each, i): Kept => ({
        live: stored(each, i),
        isScaled: declared.replicas === undefined,
      }));
      const [web, , disk, , widget] = all;
      if (web === undefined || disk === undefined || widget === undefined) throw new Error('six objects');
      const cluster: Cluster = { all, web, disk, widget, others: [], revision: 100 };
      for (const [event, n] of steps) {
        EVENTS[event](cluster, n);
        events += 1;
        const view = viewOf(cluster, 'v1.36');
        const world = compareWorld(placed, wanted, { view, scope: SCOPE }, SETTINGS);
        comparisons += placed.length;
        const { differing, missing, deleted, extra, undeclared } = world.lists;
        const found = [differing, missing, deleted, extra, undeclared].flat();
        if (found.length > 0 || world.gaps.length > 0)
          return t.fail(`after ${event} ${n}: ${JSON.stringify(found)} ${world.gaps.join()}`);
      }
      // After an upgrade of the server nothing is said of what it adds, and nothing is an alarm.
      const upgraded = compareWorld(
        placed,
        wanted,
        { view: viewOf(cluster, 'v1.37'), scope: SCOPE },
        SETTINGS,
      );
      const { differing, missing, deleted, extra, undeclared } = upgraded.lists;
      if ([differing, missing, deleted, extra, undeclared].flat().length > 0)
        return t.fail(`after an upgrade: ${JSON.stringify(upgraded.lists)}`);
      if (upgraded.gaps.length === 0) return t.fail('an upgrade makes defaults unknown');
      // And a real change of the same objects is seen, whatever happened before.
      const [label] = Object.keys(declared.data);
      cluster.web.live.spec.template.spec.containers[0].image = 'evil:1';
      const changed = compareWorld(
        placed,
        wanted,
        { view: viewOf(cluster, 'v1.36'), scope: SCOPE },
        SETTINGS,
      );
      if (changed.lists.differing.length !== 1) return t.fail(`a change is missed ${label ?? ''}`);
    }
    t.ok(comparisons >= MOST, `${comparisons} comparisons, none an alarm`);
    t.comment(
      `${comparisons} comparisons of objects over ${events} events in ${Math.round(performance.now() - began)} ms`,
    );
    return undefined;
  },
);
