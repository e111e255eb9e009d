/**
 * Leaves give back what they were made of (rules: spec/claims.md, "Sources"): so two declarations never share a root, and
 * equal ones always do. Generated documents of every source, and the pairs that once shared a root.
 */
import fc from 'fast-check';
import t from 'tap';
import { decodeCbor } from '../../src/bytes/cbor.ts';
import { declareEnv } from '../../src/declare/sources/env.ts';
import { declareJson, parseJson } from '../../src/declare/json.ts';
import { declareKubernetes, IGNORED } from '../../src/declare/sources/kubernetes/kubernetes.ts';
import { isTreeList, isTreeMap, TypedMap, type Declarable, type Tree } from '../../src/declare/leaf.ts';
import { declareTerraform } from '../../src/declare/sources/terraform/terraform.ts';
import { treeOfLeaves } from '../../src/declare/tree.ts';
import { declareYaml, parseYaml } from '../../src/declare/yaml.ts';
import { declaredValue } from '../../src/probe/declared.ts';

const RUNS = { numRuns: 400, seed: 8 };

/** What the root is made of: the leaves without their salts. */
const bytesOf = ({ profile, leaves }: Declarable): string =>
  JSON.stringify([profile, leaves.map(({ path, value }) => [path, value.toHex()])]);

/** The tree that the leaves of a source are of. */
function back({ leaves }: Declarable, at = ''): Tree {
  const found = treeOfLeaves(
    new Map(leaves.map((each) => [each.path, declaredValue(each.value)])),
    at,
    () => undefined,
  );
  if (found === undefined) throw new Error('no leaves');
  return found.tree;
}

/** One text for each tree: names in order, numbers apart from texts, names that are no texts marked. */
function canonical(tree: Tree): string {
  if (isTreeList(tree)) return `[${tree.map(canonical).join(',')}]`;
  if (!isTreeMap(tree)) return JSON.stringify(tree);
  const typed = tree instanceof TypedMap ? tree.typed : new Set<string>();
  const members = [...tree].map(
    ([name, each]) => `${typed.has(name) ? '!' : ''}${JSON.stringify(name)}:${canonical(each)}`,
  );
  return `{${members.toSorted().join(',')}}`;
}

/** Names and values that are near one another: positions, pointers' escapes, our own markers, steps of named items. */
const NAMES = [
  '0',
  '1',
  '2',
  'a',
  'name',
  'name=a',
  'list',
  'number',
  'names',
  'documents',
  'text',
  '',
  '/',
  '~',
  '~1',
  'key',
  'true',
];
const name = fc.constantFrom(...NAMES);
const scalar = fc.oneof(
  fc.constantFrom(null, true, false, 0, 1, -1, 'a', 'b', '', '0', 'name=a', '1.0', 'null'),
  fc.constantFrom('a', 'b'),
);
const { tree: json } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(name, tie('tree'), { maxKeys: 3 }),
    fc.array(fc.record({ name: fc.constantFrom('a', 'b', 'c'), v: tie('tree') }), { maxLength: 3 }),
  ),
}));
const document = json.filter(
  (each) => typeof each === 'object' && each !== null && Object.keys(each).length > 0,
);

t.test('leaves give JSON and YAML back, exactly', async (t) => {
  fc.assert(
    fc.property(document, (value) => {
      const text = JSON.stringify(value);
      const tree = canonical(parseJson(text));
      t.equal(canonical(back(declareJson(text))), tree);
      // Of the same tree YAML has the same leaves, whatever its style.
      t.equal(bytesOf({ ...declareYaml(text), profile: 'json@1' }), bytesOf(declareJson(text)));
    }),
    RUNS,
  );
  fc.assert(
    fc.property(fc.array(document, { minLength: 2, maxLength: 3 }), (values) => {
      const text = values.map((each) => `---\n${JSON.stringify(each)}\n`).join('');
      t.equal(canonical(back(declareYaml(text))), canonical(parseYaml(text)));
      t.not(
        bytesOf(declareYaml(text)),
        bytesOf(declareYaml(JSON.stringify(values))),
        'documents are no list',
      );
    }),
    RUNS,
  );
  const typed = fc.dictionary(
    fc.constantFrom('1', '"1"', 'true', '"true"', 'on', '"on"', 'a', '~'),
    fc.constantFrom('x', 'y'),
    { minKeys: 1, maxKeys: 2 },
  );
  const read = (text: string): string | undefined => {
    try {
      return canonical(back(declareYaml(text)));
    } catch {
      return undefined;
    }
  };
  fc.assert(
    fc.property(typed, typed, (a, b) => {
      const [first, second] = [a, b].map((each) => Object.entries(each).map(([k, v]) => `${k}: ${v}`));
      const [one, other] = [first, second].map((lines) => read(lines?.join('\n') ?? ''));
      if (one === undefined || other === undefined) return true;
      return (one === other) === (first?.toSorted().join() === second?.toSorted().join());
    }),
    RUNS,
  );
});

