/**
 * An API server in this process, as far as `kubernetes@1` asks: versions, discovery, lists in pages of one state, objects,
 * reviews. Each answer can be made a lie before it is sent. No admission, no controllers, no defaults.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { certificate, folder } from './e3-targets.ts';

// oxlint-disable-next-line typescript/no-explicit-any -- objects of Kubernetes, which tests change in any place
export type Json = any;

/** Kinds that it serves: apiVersion, kind, plural, whether in namespaces. */
const KINDS: readonly (readonly [string, string, string, boolean])[] = [
  ['v1', 'Pod', 'pods', true],
  ['v1', 'ConfigMap', 'configmaps', true],
  ['v1', 'Secret', 'secrets', true],
  ['v1', 'Service', 'services', true],
  ['v1', 'Namespace', 'namespaces', false],
  ['v1', 'ServiceAccount', 'serviceaccounts', true],
  ['apps/v1', 'Deployment', 'deployments', true],
  ['apps/v1', 'ReplicaSet', 'replicasets', true],
  ['apps/v1', 'StatefulSet', 'statefulsets', true],
  ['apps/v1', 'DaemonSet', 'daemonsets', true],
  ['batch/v1', 'CronJob', 'cronjobs', true],
  ['batch/v1', 'Job', 'jobs', true],
  ['networking.k8s.io/v1', 'NetworkPolicy', 'networkpolicies', true],
  ['rbac.authorization.k8s.io/v1', 'Role', 'roles', true],
  ['rbac.authorization.k8s.io/v1', 'RoleBinding', 'rolebindings', true],
  ['rbac.authorization.k8s.io/v1', 'ClusterRole', 'clusterroles', false],
  ['rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', 'clusterrolebindings', false],
];

/** What a cluster has, for one or several servers in front of it. */
export class FakeCluster {
  readonly uid = randomUUID();
  readonly objects = new Map<string, Json>();
  revision = 1000;
  version = 'v1.36.3';
  /** Whether it adds defaults, as dry runs show them. */
  adds = false;

  /** Puts an object as it is, with uid and revision; gives it back. */
  put(object: Json): Json {
    const key = keyOf(
      object['apiVersion'],
      object['kind'],
      object['metadata'].namespace ?? '',
      object['metadata'].name,
    );
    const before = this.objects.get(key);
    this.revision += 1;
    const made = this.adds ? withDefaults(object) : structuredClone(object);
    made['metadata'] = {
      ...made['metadata'],
      uid: made['metadata'].uid ?? before?.['metadata'].uid ?? randomUUID(),
      resourceVersion: String(this.revision),
      creationTimestamp: '2026-11-30T00:00:00Z',
    };
    this.objects.set(key, made);
    return made;
  }

  get(apiVersion: string, kind: string, namespace: string, name: string): Json {
    return this.objects.get(keyOf(apiVersion, kind, namespace, name));
  }

  remove(apiVersion: string, kind: string, namespace: string, name: string): void {
    this.revision += 1;
    this.objects.delete(keyOf(apiVersion, kind, namespace, name));
  }
}

/** Changes an answer: its status and body may be changed in place, or given anew. */
export type Lie = (
  asked: {
    readonly method: string;
    readonly path: string;
    readonly query: URLSearchParams;
    readonly body: Json;
  },
  answer: { status: number; body: Json },
) => void | Promise<void>;

export interface FakeServer {
  readonly target: string;
  readonly port: number;
  /** Secrets of targets.yaml, as texts. */
  readonly secrets: Readonly<Record<string, string>>;
  /** `METHOD path` of each request. */
  readonly asked: string[];
  lie: Lie | undefined;
  /** Reviews: whether a right is granted. */
  review: (spec: Json) => Json;
  /** Who a token is. */
  readonly users: Map<string, string>;
  stop(): Promise<void>;
}

export const TOKEN = 'agent-token';
const dir = folder();

export async function fakeServer(cluster: FakeCluster): Promise<FakeServer> {
  const pair = certificate(dir, 'p256');
  const snapshots = new Map<string, { readonly items: readonly Json[]; readonly revision: number }>();
  const fake: Omit<FakeServer, 'target' | 'port' | 'secrets' | 'stop'> = {
    asked: [],
    lie: undefined,
    review: () => ({ allowed: false }),
    users: new Map([[TOKEN, 'system:serviceaccount:tallystick:agent']]),
  };
  const server = createServer({ cert: pair.cert, key: pair.key }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'https://fake');
      const text = Buffer.concat(chunks).toString();
      const asked = {
        method: request.method ?? '',
        path: url.pathname,
        query: url.searchParams,
        body: text === '' ? {} : JSON.parse(text),
      };
      fake.asked.push(`${asked.method} ${asked.path}`);
      const user = fake.users.get((request.headers.authorization ?? '').replace('Bearer ', ''));
      const answer =
        user === undefined ? failure(401, 'Unauthorized') : answerTo(cluster, snapshots, fake, asked, user);
      void (async () => {
        await fake.lie?.(asked, answer);
        const body = JSON.stringify(answer.body);
        response.writeHead(answer.status, { 'content-type': 'application/json' }).end(body);
      })();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return Object.assign(fake, {
    target: `https://127.0.0.1:${port}`,
    port,
    secrets: { token: TOKEN, ca: pair.cert },
    stop: () => stop(server),
  });
}

async function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, 'close').catch(() => undefined);
}

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Json;
}

/** apiVersion, namespace, plural, name. */
const PATH =
  /^\/apis?\/((?:[a-z0-9.]+\/)?v[0-9a-z]+)(?:\/namespaces\/([a-z0-9-]+))?(?:\/([a-z]+))?(?:\/([^/]+))?$/;

