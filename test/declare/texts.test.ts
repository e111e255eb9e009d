/**
 * Texts that once ended in a TypeError of the CBOR writer: a byte order mark at the start, which is a character like others,
 * and half of a surrogate pair, which no text is. By every way in, in values and in names.
 */
import { deepStrictEqual } from 'node:assert';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { decodeCbor } from '#src/bytes/cbor.ts';
import { Refusal } from '#src/bytes/refusal.ts';
import { encodeUtf8 } from '#src/bytes/text.ts';
import { readTargets } from '#src/agent/targets.ts';
import { parseDisclosure, parseLeaves } from '#src/declare/leafopening.ts';
import { parseOpening } from '#src/declare/opening.ts';
import { parseEditable } from '#src/policy/editable.ts';
import { parseClaims } from '#src/declare/claims.ts';
import { declareEnv } from '#src/declare/sources/env.ts';
import { parsePolicyText } from '#src/declare/iam.ts';
import { declareJson } from '#src/declare/json.ts';
import { declareKubernetes } from '#src/declare/sources/kubernetes/kubernetes.ts';
import type { Declarable, Tree } from '#src/declare/leaf.ts';
import { declareTerraform } from '#src/declare/sources/terraform/terraform.ts';
import { treeOfLeaves } from '#src/declare/tree.ts';
import { declareYaml } from '#src/declare/yaml.ts';
import { parseExpectations } from '#src/monitor/expectations.ts';
import { readCollected } from '#src/probe/exec/collected.ts';
import { text as textSchema } from '#src/statement/schema.ts';
import { parseFlat } from '#src/yaml/flat.ts';

fc.configureGlobal({ seed: 20_261_129 });

const folder = mkdtempSync(join(tmpdir(), 'tallystick-texts-'));
t.teardown(() => rmSync(folder, { recursive: true }));
const fileOf = (content: string): string => {
  const file = join(folder, 'file.yaml');
  writeFileSync(file, content);
  return file;
};

const configMap = (name: string, data: object): string =>
  quoted({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });
const pod = (name: string): string =>
  quoted({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a' },
    spec: { containers: [{ name, image: 'b' }] },
  });
const plan = (values: object): string =>
  JSON.stringify({
    format_version: '1.2',
    terraform_version: '1.9.0',
    planned_values: {},
    resource_changes: [
      {
        address: 'x.a',
        mode: 'managed',
        type: 'x',
        name: 'a',
        change: { actions: ['create'], before: null, after: values, after_unknown: {}, after_sensitive: {} },
      },
    ],
  });
const state = (values: object): string =>
  JSON.stringify({
    format_version: '1.0',
    terraform_version: '1.9.0',
    values: {
      root_module: {
        resources: [{ address: 'x.a', mode: 'managed', type: 'x', name: 'a', values, sensitive_values: {} }],
      },
    },
  });

/** JSON that YAML reads too: a mark within a text has to be an escape there. */
const quoted = (value: unknown): string => JSON.stringify(value).replaceAll('\ufeff', String.raw`\ufeff`);

/** Sources, by where the text stands in them. JSON.stringify writes half of a pair as an escape. */
const SOURCES: Readonly<Record<string, (text: string) => Declarable>> = {
  'a value of JSON': (text) => declareJson(JSON.stringify({ a: text })),
  'a name of JSON': (text) => declareJson(JSON.stringify({ a: { [text]: 1 } })),
  'an item of JSON': (text) => declareJson(JSON.stringify([text])),
  'a value of YAML': (text) => declareYaml(`a: ${quoted(text)}`),
  'a name of YAML': (text) => declareYaml(`? ${quoted(text)}\n: 1`),
  'a name of YAML that is an alias': (text) => declareYaml(`first: &x ${quoted(text)}\n*x : 1`),
  'a value of a manifest': (text) => declareKubernetes([configMap('a', { b: text })]),
  'a name of a manifest': (text) => declareKubernetes([configMap('a', { [text]: 'b' })]),
  'the name of an object': (text) => declareKubernetes([configMap(text, { a: 'b' })]),
  'the name of a container': (text) => declareKubernetes([pod(text)]),
  'a value of a plan': (text) => declareTerraform(plan({ a: text })),
  'a name of a plan': (text) => declareTerraform(plan({ [text]: 1 })),
  'a value of a state': (text) => declareTerraform(state({ a: text })),
  'a name of a state': (text) => declareTerraform(state({ [text]: 1 })),
};

const claims = (more: object): string =>
  JSON.stringify({ claims: [{ id: 'a', probe: 'http@1', expr: 'o.http.status == 200', ...more }] });
const record = (schema: string, fields: object): Uint8Array =>
  encodeUtf8(JSON.stringify({ schema, profile: 'env@1', subject: 'prod/web', ...fields }));

