/** Depth and documents of YAML: a text runs nothing out of stack, and two streams of documents share no root. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import { decodeCbor } from '#src/bytes/cbor.ts';
import { Refusal } from '#src/bytes/refusal.ts';
import { readTargets } from '#src/agent/targets.ts';
import { parseEditable } from '#src/policy/editable.ts';
import { parseFlat } from '#src/yaml/flat.ts';
import { parseClaims } from '#src/declare/claims.ts';
import { parsePolicyText } from '#src/declare/iam.ts';
import { declareJson } from '#src/declare/json.ts';
import { declareKubernetes } from '#src/declare/sources/kubernetes/kubernetes.ts';
import { declareTerraform } from '#src/declare/sources/terraform/terraform.ts';
import { declareYaml } from '#src/declare/yaml.ts';
import { parseExpectations } from '#src/monitor/expectations.ts';
import { readCollected } from '#src/probe/exec/collected.ts';

fc.configureGlobal({ seed: 20_261_129 });

const folder = mkdtempSync(join(tmpdir(), 'tallystick-deep-'));
t.teardown(() => rmSync(folder, { recursive: true }));
const fileOf = (content: string): string => {
  const file = join(folder, 'file.yaml');
  writeFileSync(file, content);
  return file;
};

/** `depth` lists or maps, one in the other, closed or left open. */
const DEEP: Readonly<Record<string, (depth: number) => string>> = {
  lists: (depth) => '['.repeat(depth) + ']'.repeat(depth),
  'lists that never close': (depth) => '['.repeat(depth),
  maps: (depth) => `${'{"a": '.repeat(depth)}1${'}'.repeat(depth)}`,
  'maps that never close': (depth) => '{"a": '.repeat(depth),
  'items of items': (depth) => `${'- '.repeat(depth)}a`,
  'names of names': (depth) => `${'? '.repeat(depth)}a`,
  'pairs in lists': (depth) => `${'[a: '.repeat(depth)}1${']'.repeat(depth)}`,
};
/** By indentation: quadratic in length. */
const indented = (depth: number): string =>
  `${Array.from({ length: depth }, (_, i) => `${' '.repeat(i)}a:`).join('\n')} 1`;

const YAML: Readonly<Record<string, (text: string) => unknown>> = {
  yaml: declareYaml,
  kubernetes: (text) => declareKubernetes([text]),
  claims: (text) => parseClaims(text),
  'targets.yaml': (text) => readTargets(fileOf(text)),
  expectations: (text) => parseExpectations(text, 'rules.yaml'),
  configuration: (text) => parseFlat(text, 'a.yaml', [{ name: 'a', shape: 'many' }]),
  'a policy that is edited': (text) => parseEditable(text, 'policy.yaml'),
};

async function refusalOf(take: (text: string) => unknown, text: string): Promise<unknown> {
  try {
    await take(text);
    return undefined;
  } catch (error) {
    return error;
  }
}

t.test('YAML that is nested deeper than 200 is refused, whoever reads it, and named as that', async (t) => {
  for (const [reader, take] of Object.entries(YAML))
    for (const depth of [202, 1_000, 20_000]) {
      const texts = { ...DEEP, ...(depth < 5_000 && { indented }) };
      for (const [shape, make] of Object.entries(texts)) {
        const refused = await refusalOf(take, make(depth));
        t.ok(refused instanceof Refusal, `${reader}, ${depth} ${shape}: ${String(refused)}`);
        t.match(refused, { message: /nested deeper than 200/ }, `${reader}, ${depth} ${shape}`);
      }
    }
  t.match(await refusalOf(declareYaml, indented(300)), {
    code: 'malformed-text',
    message: /^line 20\d: .*commit the file whole: `tallystick commit files FILE`$/,
  });
});

t.test('what is nested 200 deep is read, by JSON as by YAML', async (t) => {
  const [open, close] = ['{"a": '.repeat(200), '}'.repeat(200)];
  const [json, yaml] = [declareJson(`${open}1${close}`), declareYaml(`${open}1${close}`)];
  t.strictSame(json.leaves, yaml.leaves);
  t.equal(json.leaves[0]?.path, '/a'.repeat(200));
  t.strictSame(declareYaml(indented(200)).leaves, yaml.leaves);
});

t.test('JSON that is nested deeper is refused too, and names what to do', async (t) => {
  const readers: Readonly<Record<string, (text: string) => unknown>> = {
    json: declareJson,
    terraform: declareTerraform,
    collector: (text) => readCollected(text, new Uint8Array(16), 1),
  };
  for (const [reader, take] of Object.entries(readers))
    for (const shape of ['lists', 'lists that never close', 'maps', 'maps that never close'])
      for (const depth of [202, 100_000])
        t.match(
          await refusalOf(take, DEEP[shape]?.(depth) ?? ''),
          { name: 'Refusal', message: /nested deeper than 200; commit the file whole/ },
          `${reader}, ${depth} ${shape}`,
        );
  t.equal(parsePolicyText(`{"Version": "2012-10-17", "Statement": ${'['.repeat(1e5)}`), undefined);
});

const leaves = (text: string): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    declareYaml(text).leaves.map(({ path, value }) => {
      const content = decodeCbor(value);
      return [path, content instanceof Map ? Object.fromEntries(content) : content];
    }),
  );

/** Streams of documents, and what PyYAML's `safe_load_all` makes of them. */
const STREAMS: readonly (readonly [text: string, documents: readonly unknown[]])[] = [
  ['a: 1', [{ a: 1 }]],
  ['---\na: 1', [{ a: 1 }]],
  ['# c\n---\na: 1\n...\n', [{ a: 1 }]],
  ['---\n---\na: 1', [null, { a: 1 }]],
  ['--- ~\n---\na: 1', [null, { a: 1 }]],
  ['a: 1\n---\n', [{ a: 1 }, null]],
  ['a: 1\n---\n# c\n', [{ a: 1 }, null]],
  ['---\n---\n---\na: 1', [null, null, { a: 1 }]],
  ['--- !!str\n---\na: 1', ['', { a: 1 }]],
];

t.test('a document in which there is nothing is null', async (t) => {
  for (const [text, documents] of STREAMS) {
    const many = documents.length > 1;
    const expected = documents.map((document, i): [string, unknown] => {
      const at = many ? `/${i}` : '';
      return document !== null && typeof document === 'object' ? [`${at}/a`, 1] : [at, document];
    });
    t.strictSame(
      leaves(text),
      Object.fromEntries(many ? [['', { documents: documents.length }], ...expected] : expected),
      JSON.stringify(text),
    );
  }
  const manifest = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {b: c}\n';
  t.strictSame(
    declareKubernetes([`---\n---\n${manifest}---\n`]).leaves,
    declareKubernetes([manifest]).leaves,
    'and none to kubectl',
  );
});

t.test('streams share their leaves if, and only if, their documents are the same', async (t) => {
  const documents = fc.array(fc.constantFrom('', '~', '1', 'a: 1', '{}', '[]', '""'), {
    minLength: 2,
    maxLength: 4,
  });
  const meaning = (all: readonly string[]): string => all.map((each) => (each === '' ? '~' : each)).join('|');
  const text = (all: readonly string[]): string => all.map((each) => `---\n${each}\n`).join('');
  fc.assert(
    fc.property(documents, documents, (one, other) => {
      const same = isDeepStrictEqual(declareYaml(text(one)).leaves, declareYaml(text(other)).leaves);
      return same === (meaning(one) === meaning(other));
    }),
    { numRuns: 1_000 },
  );
  t.pass('two to four documents');
});