t.test('two documents share a root if, and only if, they are the same', async (t) => {
  const shuffled = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(shuffled);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .toReversed()
        .map(([k, v]) => [k, shuffled(v)]),
    );
  };
  fc.assert(
    fc.property(document, document, (a, b) => {
      const [one, other] = [a, b].map((each) => JSON.stringify(each));
      const equal = canonical(parseJson(one ?? '')) === canonical(parseJson(other ?? ''));
      t.equal(bytesOf(declareJson(one ?? '')) === bytesOf(declareJson(other ?? '')), equal);
      t.equal(bytesOf(declareJson(JSON.stringify(shuffled(a)))), bytesOf(declareJson(one ?? '')));
    }),
    RUNS,
  );
});

/** A Deployment with any spec, and with lists that have and that lack names. */
const item = fc.record(
  {
    name: fc.constantFrom('a', 'b', 'c'),
    containerPort: fc.constantFrom(53, 80),
    protocol: fc.constantFrom('TCP', 'UDP'),
    mountPath: fc.constantFrom('/a', '/b'),
    value: scalar,
  },
  { requiredKeys: [] },
);
const items = fc.array(item, { maxLength: 3 });
const podSpec = fc.record(
  {
    containers: fc.array(
      fc.record({ name: fc.constantFrom('x', 'y'), ports: items, volumeMounts: items, env: items }),
      { maxLength: 2 },
    ),
    initContainers: items,
    volumes: items,
    hostAliases: items,
    other: json,
  },
  { requiredKeys: [] },
);
const kinds = fc.constantFrom(
  ['apps/v1', 'Deployment'],
  ['batch/v1', 'Job'],
  ['example.com/v1', 'Deployment'],
);
const workload = fc.tuple(kinds, podSpec, json).map(([[apiVersion, kind], spec, more]) => ({
  apiVersion,
  kind,
  metadata: { name: 'web', namespace: 'prod' },
  spec: { template: { spec }, more },
}));

/** The lists of a pod whose order means nothing, where their items have names: sorted by them. Written out a second time. */
const SETS: Readonly<Record<string, readonly string[]>> = {
  ports: ['containerPort', 'protocol'],
  volumeMounts: ['mountPath'],
  volumes: ['name'],
};
function setsSorted(object: unknown, at: readonly string[] = []): unknown {
  const place = at.join('/');
  if (Array.isArray(object)) {
    const found =
      /^spec\/template\/spec\/(?:containers\/\*\/(ports|volumeMounts)|initContainers\/\*\/(ports|volumeMounts)|(volumes))$/.exec(
        place,
      );
    const keys = SETS[found?.[1] ?? found?.[2] ?? found?.[3] ?? ''];
    const whole = object.map((each) => setsSorted(each, [...at, '*']));
    const named = (each: unknown): string | undefined => {
      const parts = (keys ?? []).map(
        (key) => Reflect.get(Object(each), key) ?? (key === 'protocol' ? 'TCP' : undefined),
      );
      return parts.includes(undefined) ? undefined : parts.join();
    };
    const names = whole.map(named);
    const apart = keys !== undefined && !names.includes(undefined) && new Set(names).size === names.length;
    return apart ? whole.toSorted((a, b) => ((named(a) ?? '') < (named(b) ?? '') ? -1 : 1)) : whole;
  }
  if (typeof object !== 'object' || object === null) return object;
  return Object.fromEntries(
    Object.entries(object).map(([k, v]) => [
      k,
      setsSorted(v, [...at, k.replaceAll('~', '~0').replaceAll('/', '~1')]),
    ]),
  );
}

