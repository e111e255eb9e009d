/**
 * Each refusal of a source names a way out. Here the way out is taken, and what comes of it is held against what the tool
 * behind the source makes of the text: YAML 1.1 and 1.2 by the library and, where it is there, PyYAML (what Ansible reads
 * with; Debian: python3-yaml).
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { parse } from 'yaml';
import { Refusal } from '../../src/bytes/refusal.ts';
import { decodeCbor } from '../../src/bytes/cbor.ts';
import { declareEnv } from '../../src/declare/sources/env.ts';
import { declareKubernetes, IGNORED } from '../../src/declare/sources/kubernetes/kubernetes.ts';
import { declareYaml } from '../../src/declare/yaml.ts';
import type { Declarable } from '../../src/declare/leaf.ts';

function refusedWith(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
  throw new Error('nothing was refused');
}

const valueAt = ({ leaves }: Declarable, path: string): unknown => {
  const found = leaves.find((leaf) => leaf.path === path);
  return found === undefined ? undefined : decodeCbor(found.value);
};

/** What PyYAML makes of `a: <scalar>`, as JSON; undefined where it is not there. */
function byPython(scalar: string): unknown {
  const code = 'import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin.read())["a"]))';
  const { status, stdout } = spawnSync('/usr/bin/python3', ['-c', code], {
    input: `a: ${scalar}\n`,
    encoding: 'utf8',
  });
  return status === 0 ? JSON.parse(stdout) : undefined;
}
const hasPython = byPython('1') === 1;

/** A plain scalar, and what it is where a number or a truth value is meant (by YAML 1.1; by 1.2 where that is another). */
const SCALARS: readonly (readonly [string, ...(number | boolean)[]])[] = [
  ['0400', 256, 400],
  ['0644', 420, 644],
  ['0o644', 420],
  ['0x10', 16],
  ['0b11', 3],
  ['1_000', 1000],
  ['+1', 1],
  ['-0', 0],
  ['08', 8],
  ['1e3', 1000],
  ['680841e1', 6808410],
  ['.5', 0.5],
  ['22:22', 1342],
  ['49100:22', 2946022],
  ['yes', true],
  ['NO', false],
  ['on', true],
  ['Off', false],
  ['y', true],
  ['n', false],
];

t.test('plain scalars: the text, and the number or truth value, are taken as advised', async (t) => {
  for (const [scalar, ...meant] of SCALARS) {
    const message = refusedWith(() => declareYaml(`a: ${scalar}\n`));
    const quoted = /quote it: ("[^"]*")/.exec(message)?.[1] ?? '';
    t.equal(valueAt(declareYaml(`a: ${quoted}\n`), '/a'), scalar, `${scalar}: as a text`);
    if (hasPython) t.equal(byPython(quoted), scalar);
    const advised = message.slice(message.indexOf('or write'));
    for (const each of meant) {
      t.ok(advised.includes(String(each)), `${scalar}: ${message}`);
      const plain = valueAt(declareYaml(`a: ${each}\n`), '/a');
      t.equal(plain instanceof Map ? Number(plain.get('number')) : plain, each);
      for (const version of ['1.1', '1.2'] as const) t.equal(parse(String(each), { version }), each);
      if (hasPython) t.equal(byPython(String(each)), each);
    }
    // What is advised first is what the reader of YAML 1.1 behind it takes the scalar for.
    const old = hasPython ? byPython(scalar) : undefined;
    if (typeof old === 'number' || typeof old === 'boolean') t.equal(old, meant[0], `${scalar} to PyYAML`);
  }
});

t.test('scalars that have no other spelling are quoted, or the file is committed whole', async (t) => {
  for (const scalar of ['=', '<<']) {
    const message = refusedWith(() => declareYaml(`a: ${scalar}\n`));
    t.match(message, /line 1: .*quote it: "[=<]+"$/);
    t.equal(valueAt(declareYaml(`a: ${JSON.stringify(scalar)}\n`), '/a'), scalar);
  }
  for (const scalar of ['2001-12-14', '.inf', '.nan', '1e999'])
    t.match(
      refusedWith(() => declareYaml(`a: ${scalar}\n`)),
      /quote it: "[^"]+" where a text is meant; where a date or a number is, commit the file whole: `tallystick commit files FILE`/,
      scalar,
    );
  t.match(
    refusedWith(() =>
      declareKubernetes(['apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {on: x}\n']),
    ),
    /kubectl takes the name on for no text; quote it: "on"/,
  );
});

