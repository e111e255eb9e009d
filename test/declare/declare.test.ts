/** Canonical leaves: each rule with the trap that made it (src/declare; domain.md §4.5). */
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { decodeCbor } from '../../src/bytes/cbor.ts';
import { Refusal } from '../../src/bytes/refusal.ts';
import { declareEnv } from '../../src/declare/sources/env.ts';
import { declareJson, parseJson } from '../../src/declare/json.ts';
import { declareKubernetes } from '../../src/declare/sources/kubernetes/kubernetes.ts';
import type { Declarable } from '../../src/declare/leaf.ts';
import { looksSecret, unmarkedSecrets } from '../../src/declare/secret.ts';
import { declareTerraform } from '../../src/declare/sources/terraform/terraform.ts';
import { declareYaml } from '../../src/declare/yaml.ts';

const kubernetes = (text: string): Declarable => declareKubernetes([text]);

/** Leaves as `path: value`, hashes of maps made plain. */
function shown({ leaves }: Declarable): Record<string, unknown> {
  const plain = (value: unknown): unknown => (value instanceof Map ? Object.fromEntries(value) : value);
  return Object.fromEntries(leaves.map(({ path, value }) => [path, plain(decodeCbor(value))]));
}

const refusal = (run: () => unknown): Refusal => {
  try {
    run();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('nothing was refused');
};

t.test('JSON', async (t) => {
  t.strictSame(shown(declareJson('{"b":[1,true,null,{}],"a/~":{"":"x"},"n":-0.5,"z":-0,"e":[]}')), {
    '/a~1~0/': 'x',
    '/b': { list: 4 },
    '/b/0': 1,
    '/b/1': true,
    '/b/2': null,
    '/b/3': {},
    '/e': [],
    '/n': { number: '-0.5' },
    '/z': { number: '-0' },
  });
  const big = (text: string): string =>
    declareJson(text)
      .leaves.map(({ value }) => value.toHex())
      .join();
  t.not(
    big('{"b":12345678901234567890}'),
    big('{"b":12345678901234567891}'),
    'JSON.parse makes one of these',
  );
  t.not(big('[1.10]'), big('[1.1]'));
  t.throws(() => declareJson('1'), { code: 'malformed-payload' });
  t.throws(() => declareJson('{}'), { code: 'malformed-payload' });
  t.equal(big('{"a":1,"b":2}'), big(' {"b" : 2,\n"a":1}'), 'order and blanks declare nothing');
  t.match(
    refusal(() => parseJson('{"a":1,\n "a":2}')),
    { code: 'malformed-text', message: /^line 2, column 2: the name "a" is given twice/ },
  );
  for (const bad of [
    '',
    '{',
    '[1,]',
    '{"a":1,}',
    '01',
    '1.',
    '+1',
    'NaN',
    "'a'",
    '"\n"',
    '"\\x"',
    '"\\ud800"',
    '1 2',
    '[1 2]',
    '{"a" 1}',
    '//c\n1',
    '"a',
    '\u00a01',
    'tru',
  ])
    t.equal(refusal(() => parseJson(bad)).code, 'malformed-text', JSON.stringify(bad));
  t.equal(refusal(() => parseJson('['.repeat(100_000))).code, 'malformed-text', 'deep nonsense');
  t.equal(
    refusal(() => parseJson(`"${'a'.repeat(1_000_000)}`)).code,
    'malformed-text',
    'a long open string takes no time',
  );
  fc.assert(
    fc.property(fc.json(), (text) => {
      const again = JSON.stringify(plainOf(parseJson(text)));
      return again === JSON.stringify(JSON.parse(text));
    }),
    { numRuns: 200, seed: 3 },
  );
});

/** What JSON.parse would have made. */
function plainOf(tree: unknown): unknown {
  if (tree instanceof Map) return Object.fromEntries(Array.from(tree, ([k, v]) => [k, plainOf(v)]));
  if (Array.isArray(tree)) return tree.map(plainOf);
  if (typeof tree === 'object' && tree !== null && 'number' in tree) return Number(tree.number);
  return tree;
}

t.test('YAML: what 1.1 and 1.2 read otherwise is refused, and the fix is named', async (t) => {
  const text =
    'a: text\nb: 12\nc: true\nd: null\ne: 1.10\nf: "0644"\ng: [x, {h: ~}]\ni: &x 2001-12-14x\nj: *x\n';
  t.strictSame(shown(declareYaml(text)), {
    '/a': 'text',
    '/b': 12,
    '/c': true,
    '/d': null,
    '/e': { number: '1.10' },
    '/f': '0644',
    '/g': { list: 2 },
    '/g/0': 'x',
    '/g/1/h': null,
    '/i': '2001-12-14x',
    '/j': '2001-12-14x',
  });
  t.strictSame(shown(declareYaml('[E3, e10]')), { '': { list: 2 }, '/0': 'E3', '/1': 'e10' });
  for (const value of [
    '0644',
    '0o644',
    'NO',
    'on',
    'y',
    '22:22',
    '1_000',
    '0x10',
    '2001-12-14',
    '+1',
    '1e3',
    '.inf',
    '.nan',
  ])
    t.match(
      refusal(() => declareYaml(`first: 1\nmode: ${value}`)),
      { code: 'malformed-text', message: new RegExp(`line 2: .*quote it: "`) },
      value,
    );
  t.strictSame(
    shown(declareYaml('on: push\n"no": x')),
    { '': { names: ['on'] }, '/no': 'x', '/on': 'push' },
    'a name that is no text to every reader is told from one that is',
  );
  t.strictSame(
    shown(declareYaml('--- 1\n---\na: b\n...\n')),
    { '': { documents: 2 }, '/0': 1, '/1/a': 'b' },
    'documents',
  );
  const bomb = [
    'a: &a [x,x,x,x,x,x,x,x,x,x]',
    ...'bcdefgh'
      .split('')
      .map((n, i) => `${n}: &${n} [${Array.from({ length: 10 }, () => `*${'abcdefg'[i]}`).join(',')}]`),
  ].join('\n');
  t.equal(refusal(() => declareYaml(bomb)).code, 'too-large', 'a bomb of aliases');
  for (const bad of [
    'a: 1\na: 2',
    'a: !!binary aGk=',
    'a: !ruby/object x',
    '<<: {a: b}',
    '? [a]\n: b',
    'a: [',
    'a: *nowhere',
    '\ta: b',
  ])
    t.equal(refusal(() => declareYaml(bad)).code, 'malformed-text', JSON.stringify(bad));
  t.strictSame(shown(declareYaml('m: 12345678901234567890')), { '/m': { number: '12345678901234567890' } });
});

t.test('environment files', async (t) => {
  const { leaves } = declareEnv('# c\n\nA=1\nB_C=x=y\r\nD=\n');
  t.strictSame(
    leaves.map(({ path, sensitive }) => [path, sensitive]),
    [
      ['/A', true],
      ['/B_C', true],
      ['/D', true],
    ],
  );
  for (const bad of [
    'A',
    'A =1',
    '1A=x',
    'export A=1',
    'A="x"',
    "A='x'",
    'A=$B',
    'A=x ',
    'A=x #c',
    'A=1\nA=2',
  ])
    t.ok(
      refusal(() => declareEnv(bad)),
      bad,
    );
  t.strictSame(shown(declareEnv('A="$x" ', true)), { '/A': '"$x" ' });
});

const prototypes =
  process.env['TALLYSTICK_VECTORS'] && join(process.env['TALLYSTICK_VECTORS'], '..', 'prototypes');
const prototype = (name: string): string => readFileSync(join(prototypes ?? '', name), 'utf8');

t.test(
  'Terraform plans and states',
  { skip: prototypes === undefined && 'no prototypes at hand' },
  async (t) => {
    const plan = prototype('builtin-plan.json');
    const declared = declareTerraform(plan);
    t.match(declared, { profile: 'terraform@1', source: { kind: 'terraform-plan', toolVersion: '1.11.4' } });
    t.ok(declared.excluded.some(({ path }) => path === '/timestamp'));
    t.equal(shown(declared)['/terraform_data.db/input/engine'], 'postgres');
    t.strictSame(
      shown(declared)['/terraform_data.db/id'],
      { unknown: true },
      'known only after the apply, and said so',
    );
    const sensitive = declared.leaves.filter((leaf) => leaf.sensitive).map(({ path }) => path);
    t.ok(sensitive.includes('/terraform_data.db/input/password'), 'what the provider marks');
    t.notOk(sensitive.includes('/terraform_data.db/input/engine'));

    const later = plan.replace(/"timestamp":"[^"]*"/, '"timestamp":"2099-01-01T00:00:00Z"');
    t.not(later, plan);
    t.strictSame(shown(declareTerraform(later)), shown(declared), 'the time of the plan declares nothing');

    const state = shown(declareTerraform(prototype('builtin-state.json')));
    const planned = Object.entries(shown(declared)).filter(
      ([, value]) => JSON.stringify(value) !== '{"unknown":true}',
    );
    for (const [path, value] of planned) t.strictSame(state[path], value, `applied as planned: ${path}`);
    t.throws(() => declareTerraform('{"format_version":"2.0","terraform_version":"9"}'), {
      code: 'malformed-payload',
    });
    t.throws(() => declareTerraform('{}'), { message: /terraform show -json/ });
    t.throws(() => declareTerraform('[]'), { code: 'malformed-payload' });

    const policyOf = (action: string): unknown => {
      const policy = JSON.stringify({
        Version: '2012-10-17',
        Statement: { Effect: 'Allow', Action: JSON.parse(action), Resource: '*' },
      });
      const after = { policy };
      const change = {
        address: 'aws_iam_policy.ro',
        mode: 'managed',
        change: { actions: ['create'], after },
      };
      return shown(
        declareTerraform(
          JSON.stringify({ format_version: '1.2', terraform_version: '1', resource_changes: [change] }),
        ),
      );
    };
    t.strictSame(policyOf('"s3:Get*"'), policyOf('["s3:Get*"]'), 'one action and a list of it');
    t.strictSame(policyOf('["b","a"]'), policyOf('["a","b","a"]'), 'a set has no order');
    t.notSame(policyOf('["a"]'), policyOf('["b"]'));
  },
);

t.test('Terraform: what is left out is named, and is no leaf', async (t) => {
  const change = (address: string, actions: readonly string[], after: unknown, more: object = {}) => ({
    address,
    mode: address.startsWith('data.') ? 'data' : 'managed',
    change: { actions, after },
    ...more,
  });
  const plan = (...changes: object[]): string =>
    JSON.stringify({ format_version: '1.2', terraform_version: '1', resource_changes: changes });
  const { leaves, excluded } = declareTerraform(
    plan(
      change('aws_db.kept', ['update'], { size: 1 }),
      change('aws_db.kept', ['delete'], null, { deposed: 'abcd1234' }),
      change('aws_db.gone', ['delete'], null),
      change('aws_fgt.x', ['forget'], null),
      change('aws_db.new', ['delete', 'create'], { size: 2 }),
      change('data.aws_ami.a', ['read'], { id: 'x' }),
    ),
  );
  t.strictSame(
    leaves.map(({ path }) => path),
    ['/aws_db.kept/size', '/aws_db.new/size'],
  );
  t.match(excluded, [
    { path: '/aws_db.kept deposed abcd1234', reason: /deletes/ },
    { path: '/aws_db.gone', reason: /deletes/ },
    { path: '/aws_fgt.x', reason: /no longer managed/ },
    { path: '/data.aws_ami.a', reason: /data source/ },
  ]);
  const resources = [
    { address: 'a.b', mode: 'managed', values: { size: 1 } },
    { address: 'data.a.b', mode: 'data', values: { id: 'x' } },
  ];
  const state = { format_version: '1.0', terraform_version: '1', values: { root_module: { resources } } };
  t.match(declareTerraform(JSON.stringify(state)).excluded, [{ path: '/data.a.b' }]);
  const many = Array.from({ length: 600 }, (_each, i) => change(`data.a.n${i}`, ['read'], {}));
  const most = declareTerraform(plan(change('a.b', ['create'], { size: 1 }), ...many)).excluded;
  t.match(most.at(-1), { reason: '100 more that are not named' });
  t.ok(most.length <= 512, 'a commitment can hold them');
});

t.test('Kubernetes manifests', async (t) => {
  const deployment = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: prod, uid: 1234, finalizers: [x], annotations: {a/b: c}}
spec:
  replicas: 2
  template:
    spec:
      containers:
        - {name: a, image: "x@sha256:1", args: [p, q]}
        - {name: b, image: z}
status: {replicas: 1}
`;
  const one = kubernetes(deployment);
  const at = '/apps~1v1/Deployment/prod/web';
  t.equal(shown(one)[`${at}/spec/template/spec/containers/name=a/image`], 'x@sha256:1');
  t.equal(shown(one)[`${at}/spec/template/spec/containers/name=a/args/1`], 'q', 'arguments have an order');
  t.equal(shown(one)[`${at}/metadata/annotations/a~1b`], 'c');
  t.equal(shown(one)[`${at}/metadata/finalizers/0`], 'x', 'finalizers are declared');
  t.notOk(Object.keys(shown(one)).some((path) => /uid|status/.test(path)));
  t.ok(
    one.excluded.some(({ path }) => path === '/status'),
    'and what is left out is said',
  );
  const swapped = deployment.replace(/( {8}- \{name: a.*\n)( {8}- \{name: b.*\n)/, '$2$1');
  t.not(swapped, deployment);
  t.strictSame(
    { ...shown(kubernetes(swapped)), [`${at}/spec/template/spec/containers`]: undefined },
    { ...shown(one), [`${at}/spec/template/spec/containers`]: undefined },
    'the order of named items is one leaf',
  );
  t.notSame(shown(kubernetes(swapped)), shown(one), 'and it is declared');
  const service = 'apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {}\n';
  const both = kubernetes(`${deployment}---\n${service}`);
  t.strictSame(shown(kubernetes(`${service}---\n${deployment}`)), shown(both), 'nor that of documents');
  t.strictSame(
    shown(
      kubernetes(
        JSON.stringify({
          apiVersion: 'v1',
          kind: 'List',
          items: [{ apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec: {} }],
        }),
      ),
    ),
    shown(kubernetes(service)),
    'a List is its items',
  );
  const secret = kubernetes(
    'apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {k: dg==}\ntype: Opaque\n',
  );
  t.strictSame(
    secret.leaves.filter((leaf) => leaf.sensitive).map(({ path }) => path),
    ['/v1/Secret//s/data/k'],
  );
  for (const bad of [
    `${service}---\n${service}`,
    'a: b',
    'apiVersion: v1\nkind: X\nmetadata: {generateName: x}',
    '- a',
    '',
    service.replace('s}', 'NO}'),
  ])
    t.ok(
      refusal(() => kubernetes(bad)),
      bad,
    );
});

t.test('secrets nobody marked', async (t) => {
  const secrets: readonly (readonly [string, string])[] = [
    ['/a', '-----BEGIN RSA PRIVATE KEY-----\nMII'],
    ['/a', 'AKIAIOSFODNN7EXAMPLE'],
    ['/a', 'postgres://app:hunter2@db/x'],
    ['/db/password', 'hunter2!'],
    ['/db/masterPassword', 'hunter2!'],
    ['/db/api_key/0', 'abcdefgh'],
    ['/x', 'dGhpc0lzTm90QVJlYWxUb2tlbjEyMzQ1Njc4OTA'],
    ['/pw', 'hunter2'],
    ['/db/PWD', 'hunter2'],
    ['/apps~1v1/Deployment/a/b/spec/containers/name=app/env/name=DB_PASSWORD/value', 'hunter2hunter2'],
    [
      '/aws_ecs_task_definition.a/container_definitions',
      '[{"name":"app","environment":[{"name":"DB_PASSWORD","value":"hunter2hunter2"}],"cpu":10}]',
    ],
    ['/aws_instance.a/user_data', '#!/bin/sh\nset -eu\nexport DB_PASSWORD=hunter2hunter2\nexec app\n'],
    ['/aws_instance.a/user_data', "DB_PASSWORD='hunter2 hunter2' ./app"],
    ['/spec/args/0', '--password=hunter2hunter2'],
    ['/spec/command', 'mysql -u app --password hunter2hunter2 db'],
    ['/connection', 'Server=db;Database=x;User Id=app;Password=hunter2;Encrypt=true'],
    ['/storage', 'DefaultEndpointsProtocol=https;AccountName=a;AccountKey=abcdefgh1234=='],
    ['/data/application.yaml', 'spring:\n  datasource:\n    password: hunter2hunter2\n'],
    ['/hook', 'https://example.com/x?token=abcdef123456'],
    ['/django/SECRET_KEY', 'not-so-random'],
  ];
  const why = (path: string, value: string): string | undefined =>
    looksSecret(path, new Map([[path, value]]));
  for (const [path, value] of secrets) t.ok(why(path, value), `${path} ${value}`);
  const plain: readonly (readonly [string, string])[] = [
    ['/a', 'https://example.com/a'],
    ['/db/password_policy', 'at least twelve'],
    ['/db/secret_arn', 'arn:aws:secretsmanager:eu-west-1:1:secret:x'],
    ['/image', 'registry/app@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'],
    ['/id', '2c732bf0-92a7-a649-e05c-c25dc5e84213'],
    ['/text', 'a sentence with Words and 3 numbers'],
    ['/monkey', 'banana bread'],
    ['/env/name=DB_PASSWORD/value', '${DB_PASSWORD}'],
    ['/env/name=DB_PASSWORD/value', ''],
    ['/env/name=DB_PASSWORD/valueFrom/secretKeyRef/name', 'database'],
    ['/env/name=DB_PASSWORD/valueFrom/secretKeyRef/key', 'password'],
    ['/env/name=TOKEN_FILE/value', '/run/secrets/token'],
    ['/env/name=PWD/value', '/srv/app'],
    ['/env/name=LOG_LEVEL/value', 'verbose'],
    ['/db/password', '/run/secrets/db-password'],
    ['/db/password', 'vault:secret/data/db#password'],
    ['/db/password', 'arn:aws:secretsmanager:eu-west-1:1:secret:x'],
    ['/oauth/token', 'https://example.com/oauth/token'],
    [
      '/user_data',
      'export DB_PASSWORD="$(aws ssm get-parameter --name x)"\nTOKEN=$1\nexport PASSWORD=${P}\n',
    ],
    ['/code', 'const token = response.token;\nlet password = readPassword();\nmax_tokens = 4096\n'],
    ['/args/0', '--password-file=/run/secrets/x'],
    ['/args/0', '--token-ttl=3600s'],
    ['/nginx', 'proxy_set_header Authorization $http_authorization;\nssl_password_file /etc/keys;\n'],
    ['/hba', 'hostssl all all 0.0.0.0/0 scram-sha-256'],
    ['/json', '{"passwordPolicy":{"minimumLength":12},"secretRef":"db-secret"}'],
    ['/help', 'The password must be changed: see the handbook.'],
  ];
  for (const [path, value] of plain) t.equal(why(path, value), undefined, `${path} ${value}`);
  // Patterns that begin again within what they have read need minutes for these.
  for (const each of ['a', 'A', '0f', 'a.', 'eyJ-', 'password_', '://a', '--a ', 'a="', '-----BEGIN '])
    t.equal(why('/a', each.repeat(300_000 / each.length)), undefined, `${each} and so on`);
  // What names a value may stand beside it.
  const beside = declareJson(
    '{"environment":[{"name":"DB_PASSWORD","value":"hunter2"},{"name":"LEVEL","value":"verbose"}],' +
      '"args":["--password","hunter2","--level","verbose"],"x":{"password":true,"token":4096}}',
  );
  t.strictSame(
    unmarkedSecrets(beside.leaves, new Set()).map(({ path }) => path),
    ['/args/1', '/environment/0/value'],
  );
  const { leaves } = declareJson('{"password":"hunter2!","b":1}');
  t.strictSame(unmarkedSecrets(leaves, new Set()), [{ path: '/password', why: 'the value of "password"' }]);
  t.strictSame(unmarkedSecrets(leaves, new Set(['/password'])), []);
});