t.test('leaves give manifests back, but for the order of sets', async (t) => {
  const at = (apiVersion: string, kind: string): string =>
    `/${apiVersion.replace('/', '~1')}/${kind}/prod/web`;
  const treeOf = (object: { apiVersion?: string }): string => {
    const { apiVersion = '' } = object;
    const sets = /^(?:apps|batch)\//.test(apiVersion) ? setsSorted(object) : object;
    return canonical(parseJson(JSON.stringify(sets)));
  };
  fc.assert(
    fc.property(workload, workload, (a, b) => {
      const [one, other] = [a, b].map((each) => declareKubernetes([JSON.stringify(each)]));
      if (one === undefined || other === undefined) return;
      t.equal(canonical(back(one, at(a.apiVersion ?? '', a.kind ?? ''))), treeOf(a));
      t.equal(bytesOf(one) === bytesOf(other), treeOf(a) === treeOf(b));
      const twice = declareKubernetes(
        [JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [setsSorted(a)] })],
        IGNORED,
      );
      if (/^(?:apps|batch)\//.test(a.apiVersion ?? ''))
        t.equal(bytesOf(twice), bytesOf(one), 'a List is its items');
    }),
    { ...RUNS, numRuns: 600 },
  );
});

t.test('Terraform: values, unknowns and policies in texts', async (t) => {
  const attribute = fc.oneof(
    json,
    fc.constantFrom(
      '{"Statement":{"Effect":"Allow","Action":"a","Resource":"*"}}',
      '{"Statement":[{"Effect":"Allow","Action":["a"],"Resource":["*"]}]}',
    ),
    fc.constant({ Statement: [{ Effect: 'Allow', Action: ['a'], Resource: ['*'] }] }),
  );
  /** Masks of the shape of a value; what is unknown leaves a map, and is null in a list. */
  const split = (
    value: unknown,
    choose: (depth: number) => boolean,
    depth = 0,
  ): readonly [unknown, unknown] => {
    if (depth > 0 && choose(depth)) return [undefined, true];
    if (Array.isArray(value)) {
      const parts = value.map((each) => split(each, choose, depth + 1));
      return [parts.map(([each]) => each ?? null), parts.map(([, mask]) => mask)];
    }
    if (typeof value !== 'object' || value === null) return [value, choose(depth) ? {} : false];
    const parts = Object.entries(value).map(([k, each]) => [k, split(each, choose, depth + 1)] as const);
    return [
      Object.fromEntries(parts.filter(([, [each]]) => each !== undefined).map(([k, [each]]) => [k, each])),
      Object.fromEntries(parts.map(([k, [, mask]]) => [k, mask])),
    ];
  };
  const plan = (after: unknown, unknown: unknown): Declarable =>
    declareTerraform(
      JSON.stringify({
        format_version: '1.2',
        terraform_version: '1',
        resource_changes: [
          {
            address: 'a.b',
            mode: 'managed',
            change: { actions: ['create'], after: { policy: after }, after_unknown: { policy: unknown } },
          },
        ],
      }),
    );
  /** What a plan says: values with `?` for what is not known, a policy in a text in its one spelling. */
  const meant = (after: unknown, unknown: unknown): string => {
    if (unknown === true) return '?';
    if (typeof after === 'string' && after.startsWith('{"Statement"')) return 'policy a *';
    if (Array.isArray(after))
      return `[${after.map((each, i) => meant(each, Reflect.get(Object(unknown), i))).join()}]`;
    if (typeof after !== 'object' || after === null) return JSON.stringify(after);
    const names = new Set([
      ...Object.keys(after),
      ...(typeof unknown === 'object' && unknown !== null ? Object.keys(unknown) : []),
    ]);
    const members = [...names].map((k) => {
      const [each, mask] = [
        Reflect.get(after, k),
        typeof unknown === 'object' && unknown !== null ? Reflect.get(unknown, k) : undefined,
      ];
      return each === undefined && mask !== true ? '' : `${JSON.stringify(k)}:${meant(each, mask)}`;
    });
    return `{${members.toSorted().join()}}`;
  };
  fc.assert(
    fc.property(
      attribute,
      attribute,
      fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
      (a, b, bits) => {
        let n = 0;
        const choose = (): boolean => bits[n++ % bits.length] === true && n % 3 === 0;
        const [one, other] = [a, b].map((each) => split(each, choose));
        if (one === undefined || other === undefined) return;
        const same = meant(...one) === meant(...other);
        t.equal(
          bytesOf(plan(...one)) === bytesOf(plan(...other)),
          same,
          `${JSON.stringify(one)} ${JSON.stringify(other)}`,
        );
      },
    ),
    { ...RUNS, numRuns: 800 },
  );
});