t.test('environment files', async (t) => {
  const lines: readonly string[] = [
    'A=x#y',
    'A="x y"',
    "A='x'",
    'A=$B',
    String.raw`A=x\n`,
    'A= x',
    'A=x ',
    'A=`x`',
    'A=x #y',
  ];
  for (const line of lines) {
    const message = refusedWith(() => declareEnv(line));
    t.match(
      message,
      /line 1: .*docker run --env-file.*read it literally; .*systemd.*commit files FILE/,
      line,
    );
    t.equal(valueAt(declareEnv(line, true), '/A'), line.slice(2), `${line}: as docker takes it`);
  }
  for (const [line, err, fixed] of [
    ['export A=1', /`export`; write NAME=value without it/, 'A=1'],
    ['; note', /begin it with #/, '# note\nA=1'],
    ['# note \\\nA=1', /ends in \\.*end it otherwise/, '# note\nA=1'],
    ['\ufeffA=1', /byte order mark.*take it out/, 'A=1'],
    ['A=1\rB=2', /carriage return.*take it out/, 'A=1'],
    ['A =1', /no blanks around =/, 'A=1'],
    ['A=1\nA=1', /declared twice.*keep one/, 'A=1'],
  ] as const) {
    t.match(
      refusedWith(() => declareEnv(line)),
      err,
      line,
    );
    t.equal(valueAt(declareEnv(fixed), '/A'), '1', `${line}: mended`);
  }
  // docker takes names that others do not, and a byte order mark for none.
  t.equal(valueAt(declareEnv('\ufeffspring.datasource.url=x\n', true), '/spring.datasource.url'), 'x');
  t.match(
    refusedWith(() => declareEnv('spring.datasource.url=x')),
    /read it literally/,
  );
  t.match(
    refusedWith(() => declareEnv('A\n', true)),
    /write NAME=value/,
  );
});

/** What kubectl makes of manifests, as JSON; undefined where it is not there, or refuses them. */
function byKubectl(...files: readonly string[]): string | undefined {
  const named = files.flatMap((file) => ['-f', file]);
  const { status, stdout } = spawnSync('kubectl', ['label', '--local', ...named, 'none-', '-o', 'json'], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent' },
  });
  // One object after the other: a stream, of which each ends with a brace at the beginning of a line.
  return status === 0 ? stdout.replaceAll(/^\}$/gm, '}\n---') : undefined;
}

const MANIFESTS: Readonly<Record<string, string>> = {
  'names.yaml':
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {1: one, true: t, "2": two, "on": x}\n',
  'texts.yaml':
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  a: |+\n    x\n\n  b: >-\n    y\n    z\n  c: "0400"\n  d: "yes"\n  e: a: b\n'.replace(
      'e: a: b',
      'e: "a: b"',
    ),
  'numbers.yaml':
    'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {priority: 7, hostNetwork: true, x: [256, -1, null, {}]}\n',
  'typed.yaml':
    'apiVersion: v1\nkind: ConfigMapList\nitems:\n- metadata: {name: a}\n  data: {k: v}\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: b}\n',
  'list.yaml':
    'apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: a}\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: b}\n',
  'anchors.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: &x "1", b: *x}\n',
  'bom.yaml': '\ufeffapiVersion: v1\nkind: ConfigMap\nmetadata: {name: bom}\ndata: {k: v}\n',
  'tabs.json':
    '{\n\t"apiVersion": "v1",\n\t"kind": "ConfigMap",\n\t"metadata": {"name": "a"},\n\t"data": {"k": "\\ud83d\\ude00", "s": "a\\/b"}\n}\n',
};

const PEER = { skip: spawnSync('kubectl', ['version', '--client']).status !== 0 && 'no kubectl' };

t.test('kubectl reads what is taken as it is declared', PEER, async (t) => {
  const folder = t.testdir({ ...MANIFESTS });
  for (const [name, text] of Object.entries(MANIFESTS)) {
    const peer = byKubectl(join(folder, name));
    t.ok(peer, `${name}: kubectl takes it`);
    // The verb adds labels: {} where there are none.
    const labels = { path: '/metadata/labels', reason: 'added by the verb' };
    const hexes = (manifest: string): unknown =>
      declareKubernetes([manifest], [...IGNORED, labels]).leaves.map(({ path, value }) => [
        path,
        value.toHex(),
      ]);
    t.strictSame(hexes(text.replace(/^\ufeff/, '')), hexes(peer ?? ''), name);
  }
  // What is refused has more than one meaning, and the advice is kubectl's.
  const mode = (value: string): string =>
    `apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {volumes: [{name: s, secret: {secretName: x, defaultMode: ${value}}}]}\n`;
  writeFileSync(join(folder, 'mode.yaml'), mode('0400'));
  const advised = mode(
    /decimal, ([0-9]+) /.exec(refusedWith(() => declareKubernetes([mode('0400')])))?.[1] ?? '',
  );
  const modeIn = (manifest: string): unknown =>
    valueAt(declareKubernetes([manifest]), '/v1/Pod//p/spec/volumes/name=s/secret/defaultMode');
  t.equal(modeIn(byKubectl(join(folder, 'mode.yaml')) ?? ''), 256);
  t.equal(modeIn(advised), 256);
});

t.test('characters that end a line, or do not', async (t) => {
  for (const [text, err, mended, value] of [
    ['a: "x\u2028y"', /line 1: .*"\\L"/, String.raw`a: "x\Ly"`, 'x\u2028y'],
    ['b: 1\na: "x\u0085y"', /line 2: .*"\\N"/, String.raw`a: "x\Ny"`, 'x\u0085y'],
    ['b: 1\r\na: x\ry', /line 2: .*write line feeds/, 'a: "x\\ry"', 'x\ry'],
    ['a: x\n---\n\ufeffa: z', /line 3: a byte order mark.*take it out/, 'a: z', 'z'],
  ] as const) {
    t.match(
      refusedWith(() => declareYaml(text)),
      err,
    );
    t.equal(valueAt(declareYaml(mended), '/a'), value);
  }
  for (const text of ['%YAML 1.1\n---\na: 0644\n', '%YAML 1.2\n---\na: 0644\n'])
    t.match(
      refusedWith(() => declareYaml(text)),
      /line 3: 0644 is not the same/,
      'whatever version a file says it is of',
    );
});
