/** What declared NetworkPolicies say of a connection, and whether a target behaves so. */
import t from 'tap';
import { judgeClaim } from '#src/claim/judge.ts';
import type { Value } from '#src/claim/value.ts';
import { packOf } from '#src/declare/packs.ts';
import { declareKubernetes } from '#src/declare/sources/kubernetes/kubernetes.ts';
import { declaredValue } from '#src/probe/declared.ts';
import { policiesSay, type Pod } from '#src/probe/kubernetes/policies.ts';
import { makeNetProbe } from '#src/probe/net/probe.ts';
import { tcp } from '../support/e3-targets.ts';
import { look } from '../support/probe-targets.ts';
import { quickPace } from '../support/net-pace.ts';

const leavesOf = (yaml: string): ReadonlyMap<string, Value> =>
  new Map(declareKubernetes([yaml]).leaves.map(({ path, value }) => [path, declaredValue(value)]));

const policy = (spec: string, namespace = 'db', name = 'p'): string =>
  `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: ${name}, namespace: ${namespace} }\nspec: ${spec}\n`;
const NAMESPACES =
  'apiVersion: v1\nkind: Namespace\nmetadata: { name: shop, labels: { team: shop } }\n---\napiVersion: v1\nkind: Namespace\nmetadata: { name: db }\n';
const pod = (namespace: string, ...labels: [string, string][]): Pod => ({
  namespace,
  labels: new Map(labels),
});

const WEB = pod('shop', ['app', 'web']);
const PG = pod('db', ['app', 'pg'], ['tier', 'data']);

/** Each with the policies, and what they say of a connection of WEB to port 5432 of PG. */
const CASES: readonly (readonly [what: string, policies: readonly string[], says: string])[] = [
  ['no policy', [], 'allowed'],
  ['a policy for other pods', [policy('{ podSelector: { matchLabels: { app: redis } } }')], 'allowed'],
  ['a policy of another namespace', [policy('{ podSelector: {} }', 'other')], 'allowed'],
  ['deny all', [policy('{ podSelector: {}, policyTypes: [Ingress] }')], 'denied'],
  ['deny all, without types', [policy('{ podSelector: {} }')], 'denied'],
  ['egress alone isolates no ingress', [policy('{ podSelector: {}, policyTypes: [Egress] }')], 'allowed'],
  ['egress of the source', [policy('{ podSelector: {}, policyTypes: [Egress] }', 'shop')], 'denied'],
  [
    'egress rules without types',
    [policy('{ podSelector: {}, egress: [{ ports: [{ port: 53 }] }] }', 'shop')],
    'denied',
  ],
  ['an empty list of types is none', [policy('{ podSelector: {}, policyTypes: [] }')], 'denied'],
  ['an empty list of egress rules is none', [policy('{ podSelector: {}, egress: [] }', 'shop')], 'allowed'],
  ['a policy without a namespace', [policy('{ podSelector: {} }').replace(', namespace: db', '')], 'unknown'],
  [
    'the same for other pods',
    [policy('{ podSelector: { matchLabels: { app: redis } } }').replace(', namespace: db', '')],
    'allowed',
  ],
  ['an empty rule allows all', [policy('{ podSelector: {}, ingress: [{}] }')], 'allowed'],
  ['an empty list of rules allows nothing', [policy('{ podSelector: {}, ingress: [] }')], 'denied'],
  ['the port', [policy('{ podSelector: {}, ingress: [{ ports: [{ port: 5432 }] }] }')], 'allowed'],
  ['another port', [policy('{ podSelector: {}, ingress: [{ ports: [{ port: 22 }] }] }')], 'denied'],
  [
    'a range',
    [policy('{ podSelector: {}, ingress: [{ ports: [{ port: 5000, endPort: 6000 }] }] }')],
    'allowed',
  ],
  [
    'another protocol',
    [policy('{ podSelector: {}, ingress: [{ ports: [{ port: 5432, protocol: UDP }] }] }')],
    'denied',
  ],
  ['a port by name', [policy('{ podSelector: {}, ingress: [{ ports: [{ port: pg }] }] }')], 'unknown'],
  [
    'a pod of the same namespace',
    [policy('{ podSelector: {}, ingress: [{ from: [{ podSelector: {} }] }] }')],
    'denied',
  ],
  [
    'a namespace by its label',
    [
      policy(
        '{ podSelector: {}, ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: shop } } }] }] }',
      ),
    ],
    'allowed',
  ],
  [
    'a namespace by its name',
    [
      policy(
        '{ podSelector: {}, ingress: [{ from: [{ namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: shop } } }] }] }',
      ),
    ],
    'allowed',
  ],
  [
    'namespace and pod',
    [
      policy(
        '{ podSelector: {}, ingress: [{ from: [{ namespaceSelector: {}, podSelector: { matchLabels: { app: job } } }] }] }',
      ),
    ],
    'denied',
  ],
  [
    'namespace or pod',
    [
      policy(
        '{ podSelector: {}, ingress: [{ from: [{ namespaceSelector: {} }, { podSelector: { matchLabels: { app: job } } }] }] }',
      ),
    ],
    'allowed',
  ],
  [
    'an address',
    [policy('{ podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: 10.0.0.0/8 } }] }] }')],
    'unknown',
  ],
  [
    'an address, and another rule that allows',
    [policy('{ podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: 10.0.0.0/8 } }] }, {}] }')],
    'allowed',
  ],
  [
    'an address to another port',
    [
      policy(
        '{ podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: 10.0.0.0/8 } }], ports: [{ port: 22 }] }] }',
      ),
    ],
    'denied',
  ],
  [
    'one policy denies and another allows',
    [
      policy('{ podSelector: {} }'),
      policy('{ podSelector: { matchLabels: { app: pg } }, ingress: [{}] }', 'db', 'q'),
    ],
    'allowed',
  ],
  [
    'In',
    [policy('{ podSelector: { matchExpressions: [{ key: tier, operator: In, values: [data, cache] }] } }')],
    'denied',
  ],
  [
    'NotIn',
    [policy('{ podSelector: { matchExpressions: [{ key: tier, operator: NotIn, values: [data] }] } }')],
    'allowed',
  ],
  ['Exists', [policy('{ podSelector: { matchExpressions: [{ key: tier, operator: Exists }] } }')], 'denied'],
  [
    'DoesNotExist',
    [policy('{ podSelector: { matchExpressions: [{ key: tier, operator: DoesNotExist }] } }')],
    'allowed',
  ],
];