t.test('environment files: as many variables, with the same values', async () => {
  const variables = fc.dictionary(
    fc.constantFrom('A', 'B', 'A_B'),
    fc.constantFrom('', 'x', 'x=y', '"x"', ' x', '#'),
    { minKeys: 1 },
  );
  const text = (each: Record<string, string>): string =>
    Object.entries(each)
      .map(([k, v]) => `${k}=${v}\n`)
      .join('');
  fc.assert(
    fc.property(variables, variables, (a, b) => {
      const [one, other] = [a, b].map((each) => text(each).split('\n').toSorted().join('\n'));
      const same = one === other;
      return (bytesOf(declareEnv(text(a), true)) === bytesOf(declareEnv(text(b), true))) === same;
    }),
    RUNS,
  );
});

t.test('pairs that once had one root', async (t) => {
  const pairs: readonly (readonly [string, (text: string) => Declarable, string, string])[] = [
    ['a list and a map', declareJson, '{"a":["x"]}', '{"a":{"0":"x"}}'],
    ['at the top', declareJson, '["x"]', '{"0":"x"}'],
    ['in YAML', declareYaml, 'a: [x]', 'a: {"0": x}'],
    ['documents and a list', declareYaml, 'a: 1\n---\nb: 2\n', '[{a: 1}, {b: 2}]'],
    ['documents and a map', declareYaml, 'a: 1\n---\nb: 2\n', '{"0": {a: 1}, "1": {b: 2}}'],
    ['a number and a text as a name', declareYaml, '200: a', '"200": a'],
    ['a truth value to YAML 1.1', declareYaml, 'on: a', '"on": a'],
  ];
  for (const [what, declare, a, b] of pairs) t.not(bytesOf(declare(a)), bytesOf(declare(b)), what);
  const object = (rest: string): string =>
    bytesOf(declareKubernetes([`apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n${rest}`]));
  const differ: readonly (readonly [string, string, string])[] = [
    [
      'init containers',
      'spec: {initContainers: [{name: a}, {name: b}]}',
      'spec: {initContainers: [{name: b}, {name: a}]}',
    ],
    [
      'env',
      'spec: {containers: [{name: x, env: [{name: a}, {name: b}]}]}',
      'spec: {containers: [{name: x, env: [{name: b}, {name: a}]}]}',
    ],
    ['a keyed item and a map member', 'spec: {x: [{name: a}]}', 'spec: {x: {name=a: {name: a}}}'],
    [
      'ports of two protocols',
      'spec: {x: [{port: 53}, {port: 53, protocol: UDP}]}',
      'spec: {x: [{port: 53, protocol: UDP}, {port: 53}]}',
    ],
    ['an empty list and none', 'spec: {x: []}', 'spec: {}'],
    ['an empty list and an empty map', 'spec: {x: []}', 'spec: {x: {}}'],
    ['null and none', 'spec: {x: null, z: 1}', 'spec: {z: 1}'],
  ];
  for (const [what, a, b] of differ) t.not(object(a), object(b), what);
  const same: readonly (readonly [string, string, string])[] = [
    ['volumes', 'spec: {volumes: [{name: a}, {name: b}]}', 'spec: {volumes: [{name: b}, {name: a}]}'],
    [
      'ports of containers',
      'spec: {containers: [{name: x, ports: [{containerPort: 53}, {containerPort: 53, protocol: UDP}]}]}',
      'spec: {containers: [{name: x, ports: [{containerPort: 53, protocol: UDP}, {containerPort: 53}]}]}',
    ],
    [
      'mounts',
      'spec: {initContainers: [{name: x, volumeMounts: [{name: v, mountPath: /a}, {name: v, mountPath: /b}]}]}',
      'spec: {initContainers: [{name: x, volumeMounts: [{name: v, mountPath: /b}, {name: v, mountPath: /a}]}]}',
    ],
  ];
  for (const [what, a, b] of same) t.equal(object(a), object(b), what);
});

t.test('an insertion moves nothing else', async (t) => {
  const of = (names: readonly string[]): ReadonlyMap<string, string> =>
    new Map(
      declareKubernetes([
        JSON.stringify({
          apiVersion: 'example.com/v1',
          kind: 'X',
          metadata: { name: 'x' },
          rules: names.map((each) => ({ name: each, v: 1 })),
        }),
      ]).leaves.map(({ path, value }) => [path, value.toHex()]),
    );
  const [before, after] = [of(['a', 'c']), of(['a', 'b', 'c'])];
  const changed = [...after]
    .filter(([path, value]) => before.get(path) !== value)
    .map(([path]) => path.split('/rules')[1]);
  t.strictSame(changed, ['', '/name=b/name', '/name=b/v']);
  t.strictSame(
    decodeCbor(Uint8Array.fromHex(after.get('/example.com~1v1/X//x/rules') ?? '')),
    new Map([['list', ['name=a', 'name=b', 'name=c']]]),
  );
});
