/** `kubernetes@1` on a commitment to a chart: its objects are compared, its hooks may be missing, and the rest is no object. */
import t, { type Test } from 'tap';
import { declareHelm, helmTexts } from '#src/declare/sources/helm/helm.ts';
import { wantedObjects } from '#src/probe/kubernetes/wanted.ts';
import { FakeCluster, fakeServer, type Json } from '../support/fake-kube.ts';
import { lookAt, openedLeaves, verdicts } from '../support/kube-claims.ts';

const CONFIG = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'web' }, data: { mode: 'strict' } };
const HOOK = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'hook', annotations: { 'helm.sh/hook': 'pre-install' } },
  data: { a: 'b' },
};
const TEST = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web-test', annotations: { 'helm.sh/hook': 'test' } },
  spec: { containers: [{ name: 'a', image: 'b' }] },
};
const VALUES = 'v1: { ConfigMap: { shop: { other: { data: { x: "1" } } } } }\n';
const FACTS = {
  chart: { name: 'web', version: '1', digest: '00' },
  helm: { version: 'v3.19.5' },
  release: { name: 'web', namespace: 'shop' },
};
const committed = (objects: readonly object[], second = objects, facts: object = FACTS) => {
  const [one, other] = [objects, second].map((each) =>
    each.map((object) => `---\n${JSON.stringify(object)}\n`).join(''),
  );
  return openedLeaves(
    declareHelm(helmTexts(facts, [one ?? '', other ?? ''], [{ name: 'v', text: VALUES }])).leaves,
  );
};
const live = (object: Json, namespace = 'shop'): Json => ({
  ...object,
  metadata: { ...object.metadata, namespace },
});

async function world(t: Test) {
  const cluster = new FakeCluster();
  const server = await fakeServer(cluster);
  t.teardown(() => server.stop());
  return { cluster, server };
}

t.test('objects of a release are in its namespace; hooks may be there or not', async (t) => {
  const { cluster, server } = await world(t);
  const declared = committed([CONFIG, HOOK, TEST]);
  t.match(wantedObjects(declared), {
    objects: [{ name: 'web' }],
    hooks: [{ name: 'hook' }, { name: 'web-test' }],
  });
  cluster.put(live(CONFIG));
  const first = await lookAt(server, declared);
  t.equal(verdicts(first), 'PROVEN PROVEN');
  t.match(first.value, { declared: 1, kinds: ['v1/ConfigMap'], namespaces: ['shop'] });
  t.notOk(
    server.asked.some((each) => each.includes('/pods')),
    'hooks let no kind be listed',
  );
  cluster.put(live(HOOK));
  t.equal(verdicts(await lookAt(server, declared)), 'PROVEN PROVEN');
  cluster.put({ ...live(HOOK), data: { a: 'c' } });
  t.equal(verdicts(await lookAt(server, declared)), 'VIOLATED PROVEN', 'a hook that is there is as declared');
  cluster.remove('v1', 'ConfigMap', 'shop', 'hook');
  cluster.put({ ...live(HOOK), metadata: { name: 'stranger', namespace: 'shop' } });
  t.match(verdicts(await lookAt(server, declared)), /VIOLATED$/, 'what nobody declared');
  cluster.remove('v1', 'ConfigMap', 'shop', 'stranger');
  cluster.remove('v1', 'ConfigMap', 'shop', 'web');
  t.match(verdicts(await lookAt(server, declared)), /^VIOLATED/, 'an object of the release that is missing');
});

t.test('a chart of hooks alone declares nothing that could be shown', async (t) => {
  const { server } = await world(t);
  await t.rejects(lookAt(server, committed([HOOK]), { kinds: ['v1/ConfigMap'], namespaces: ['shop'] }), {
    message: /proves nothing/,
  });
});

t.test("helm's own label, and a value that is rendered anew each time", async (t) => {
  const { cluster, server } = await world(t);
  const labelled = (value: string): Json => {
    const object = live(CONFIG);
    return { ...object, metadata: { ...object.metadata, labels: { 'app.kubernetes.io/managed-by': value } } };
  };
  cluster.put(labelled('Helm'));
  t.equal(verdicts(await lookAt(server, committed([CONFIG]))), 'PROVEN PROVEN');
  cluster.put(labelled('Mallory'));
  t.not(verdicts(await lookAt(server, committed([CONFIG]))), 'PROVEN PROVEN');
  const two = { ...CONFIG, data: { mode: 'strict', salt: 'a' } };
  const facts = { ...FACTS, allowed: ['/v1/ConfigMap//web/data/salt'] };
  const declared = committed([two], [{ ...two, data: { ...two.data, salt: 'b' } }], facts);
  cluster.put(live({ ...two, data: { ...two.data, salt: 'c' } }));
  t.equal(verdicts(await lookAt(server, declared)), 'PROVEN PROVEN');
  cluster.put(live(CONFIG));
  t.equal(verdicts(await lookAt(server, declared)), 'VIOLATED PROVEN', 'it is there, at least');
});