t.test('what policies say', (t) => {
  for (const [what, policies, says] of CASES) {
    const connection = { from: WEB, to: PG, port: 5432, transport: 'tcp' } as const;
    const found = policiesSay(connection, leavesOf([NAMESPACES, ...policies].join('---\n')));
    t.equal(typeof found === 'string' ? found : 'unknown', says, what);
  }
  const undeclared = (label: string): unknown => {
    const rule = `{ from: [{ namespaceSelector: { matchLabels: { ${label} } } }] }`;
    const leaves = leavesOf(policy(`{ podSelector: {}, ingress: [${rule}] }`));
    return policiesSay({ from: WEB, to: PG, port: 5432, transport: 'tcp' }, leaves);
  };
  t.match(undeclared('team: shop'), { unknown: /not declared/ }, 'nobody said which labels it has');
  t.equal(undeclared('kubernetes.io/metadata.name: shop'), 'allowed');
  t.end();
});

t.test('what else is declared, and what the server adds, hides no policy', (t) => {
  const secret = `apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: db }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: web, env: [{ name: DB_PASSWORD, value: hunter2hunter2 }] }] }
`;
  const leaves = new Map(leavesOf([NAMESPACES, policy('{ podSelector: {} }'), secret].join('---\n')));
  leaves.set('/defaults:v1.36/apps~1v1/Deployment/db/web/spec/replicas', 1);
  leaves.set('/apps~1v1/Deployment/db/web/spec/secret', { sensitive: '00'.repeat(32) });
  t.equal(policiesSay({ from: WEB, to: PG, port: 5432, transport: 'tcp' }, leaves), 'denied');
  t.end();
});

const pace = quickPace();
const probe = makeNetProbe({ connectMs: 300, answerMs: 200, lossMs: 900 }, pace);
const PODS = { fromPod: 'shop/app=web', toPod: 'db/app=pg,tier=data', podPort: 5432 };

t.test('a target against the policies', async (t) => {
  const server = await tcp((socket) => void socket.end('PG'));
  const closed = await tcp(() => undefined);
  await closed.stop();
  const [claim] = packOf('network-policy-enforced', new Map(Object.entries(PODS)));
  if (claim === undefined) throw new Error('the pack has a claim');
  const verdict = async (port: number, spec: string | undefined): Promise<string> => {
    const declared = leavesOf([NAMESPACES, ...(spec === undefined ? [] : [policy(spec)])].join('---\n'));
    const params = { answer: 'banner', banner: 'PG', ...PODS };
    const seen = await look(probe, `127.0.0.1:${port}`, params, { declared });
    return `${JSON.stringify(seen.value['allowed'] ?? null)} ${judgeClaim(claim, seen).verdict}`;
  };
  const [DENY, ALLOW] = ['{ podSelector: {} }', '{ podSelector: {}, ingress: [{}] }'];
  t.equal(await verdict(server.port, DENY), 'false VIOLATED', 'declared, and not enforced');
  t.equal(await verdict(server.port, ALLOW), 'true PROVEN');
  t.equal(await verdict(server.port, undefined), 'true PROVEN', 'without a policy everything is allowed');
  t.equal(await verdict(closed.port, ALLOW), 'true VIOLATED');
  t.equal(await verdict(closed.port, DENY), 'false UNKNOWN', 'a reset shows no denial');
  t.equal(
    await verdict(server.port, '{ podSelector: {}, ingress: [{ ports: [{ port: pg }] }] }'),
    'null UNKNOWN',
  );
  const bad = (params: Readonly<Record<string, string>>): Promise<unknown> =>
    t.rejects(
      look(
        probe,
        `127.0.0.1:${server.port}`,
        { answer: 'banner', banner: 'PG', ...params },
        { declared: leavesOf(NAMESPACES) },
      ),
      {
        code: 'config-invalid',
      },
    );
  await bad({ fromPod: 'shop/app=web' });
  await bad({ fromPod: 'shop', toPod: 'db/app=pg' });
  await server.stop();
});
