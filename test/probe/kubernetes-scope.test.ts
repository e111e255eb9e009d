/** What is listed where: namespaces that only a right names are no closed world, and a list that has no end is called so. */
import t from 'tap';
import { parseClaims } from '#src/declare/claims.ts';
import { FakeCluster, fakeServer, type Json } from '../support/fake-kube.ts';
import { declaredFrom, lookAt, verdicts } from '../support/kube-claims.ts';

const POLICY = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'deny-all', namespace: 'shop' },
  spec: { podSelector: {}, policyTypes: ['Ingress'] },
};
const RIGHT = 'system:serviceaccount:shop:web get secrets in kube-system';

t.test('a namespace that only a right names', async (t) => {
  const cluster = new FakeCluster();
  const server = await fakeServer(cluster);
  t.teardown(() => server.stop());
  cluster.put(POLICY);
  cluster.put({ ...POLICY, metadata: { name: 'of-the-cluster', namespace: 'kube-system' } });
  const params = { what: ['objects', 'rights'], rights: [RIGHT] };
  const seen = await lookAt(server, declaredFrom(POLICY), params);
  t.same(seen.value['undeclared'], [], 'nobody said that all objects of kube-system are declared');
  t.notOk(
    server.asked.some((each) => each.includes('/namespaces/kube-system/networkpolicies')),
    'they are not even listed',
  );
  t.ok(server.asked.some((each) => each.includes('/namespaces/kube-system/rolebindings')));
  const named = await lookAt(server, declaredFrom(POLICY), {
    ...params,
    namespaces: ['shop', 'kube-system'],
  });
  t.match(named.value['undeclared'], [{ path: /of-the-cluster/ }], 'whoever names it has it closed');
  t.equal(verdicts(await lookAt(server, declaredFrom(POLICY))), 'PROVEN PROVEN');
});

t.test('a server that gives one page for the next', async (t) => {
  const cluster = new FakeCluster();
  const server = await fakeServer(cluster);
  t.teardown(() => server.stop());
  for (let i = 0; i < 300; i += 1) cluster.put({ ...POLICY, metadata: { name: `p${i}`, namespace: 'shop' } });
  let first: Json;
  server.lie = ({ path, query }, answer) => {
    if (!path.endsWith('/networkpolicies')) return;
    if (query.has('continue')) Object.assign(answer, { status: 200, body: structuredClone(first) });
    else first = structuredClone(answer.body);
  };
  const looked = lookAt(server, declaredFrom(POLICY));
  await t.rejects(looked, { code: 'unavailable', message: /the list has no end/ });
});

t.test('E2 without two agents is for a probe that has listeners', (t) => {
  const file = (probe: string, params: string) => `
target: { locators: ['db.example:5432'] }
claims:
  - { id: c, probe: ${probe}, expr: "o.x == 1", minEvidence: E2, params: { ${params} } }
`;
  t.equal(parseClaims(file('net@1', 'listener: x')).claims.length, 1);
  for (const [probe, params] of [
    ['tls@1', 'listener: x'],
    ['own@1', 'listener: x'],
    ['net@1', 'control: 1'],
  ] as const)
    t.throws(() => parseClaims(file(probe, params)), { message: /no two agents are named/ }, probe);
  t.end();
});