function answerTo(
  cluster: FakeCluster,
  snapshots: Map<string, { readonly items: readonly Json[]; readonly revision: number }>,
  fake: Pick<FakeServer, 'review'>,
  asked: Asked,
  user: string,
): { status: number; body: Json } {
  const { method, path, query, body } = asked;
  if (method === 'POST' && path.endsWith('subjectaccessreviews'))
    return { status: 201, body: { ...body, status: fake.review({ user, ...body['spec'] }) } };
  if (method === 'POST' && path.endsWith('/selfsubjectreviews'))
    return { status: 201, body: { ...body, status: { userInfo: { username: user } } } };
  const found = PATH.exec(path);
  if (method === 'PATCH' && query.get('dryRun') === 'All') return dryRun(cluster, body, found?.[4]);
  if (method !== 'GET') return failure(405, 'MethodNotAllowed');
  if (path === '/version')
    return {
      status: 200,
      body: { major: '1', minor: cluster.version.split('.')[1], gitVersion: cluster.version },
    };
  if (path === '/api/v1/namespaces/kube-system')
    return {
      status: 200,
      body: { metadata: { name: 'kube-system', uid: cluster.uid, resourceVersion: '1' } },
    };
  const group = /^\/apis\/([a-z0-9.-]+)$/.exec(path)?.[1];
  const versions = new Set(KINDS.map(([of]) => of).filter((of) => of.startsWith(`${group}/`)));
  if (group !== undefined)
    return {
      status: versions.size > 0 ? 200 : 404,
      body: { versions: [...versions].map((of) => ({ groupVersion: of, version: of.split('/')[1] })) },
    };
  const [, apiVersion = '', namespace = '', plural, name] = found ?? [];
  if (plural === undefined)
    return {
      status: 200,
      body: {
        kind: 'APIResourceList',
        resources: KINDS.filter(([of]) => of === apiVersion).map(([, kind, each, namespaced]) => ({
          name: each,
          kind,
          namespaced,
          verbs: ['get', 'list', 'watch'],
        })),
      },
    };
  const kind = KINDS.find(([of, , each]) => of === apiVersion && each === plural)?.[1];
  if (kind === undefined) return failure(404, 'NotFound');
  if (name !== undefined) {
    const object = cluster.get(apiVersion, kind, namespace, decodeURIComponent(name));
    return object === undefined
      ? { status: 404, body: { kind: 'Status', reason: 'NotFound', details: { name, kind: plural } } }
      : { status: 200, body: structuredClone(object) };
  }
  return list(cluster, snapshots, { apiVersion, kind, namespace }, query);
}

function list(
  cluster: FakeCluster,
  snapshots: Map<string, { readonly items: readonly Json[]; readonly revision: number }>,
  { apiVersion, kind, namespace }: { apiVersion: string; kind: string; namespace: string },
  query: URLSearchParams,
): { status: number; body: Json } {
  const token = query.get('continue');
  const [id = '', from = '0'] = token?.split('.') ?? [];
  const only = /^metadata\.name=(.*)$/.exec(query.get('fieldSelector') ?? '')?.[1];
  const all = snapshots.get(id) ?? {
    revision: cluster.revision,
    items: [...cluster.objects.values()]
      .filter((each) => each['apiVersion'] === apiVersion && each['kind'] === kind)
      .filter(({ metadata }) => namespace === '' || metadata.namespace === namespace)
      .filter(({ metadata }) => only === undefined || metadata.name === only)
      .toSorted((a, b) => (a['metadata'].name < b['metadata'].name ? -1 : 1))
      .map((each) => structuredClone(each)),
  };
  if (token !== null && !snapshots.has(id)) return failure(410, 'Expired');
  const key = id === '' ? randomUUID().slice(0, 8) : id;
  snapshots.set(key, all);
  const [start, limit] = [Number(from), Number(query.get('limit') ?? all.items.length)];
  const left = all.items.length - start - limit;
  return {
    status: 200,
    body: {
      kind: `${kind}List`,
      apiVersion,
      metadata: {
        resourceVersion: String(all.revision),
        ...(left > 0 && { continue: `${key}.${start + limit}`, remainingItemCount: left }),
      },
      // Items of a typed list do not say what they are.
      items: all.items.slice(start, start + limit).map(({ apiVersion: _a, kind: _k, ...rest }) => rest),
    },
  };
}

/** What this server adds to objects, of the kinds that tests declare. */
function withDefaults(object: Json): Json {
  const made = structuredClone(object);
  const { kind, spec } = made;
  if (kind === 'NetworkPolicy') spec.policyTypes ??= ['Ingress'];
  if (kind === 'NetworkPolicy' && spec.ingress?.length === 0) delete spec.ingress;
  if (kind === 'Service') Object.assign(spec, { type: 'ClusterIP', clusterIP: '10.0.0.7' });
  if (kind === 'Deployment') spec.replicas ??= 1;
  return made;
}

/** The answer to a dry run of a server-side apply; nothing is stored. */
function dryRun(cluster: FakeCluster, body: Json, name: string | undefined): { status: number; body: Json } {
  if (body.kind === 'CustomResourceDefinition') return failure(422, 'Invalid');
  const made = withDefaults(body);
  made.metadata = {
    ...made.metadata,
    name,
    uid: randomUUID(),
    resourceVersion: String(cluster.revision),
    managedFields: [{ manager: 'x' }],
  };
  return { status: 201, body: made };
}

function failure(status: number, reason: string): { status: number; body: Json } {
  return { status, body: { kind: 'Status', status: 'Failure', reason, code: status } };
}

function keyOf(...parts: readonly string[]): string {
  return parts.join('\n');
}
