/** Owner references, which whoever makes an object may write: they hide nothing from `undeclared` that its owner does not select. */
import t from 'tap';
import { FakeCluster, fakeServer, type Json } from '../support/fake-kube.ts';
import { declaredFrom, lookAt } from '../support/kube-claims.ts';

const labels = { app: 'web' };
const at = (name: string, more: Json = {}): Json => ({ name, namespace: 'shop', ...more });
const spec = { containers: [{ name: 'web', image: 'web' }] };
const DEPLOYMENT = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: at('web'),
  spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
};
const CRON = { apiVersion: 'batch/v1', kind: 'CronJob', metadata: at('daily'), spec: { schedule: '@daily' } };
/** One Pod and one Job are declared, so that their kinds are listed. */
const POD = { apiVersion: 'v1', kind: 'Pod', metadata: at('own'), spec };
const JOB = { apiVersion: 'batch/v1', kind: 'Job', metadata: at('own-job'), spec: { template: { spec } } };
const DECLARED = declaredFrom(DEPLOYMENT, CRON, POD, JOB);

const kinds = ['apps/v1/Deployment', 'apps/v1/ReplicaSet', 'v1/Pod', 'batch/v1/Job', 'batch/v1/CronJob'];

/** Paths that are `undeclared` after a change of the cluster. */
async function strangers(
  change: (cluster: FakeCluster, ref: (of: Json) => Json) => void,
): Promise<readonly string[]> {
  const cluster = new FakeCluster();
  const server = await fakeServer(cluster);
  try {
    for (const each of [DEPLOYMENT, CRON, POD, JOB]) cluster.put(each);
    change(cluster, (of) => ({
      ownerReferences: [
        {
          apiVersion: of.apiVersion,
          kind: of.kind,
          name: of.metadata.name,
          uid: of.metadata.uid,
          controller: true,
        },
      ],
    }));
    const { value } = await lookAt(server, DECLARED, { kinds });
    const list: Json = value['undeclared'];
    return list.map(({ path }: Json) => path);
  } finally {
    await server.stop();
  }
}

const set = (cluster: FakeCluster, ref: (of: Json) => Json, more: Json = { labels }): Json =>
  cluster.put({
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: at('web-1', { ...more, ...ref(cluster.get('apps/v1', 'Deployment', 'shop', 'web')) }),
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  });
const pod = (cluster: FakeCluster, more: Json, name = 'web-1-x'): Json =>
  cluster.put({ apiVersion: 'v1', kind: 'Pod', metadata: at(name, more), spec });

t.test('what controllers made is no stranger', async (t) => {
  const found = await strangers((cluster, ref) => {
    pod(cluster, { labels, ...ref(set(cluster, ref)) });
    const job = cluster.put({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: at('daily-1', ref(cluster.get('batch/v1', 'CronJob', 'shop', 'daily'))),
      spec: { selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': 'u' } } },
    });
    pod(cluster, { labels: { 'batch.kubernetes.io/controller-uid': 'u' }, ...ref(job) }, 'daily-1-x');
  });
  t.same(found, []);
});

const STRANGER = ['/v1/Pod/shop/web-1-x'];
const ATTACKS: readonly (readonly [
  what: string,
  change: (cluster: FakeCluster, ref: (of: Json) => Json) => void,
  found: readonly string[],
])[] = [
  ['a pod whose owner does not select it', (c, ref) => void pod(c, ref(set(c, ref))), STRANGER],
  [
    'a pod with other labels than its owner selects',
    (c, ref) => void pod(c, { labels: { app: 'evil' }, ...ref(set(c, ref)) }),
    STRANGER,
  ],
  [
    'a pod whose owner is not there',
    (c) =>
      void pod(c, {
        labels,
        ownerReferences: [{ kind: 'ReplicaSet', name: 'web-1', uid: '00000000-gone', controller: true }],
      }),
    STRANGER,
  ],
  [
    'a pod that calls its owner by another name',
    (c, ref) => {
      const [owner] = ref(set(c, ref)).ownerReferences;
      pod(c, { labels, ownerReferences: [{ ...owner, name: 'web-2' }] });
    },
    STRANGER,
  ],
  [
    'a pod that names the Deployment itself',
    (c, ref) => void pod(c, { labels, ...ref(c.get('apps/v1', 'Deployment', 'shop', 'web')) }),
    STRANGER,
  ],
  [
    'a pod whose owner nobody declared',
    (c, ref) => {
      const stray = c.put({
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        metadata: at('stray', { labels }),
        spec: { selector: { matchLabels: labels } },
      });
      pod(c, { labels, ...ref(stray) });
    },
    ['/apps~1v1/ReplicaSet/shop/stray', ...STRANGER],
  ],
  [
    'a ReplicaSet that its Deployment does not select, and its pod',
    (c, ref) => void pod(c, { labels, ...ref(set(c, ref, { labels: { app: 'evil' } })) }),
    ['/apps~1v1/ReplicaSet/shop/web-1', ...STRANGER],
  ],
  [
    'a Job of another name than its CronJob gives',
    (c, ref) =>
      void c.put({
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: at('miner', ref(c.get('batch/v1', 'CronJob', 'shop', 'daily'))),
        spec: {},
      }),
    ['/batch~1v1/Job/shop/miner'],
  ],
];
for (const [what, change, found] of ATTACKS)
  t.test(what, async (t) => t.same((await strangers(change)).toSorted(), [...found].toSorted()));
