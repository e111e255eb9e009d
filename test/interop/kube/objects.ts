/** What is declared for the cluster of the tests, and a workload as controllers and a kubelet would have made it. */
import type { Cluster } from './cluster.ts';

export const DIGEST = `sha256:${'a'.repeat(64)}`;
/** Stands where secrets stand. */
export const MARKER = 'm4rk3r-hunter2';

type Json = Readonly<Record<string, unknown>>;

interface Named extends Json {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
}

const meta = (name: string, more: Json = {}) => ({ name, namespace: 'shop', ...more });

/** A Deployment, its policy, a Service, and ConfigMaps of two pages. `value`: what secret places hold. */
export function declaredObjects(value = 'plain'): readonly Named[] {
  return [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: meta('web', { annotations: { note: value } }),
      spec: {
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: {
            hostNetwork: false,
            containers: [
              {
                name: 'web',
                image: `shop/web@${DIGEST}`,
                args: ['--mode', value],
                env: [
                  { name: 'MODE', value },
                  { name: 'EMPTY', value: '' },
                ],
                resources: { requests: { cpu: '1000m', memory: '1024Mi' } },
                ports: [{ containerPort: 8080 }],
              },
            ],
          },
        },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: meta('c000'),
      data: { mode: value, other: '1' },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: meta('web', { annotations: { note: value } }),
      spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
    },
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: meta('deny-all'),
      spec: { podSelector: {}, ingress: [] },
    },
    ...Array.from({ length: 260 }, (_, i) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: meta(`c${String(i + 1).padStart(3, '0')}`),
      data: { n: `number ${i}` },
    })),
  ];
}

const PLURALS: Readonly<Record<string, string>> = {
  Deployment: 'deployments',
  ConfigMap: 'configmaps',
  Service: 'services',
  NetworkPolicy: 'networkpolicies',
};

export function pathOf({ apiVersion, kind, metadata: { namespace, name } }: Named): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return `${root}/namespaces/${namespace}/${PLURALS[kind] ?? ''}/${name}`;
}

/** A ReplicaSet of the Deployment and a pod of it, with a status, and a Secret that nobody may list. */
export async function putWorkload(cluster: Cluster, value = 'plain'): Promise<void> {
  const shop = '/namespaces/shop';
  const uidAt = async (path: string): Promise<string> =>
    (JSON.parse((await cluster.ask('GET', path)).text) as { metadata: { uid: string } }).metadata.uid;
  const owner = async (kind: string, name: string, path: string) => ({
    ownerReferences: [{ apiVersion: 'apps/v1', kind, name, uid: await uidAt(path), controller: true }],
  });
  const web = await owner('Deployment', 'web', `/apis/apps/v1${shop}/deployments/web`);
  const labels = { app: 'web' };
  const image = `shop/web@${DIGEST}`;
  await cluster.apply(`/apis/apps/v1${shop}/replicasets/web-1`, {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: meta('web-1', { ...web, labels }),
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'web', image }] } },
    },
  });
  const set = await owner('ReplicaSet', 'web-1', `/apis/apps/v1${shop}/replicasets/web-1`);
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: meta('web-1-x', { ...set, labels, annotations: { note: value } }),
  };
  await cluster.apply(`/api/v1${shop}/pods/web-1-x`, {
    ...pod,
    spec: { containers: [{ name: 'web', image }] },
  });
  await cluster.apply(`/api/v1${shop}/pods/web-1-x/status`, {
    ...pod,
    metadata: meta('web-1-x'),
    status: {
      phase: 'Running',
      containerStatuses: [
        { name: 'web', image, imageID: image, ready: true, restartCount: 0, state: { running: {} } },
      ],
    },
  });
  await cluster.apply(`/api/v1${shop}/secrets/web`, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: meta('web'),
    stringData: { password: value },
  });
}