/** Other ways in. */
const FILES: Readonly<Record<string, (text: string) => unknown>> = {
  'an environment file': (text) => declareEnv(`A=${text}`, true),
  'a name of an environment file': (text) => declareEnv(`A${text}=1`, true),
  'the title of a claim': (text) => parseClaims(claims({ title: text })),
  'a parameter of a claim': (text) => parseClaims(claims({ params: { path: text } })),
  'a name of a parameter': (text) => parseClaims(claims({ params: { [text]: 'a' } })),
  'a parameter of a pack': (text) =>
    parseClaims(JSON.stringify({ claims: [{ pack: 'https-tls', params: { a: text } }] })),
  'an expression': (text) => parseClaims(claims({ expr: `o.http.body == ${JSON.stringify(text)}` })),
  'targets.yaml': (text) =>
    readTargets(fileOf(JSON.stringify([{ subject: text, probe: 'tls@1', targets: ['a.example:443'] }]))),
  'options of targets.yaml': (text) =>
    readTargets(
      fileOf(
        JSON.stringify([
          { subject: 'a', probe: 'tls@1', targets: ['a.example:443'], options: { servername: text } },
        ]),
      ),
    ),
  'expectations of a monitor': (text) =>
    parseExpectations(JSON.stringify([{ subject: 'a', issuers: [text] }]), 'rules.yaml'),
  'a configuration': (text) =>
    parseFlat(JSON.stringify({ origin: text }), 'a.yaml', [{ name: 'origin', shape: 'one' }]),
  'a policy that is edited': (text) => parseEditable(JSON.stringify({ log: text }), 'policy.yaml'),
  'the subject of leaves': (text) => parseLeaves(record('tallystick.leaves.v1', { subject: text }), 'a'),
  'the path of a leaf': (text) =>
    parseLeaves(
      record('tallystick.leaves.v1', {
        leaves: [{ path: `/${text}`, salt: '00'.repeat(16), value: '01', sensitive: false }],
      }),
      'a',
    ),
  'the subject of an opening': (text) =>
    parseOpening(record('tallystick.opening.v1', { profile: 'files@1', subject: text }), 'a'),
  'the subject of a disclosure': (text) =>
    parseDisclosure(record('tallystick.disclosure.v1', { subject: text, openings: ['00'] }), 'a'),
  'what a collector prints': (text) =>
    readCollected(
      JSON.stringify({ schema: 'tallystick.collected.v1', value: { a: text } }),
      new Uint8Array(16),
      1,
    ),
  'a name that a collector prints': (text) =>
    readCollected(
      JSON.stringify({ schema: 'tallystick.collected.v1', value: { [text]: 1 } }),
      new Uint8Array(16),
      1,
    ),
  'a text of any payload': (text) => textSchema(1, 1024).parse(text, 'subject'),
};

t.test('half of a surrogate pair is refused, wherever it comes from', async (t) => {
  for (const [way, take] of Object.entries({ ...SOURCES, ...FILES }))
    for (const half of ['\ud800', 'a\udfff', '\udc00\ud800', `${'é'.repeat(40)}\udbff`]) {
      const refused = await Promise.resolve()
        .then(() => take(half))
        .then(
          () => new Error('it was taken'),
          (error: unknown) => error,
        );
      t.ok(refused instanceof Refusal, `${way}: ${String(refused)}`);
      t.match(refused, { message: /surrogate/ }, way);
    }
  t.equal(parsePolicyText('{"Version": "2012-10-17", "Statement": "\\ud800"}'), undefined, 'no policy');
});

const leaves = (declared: Declarable): Readonly<Record<string, unknown>> =>
  Object.fromEntries(declared.leaves.map(({ path, value }) => [path, decodeCbor(value)]));

t.test('a text may begin with a byte order mark, and is another one without it', async (t) => {
  for (const [way, declare] of Object.entries(SOURCES))
    for (const rest of ['', 'a', `é${'a'.repeat(100)}`]) {
      const [marked, plain] = [declare(`\ufeff${rest}`), declare(rest === '' ? 'x' : rest)];
      t.match(JSON.stringify(leaves(marked)), `\ufeff${rest}`, way);
      t.notSame(leaves(marked), leaves(plain), way);
    }
  t.throws(() => declareEnv('A=\ufeffb'), { message: /byte order mark.*take it out/ }, 'systemd differs');
  t.strictSame(leaves(declareEnv('A=\ufeffb', true)), { '/A': '\ufeffb' }, 'docker does not');
  t.throws(() => declareYaml('a: \ufeffb'), { message: /write it as "\\uFEFF"/ });
  t.strictSame(leaves(declareYaml('a: "\\uFEFFb"')), { '/a': '\ufeffb' }, 'and that helps');
});

/** Texts of every plane, of which many begin with a mark; no control character, since no path of a leaf has one. */
const texts = fc
  .tuple(fc.boolean(), fc.string({ unit: 'binary', maxLength: 90 }))
  .map(([mark, rest]) => (mark ? '\ufeff' : '') + rest.replaceAll(/\p{Cc}/gu, ''));
const trees = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3 },
    texts,
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.array(fc.tuple(texts, tie('tree')), { maxLength: 3 }).map((members) => new Map(members)),
  ),
})).tree;

/** A tree as JSON, which is YAML but for its separators of lines. */
function written(tree: Tree): string {
  if (Array.isArray(tree)) return `[${tree.map(written).join(', ')}]`;
  if (tree instanceof Map)
    return `{${Array.from(tree, ([name, each]) => `${JSON.stringify(name)}: ${written(each)}`).join(', ')}}`;
  return JSON.stringify(tree);
}

t.test('every text that is one comes back from the leaves', async (t) => {
  fc.assert(
    fc.property(trees, (tree) => {
      const source = written(new Map([['a', tree]]));
      const escaped = source.replaceAll(
        /[\u0085\u2028\u2029\ufeff]/g,
        (c) => String.raw`\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
      );
      for (const declared of [declareJson(source), declareYaml(escaped)]) {
        const values = new Map(declared.leaves.map(({ path, value }) => [path, plain(decodeCbor(value))]));
        deepStrictEqual(treeOfLeaves(values, '/a', () => undefined)?.tree, tree);
      }
    }),
  );
  t.pass('by JSON and by YAML');
});

/** What CBOR holds, as expressions see it. */
function plain(value: ReturnType<typeof decodeCbor>): never {
  return (value instanceof Map ? Object.fromEntries(value) : value) as never;
}
