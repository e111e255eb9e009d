/**
 * What a look of `kubernetes@1` costs the API server and the agent: a real kube-apiserver with etcd, 50 to 5,000 declared objects,
 * each look beside `kubectl get -o json` of the same kinds, in turn. Set KUBE_APISERVER to a built one (test/interop/run.ts builds it).
 *
 *     KUBE_APISERVER=FILE node bench/kubernetes.ts [looks of each]
 */
import { randomBytes } from 'node:crypto';
import { judgeClaim } from '../src/claim/judge.ts';
import { packOf } from '../src/declare/packs.ts';
import { kubernetesProbe } from '../src/probe/kubernetes/probe.ts';
import { Cluster, TOKENS } from '../test/interop/kube/cluster.ts';
import { onPath, Stage } from '../test/interop/stage.ts';
import { declaredFrom } from '../test/support/kube-claims.ts';
import { machine, printRows, type Row } from './machine.ts';

const SIZES = [50, 500, 5_000];
const LOOKS = Number(process.argv[2] ?? 10);
const NAMESPACE = 'shop';
const MINUTE = 60;
/** Objects that are put at once. */
const AT_ONCE = 16;

interface Named {
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

/** A third each of ConfigMaps of 1 kB, NetworkPolicies and Deployments. */
function objects(count: number): readonly Named[] {
  return Array.from({ length: count }, (_, i) => {
    const metadata = { name: `o${i}`, namespace: NAMESPACE, labels: { app: `o${i}` } };
    if (i % 3 === 0)
      return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { text: 'x'.repeat(1_000) } };
    if (i % 3 === 1)
      return {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata,
        spec: { podSelector: { matchLabels: { app: `o${i}` } }, policyTypes: ['Ingress'] },
      };
    const containers = [{ name: 'web', image: `shop/web:${i}`, ports: [{ containerPort: 8080 }] }];
    const template = { metadata: { labels: { app: `o${i}` } }, spec: { containers } };
    return {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: { replicas: 2, selector: { matchLabels: { app: `o${i}` } }, template },
    };
  });
}

const ROOTS: Readonly<Record<string, string>> = {
  ConfigMap: `/api/v1/namespaces/${NAMESPACE}/configmaps`,
  NetworkPolicy: `/apis/networking.k8s.io/v1/namespaces/${NAMESPACE}/networkpolicies`,
  Deployment: `/apis/apps/v1/namespaces/${NAMESPACE}/deployments`,
};

async function put(cluster: Cluster, all: readonly Named[]): Promise<void> {
  for (let i = 0; i < all.length; i += AT_ONCE)
    await Promise.all(
      all
        .slice(i, i + AT_ONCE)
        .map((each) => cluster.apply(`${ROOTS[each.kind] ?? ''}/${each.metadata.name}`, each)),
    );
}

/** Processor seconds of the API server and of this process for one look. */
interface Cost {
  readonly server: number;
  readonly agent: number;
}

async function costOf(cluster: Cluster, times: number, act: () => Promise<void>): Promise<Cost> {
  await act();
  const [server, agent] = [await cluster.cpu(), process.cpuUsage()];
  for (let i = 0; i < times; i += 1) await act();
  const { user, system } = process.cpuUsage(agent);
  return { server: ((await cluster.cpu()) - server) / times, agent: (user + system) / 1e6 / times };
}

/** One look, which must be PROVEN: what is not compared costs nothing. */
function looker(cluster: Cluster, all: readonly Named[]): () => Promise<void> {
  const declared = declaredFrom(...all);
  const params = new Map([['namespaces', [NAMESPACE]]]);
  const claims = packOf('kubernetes-as-declared', params);
  const secrets: Readonly<Record<string, string>> = { token: TOKENS.admin, ca: cluster.ca };
  return async () => {
    const seen = await kubernetesProbe.run({
      target: cluster.target,
      params,
      declared,
      challenge: randomBytes(32),
      secret: async (name) => secrets[name],
      spent: () => undefined,
      signal: new AbortController().signal,
      now: Date.now,
    });
    const failed = claims
      .map((claim) => ({ claim, said: judgeClaim(claim, seen) }))
      .filter(({ said }) => said.verdict === 'VIOLATED');
    if (failed.length > 0)
      throw new Error(failed.map(({ claim, said }) => `${claim.id}: ${said.explain ?? ''}`).join('\n'));
  };
}

async function measured(stage: Stage, cluster: Cluster, count: number): Promise<readonly Row[]> {
  const all = objects(count);
  await put(cluster, all);
  const config = await cluster.kubeconfig('admin');
  const kubectl = async (): Promise<void> => {
    const args = ['get', 'configmaps,networkpolicies,deployments', '-n', NAMESPACE, '-o', 'json'];
    const { code, err } = await stage.run('kubectl', ['--kubeconfig', config, ...args]);
    if (code !== 0) throw new Error(err);
  };
  const look = looker(cluster, all);
  const [first, listed, second] = [
    await costOf(cluster, LOOKS, look),
    await costOf(cluster, LOOKS, kubectl),
    await costOf(cluster, LOOKS, look),
  ];
  const mean = { server: (first.server + second.server) / 2, agent: (first.agent + second.agent) / 2 };
  return [
    {
      what: `${count} objects: processor time of the API server for a look`,
      value: `${(mean.server * 1000).toFixed(0)} ms`,
      against: `${(mean.server / listed.server).toFixed(2)} of that for kubectl get -o json (${(listed.server * 1000).toFixed(0)} ms); at a look a minute ${((mean.server / MINUTE) * 100).toFixed(2)} % of a core`,
    },
    {
      what: `${count} objects: processor time of the agent for it`,
      value: `${(mean.agent * 1000).toFixed(0)} ms`,
      against: `at a look a minute ${((mean.agent / MINUTE) * 100).toFixed(2)} % of a core, goal ≤ 1 %: ${mean.agent / MINUTE <= 0.01 ? 'met' : 'NOT met'}`,
    },
  ];
}

const apiserver = process.env['KUBE_APISERVER'];
const missing = ['etcd', 'openssl', 'kubectl'].filter((name) => !onPath(name));
if (apiserver === undefined || missing.length > 0) {
  console.log(
    `skipped: ${apiserver === undefined ? 'KUBE_APISERVER names no kube-apiserver' : `no ${missing.join(', ')}`}`,
  );
} else {
  const stage = await Stage.open();
  try {
    const cluster = await Cluster.start(stage, 'etcd', apiserver);
    await cluster.apply(`/api/v1/namespaces/${NAMESPACE}`, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: NAMESPACE },
    });
    console.log(machine());
    for (const count of SIZES)
      printRows(`kubernetes@1, ${LOOKS} looks twice`, await measured(stage, cluster, count));
  } finally {
    await stage.close();
  }
}
