/** Declarations that shared a root, or had two, and what a state hid behind what is not named of it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { judgeClaim } from '#src/claim/judge.ts';
import { declareJson } from '#src/declare/json.ts';
import { declareKubernetes } from '#src/declare/sources/kubernetes/kubernetes.ts';
import type { Declarable } from '#src/declare/leaf.ts';
import { packOf } from '#src/declare/packs.ts';
import { unmarkedSecrets } from '#src/declare/secret.ts';
import { declareTerraform } from '#src/declare/sources/terraform/terraform.ts';
import { declareYaml } from '#src/declare/yaml.ts';
import { declaredValue } from '#src/probe/declared.ts';
import { terraformProbe } from '#src/probe/terraform/probe.ts';
import { runShaped } from '../support/shaped.ts';

const HEAD = { format_version: '1.2', terraform_version: '1.11.4' };
const bytesOf = ({ leaves }: Declarable): string =>
  leaves.map(({ path, value }) => `${path} ${Buffer.from(value).toString('hex')}`).join('\n');
const plan = (after: unknown, unknown: unknown = {}, address = 'a.b'): string =>
  JSON.stringify({
    ...HEAD,
    resource_changes: [
      { address, mode: 'managed', change: { actions: ['create'], after, after_unknown: unknown } },
    ],
  });

t.test('a text is a policy only where AWS reads it as one', async (t) => {
  const [one, other] = ['{"Statement":[{"Action":["b","a"]}]}', '{ "Statement": [{"Action": ["a", "b"]}] }'];
  const same = (name: string, address?: string): boolean =>
    bytesOf(declareTerraform(plan({ [name]: one }, {}, address))) ===
    bytesOf(declareTerraform(plan({ [name]: other }, {}, address)));
  t.equal(same('content'), false, 'the content of a file');
  t.equal(same('content', 'local_file.policy'), false, 'a file that is called so');
  for (const name of ['policy', 'assume_role_policy', 'access_policies']) t.ok(same(name), name);
  t.ok(same('content', 'module.x["a"].aws_organizations_policy.p["k"]'), 'a policy under another name');
});

t.test('what Terraform never writes is refused, not read as less', async (t) => {
  const wrong: readonly string[] = [
    plan({ a: 'x' }, { a: { b: true } }),
    plan({ a: ['x'] }, { a: { b: true } }),
    plan({ a: { x: 1 } }, { a: [true] }),
    JSON.stringify({ ...HEAD, resource_changes: { a: 1 } }),
    JSON.stringify({ ...HEAD, resource_changes: [['a']] }),
    JSON.stringify({ ...HEAD, resource_changes: [], planned_values: { outputs: { o: 1 } } }),
    JSON.stringify({
      ...HEAD,
      planned_values: { root_module: { resources: [{ address: 'a.b', mode: 'managed', values: { x: 1 } }] } },
    }),
    JSON.stringify({ ...HEAD, values: { root_module: { resources: { a: 1 } } } }),
  ];
  for (const text of wrong) t.throws(() => declareTerraform(text), { code: 'malformed-payload' }, text);
});

t.test('an object whose kind ends in List is no list', async (t) => {
  const list = (more: string): string =>
    bytesOf(
      declareKubernetes([
        `apiVersion: x.io/v1\nkind: AllowList\n${more}items:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n`,
      ]),
    );
  t.not(
    list('metadata: {name: f}\nspec: {deny: true}\n'),
    list('metadata: {name: f}\nspec: {deny: false}\n'),
  );
  t.not(list('metadata: {name: f}\n'), list('metadata: {name: g}\n'));
  t.equal(list('metadata: {resourceVersion: "7"}\n'), list(''));
  t.throws(() => list('spec: {deny: true}\n'), { code: 'malformed-payload' });
});

t.test('a name of YAML has one spelling', async (t) => {
  for (const [one, other] of [
    ['~: 1\n', 'null: 1\n'],
    ['? \n: 1\n', '? Null\n: 1\n'],
    ['true: 1\n', 'True: 1\n'],
    ['{FALSE: 1}\n', '{false: 1}\n'],
  ])
    t.equal(bytesOf(declareYaml(one ?? '')), bytesOf(declareYaml(other ?? '')), String(one));
  for (const text of ['~: 1\nnull: 2\n', 'true: 1\nTRUE: 2\n', 'true: 1\n"true": 2\n'])
    t.throws(() => declareYaml(text), { code: 'malformed-text', message: /twice|unique/ }, text);
  t.not(bytesOf(declareYaml('~: 1\n')), bytesOf(declareYaml('"~": 1\n')));
  t.not(bytesOf(declareYaml('true: 1\n')), bytesOf(declareYaml('"true": 1\n')));
});

const base64 = (text: string): string => Buffer.from(text).toString('base64');

t.test('secrets by usual names, and in the lines that base64 breaks', async (t) => {
  const found = (value: unknown): boolean =>
    unmarkedSecrets(declareJson(JSON.stringify(value)).leaves, new Set()).length > 0;
  const key = `-----BEGIN RSA PRIVATE KEY-----\n${'A'.repeat(64)}\n-----END RSA PRIVATE KEY-----\n`;
  const secret: readonly unknown[] = [
    { PGPASSWORD: 'hunter22' },
    { sslpassword: 'hunter22' },
    { x: base64(key).replaceAll(/(.{76})/g, '$1\n') },
    { auths: { registry: { auth: base64('user:hunter22') } } },
    { x: JSON.stringify({ auths: { registry: { auth: base64('user:hunter22') } } }) },
  ];
  const none: readonly unknown[] = [
    { auth: base64('enabled: no') },
    { passwordless: 'hunter22' },
    { x: 'abcd\nabcd\n' },
  ];
  for (const each of secret) t.ok(found(each), JSON.stringify(each));
  for (const each of none) t.notOk(found(each), JSON.stringify(each));
});

t.test('what is deposed or tainted is not hidden by data sources', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'tally-audit-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const file = join(dir, 'state.json');
  const data = Array.from({ length: 600 }, (_, i) => ({
    address: `data.a.d["x deposed ${i}"]`,
    mode: 'data',
    values: {},
  }));
  const managed = { address: 'a.b', mode: 'managed', values: { x: 1 } };
  const verdicts = async (...resources: readonly object[]): Promise<Readonly<Record<string, string>>> => {
    writeFileSync(file, JSON.stringify({ ...HEAD, values: { root_module: { resources } } }));
    const seen = await runShaped(terraformProbe, {
      target: file,
      params: new Map([['run', false]]),
      declared: new Map(
        declareTerraform(plan({ x: 1 })).leaves.map(({ path, value }) => [path, declaredValue(value)]),
      ),
      challenge: new Uint8Array(32),
      secret: () => Promise.resolve(undefined),
      spent: () => undefined,
      signal: new AbortController().signal,
      now: () => 0,
    });
    return Object.fromEntries(
      packOf('terraform-applied', new Map()).map((claim) => [claim.id, judgeClaim(claim, seen).verdict]),
    );
  };
  const deposed = (i: number): object => ({ ...managed, address: `a.x${i}`, deposed_key: 'aa11bb22' });
  const tainted = (i: number): object => ({ ...managed, address: `a.x${i}`, tainted: true });
  t.same(await verdicts(managed, ...data), {
    'terraform-as-planned': 'PROVEN',
    'terraform-closed': 'PROVEN',
  });
  t.same(await verdicts(managed, ...data, { ...managed, deposed_key: 'aa11bb22' }), {
    'terraform-as-planned': 'PROVEN',
    'terraform-closed': 'VIOLATED',
  });
  t.same(await verdicts({ ...managed, tainted: true }, ...data), {
    'terraform-as-planned': 'UNKNOWN',
    'terraform-closed': 'PROVEN',
  });
  const many = (make: (i: number) => object): readonly object[] =>
    Array.from({ length: 501 }, (_, i) => make(i));
  t.equal((await verdicts(managed, ...many(deposed)))['terraform-as-planned'], 'UNKNOWN');
  t.not((await verdicts(managed, ...many(tainted)))['terraform-closed'], 'PROVEN');
});
