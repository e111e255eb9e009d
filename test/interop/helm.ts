/**
 * `commit helm` with a real helm, and what it declares against a real kube-apiserver into which that helm installed the chart: the
 * commands of examples/helm. Also what only helm itself can show: how it merges values, and what it is kept from.
 */
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { helmSource, type HelmAsked } from '../../src/declare/node/helm.ts';
import { declareHelm, mergedValues } from '../../src/declare/sources/helm/helm.ts';
import { isTreeMap } from '../../src/declare/leaf.ts';
import { parseJson } from '../../src/declare/json.ts';
import { Cluster } from './kube/cluster.ts';
import { urlOf } from './ourlog.ts';
import type { Programs } from './programs.ts';
import { onPath, type Ran, type Stage } from './stage.ts';
import type { Tap } from './tap.ts';

const EXAMPLE = new URL('../../examples/helm/', import.meta.url).pathname;
const BIN = new URL('../../src/cli/bin.cjs', import.meta.url).pathname;

export async function helm(tap: Tap, stage: Stage, programs: Programs): Promise<void> {
  const why = programs.why('helm');
  if (why !== undefined) return tap.skip('commit helm and a real helm', why);
  await alone(tap, stage, programs.path('helm'));
  const helper = ['etcd', 'openssl', 'kubectl'].find((name) => !onPath(name));
  const lacks = programs.why('kube-apiserver') ?? (helper && `no ${helper}`);
  if (lacks !== undefined) return tap.skip('examples/helm and a real kube-apiserver', lacks);
  const cluster = await Cluster.start(stage, 'etcd', programs.path('kube-apiserver'), 'helm-kube');
  try {
    await installed(tap, stage, cluster, programs.path('helm'));
  } finally {
    await cluster.stop();
  }
}

const asked = (stage: Stage, program: string, chart: string, values: readonly string[] = []): HelmAsked => ({
  chart,
  values,
  cwd: stage.dir,
  release: 'shop',
  namespace: 'shop',
  isUpgrade: false,
  kubeVersion: undefined,
  apiVersions: [],
  allowed: [],
  helm: program,
  path: '',
});

async function chartOf(stage: Stage, name: string, files: Readonly<Record<string, string>>): Promise<string> {
  const dir = stage.path(name);
  await mkdir(join(dir, 'templates'), { recursive: true });
  await writeFile(join(dir, 'Chart.yaml'), `apiVersion: v2\nname: ${name}\nversion: 1.0.0\n`);
  for (const [path, text] of Object.entries(files)) await writeFile(join(dir, path), text);
  return dir;
}

/** A ConfigMap whose one member is what a template renders. */
const showing = (action: string): Readonly<Record<string, string>> => ({
  'templates/a.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata:\n  x: ${action}\n`,
});

async function alone(tap: Tap, stage: Stage, program: string): Promise<void> {
  await tap.check('the example renders as test/system has it', async () => {
    const { out } = await must(
      stage.run(program, [
        'template',
        'shop',
        `${EXAMPLE}chart`,
        '-n',
        'shop',
        '-f',
        `${EXAMPLE}values.yaml`,
      ]),
    );
    const recorded = new URL('../support/helm-rendered.yaml', import.meta.url);
    assert.equal(out, await readFile(recorded, 'utf8'));
  });
  await tap.check('values are merged as helm merges them', async () => {
    const files = [
      'a: { b: 1, c: [1, 2], d: { e: x } }\nf: g\n',
      'a: { c: [3], d: { h: true } }\nf: { i: "1" }\n',
      'j: {}\n',
    ];
    for (const [i, text] of files.entries()) await writeFile(stage.path(`values${i}.yaml`), text);
    const chart = await chartOf(stage, 'merged', showing('{{ .Values | toJson | quote }}'));
    const [, first] = await helmSource(
      asked(
        stage,
        program,
        chart,
        files.map((_, i) => `values${i}.yaml`),
      ),
    );
    const [, json = ''] = /^ {2}x: (".*")$/m.exec(first?.text ?? '') ?? [];
    assert.deepEqual(parseJson(String(JSON.parse(json))), sorted(mergedValues(files)));
  });
  await tap.check(
    'what differs by the time zone or by chance is found, where no call gave it away',
    async () => {
      const chart = await chartOf(stage, 'random', showing('{{ randAlpha 5 }}'));
      await assert.rejects(helmSource(asked(stage, program, chart)), /calls randAlpha/);
      const allowed = { ...asked(stage, program, chart), allowed: ['templates/a.yaml'] };
      const texts = await helmSource(allowed);
      assert.throws(() => declareHelm(texts), /renders \/v1\/ConfigMap\/\/a\/data\/x anew/);
    },
  );
  await tap.check('a chart that asks for all memory, or for ever, is ended', async () => {
    const large = await chartOf(stage, 'large', showing('{{ until 2000000000 | len }}'));
    await assert.rejects(
      helmSource({ ...asked(stage, program, large), timeoutMs: 3_000 }),
      /does not render|did not end/,
    );
    const endless = await chartOf(
      stage,
      'endless',
      showing('{{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}'),
    );
    await assert.rejects(
      helmSource({ ...asked(stage, program, endless), timeoutMs: 2_000 }),
      /did not end within 2 s/,
    );
  });
  await tap.check('no plugin, no schema from elsewhere, no link', async () => {
    const schema = {
      $schema: 'http://json-schema.org/draft-07/schema#',
      $ref: 'http://192.0.2.1/schema.json',
    };
    const chart = await chartOf(stage, 'remote', {
      ...showing('x'),
      'values.yaml': 'a: 1\n',
      'values.schema.json': JSON.stringify(schema),
    });
    await assert.rejects(helmSource(asked(stage, program, chart)), /does not render it/);
  });
}

/** In the order of names, as Go's JSON is. */
function sorted(tree: ReturnType<typeof parseJson>): ReturnType<typeof parseJson> {
  if (!isTreeMap(tree)) return tree;
  const names = [...tree].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return new Map(names.map(([name, value]): [string, typeof value] => [name, sorted(value)]));
}

async function installed(tap: Tap, stage: Stage, cluster: Cluster, program: string): Promise<void> {
  const cwd = stage.path('helm');
  await mkdir(cwd);
  const ours = (...args: readonly string[]): Promise<Ran> =>
    stage.run(process.execPath, [BIN, ...args], { cwd });
  await must(ours('init', '--origin', 'helm.example/log'));
  const log = await urlOf(stage.start('serve', process.execPath, [BIN, 'serve', '--port', '0'], { cwd }));
  const [admin, agent] = [await cluster.kubeconfig('admin'), await cluster.kubeconfig('agent')];
  const chart = [`${EXAMPLE}chart`, '--namespace', 'shop', '--values', `${EXAMPLE}values.yaml`];
  const env = {
    HELM: program,
    KUBECONFIG: admin,
    HOME: join(cwd, 'home'),
  };
  const helm = (...args: readonly string[]): Promise<Ran> => must(stage.run(program, args, { env, cwd }));
  const policy = join(cwd, 'tallystick-data/trust.policy');
  const look = (): Promise<Ran> =>
    stage.run(`${EXAMPLE}first-look.sh`, [log, policy, cluster.target, admin, agent], {
      env,
      cwd,
      timeoutMs: 120_000,
    });
  for (const name of ['shop', 'tallystick'])
    await cluster.apply(`/api/v1/namespaces/${name}`, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name },
    });
  await tap.check('helm installs the chart of the example, and it is as declared', async () => {
    await helm('install', 'shop', ...chart);
    await writeFile(join(cwd, 'rendered.yaml'), (await helm('template', 'shop', ...chart)).out);
    const role = await must(ours('agent', 'profile', '--kubernetes', 'rendered.yaml', '--namespace', 'shop'));
    await writeFile(join(cwd, 'role.yaml'), role.out);
    await must(stage.run('kubectl', ['--kubeconfig', admin, 'apply', '-f', 'role.yaml'], { cwd }));
    const { code, out, err } = await look();
    assert.equal(code, 0, out + err);
    assert.match(out + err, /defaults of the API server v1\./);
  });
  await tap.check('an upgrade that nobody declared is VIOLATED, and rolled back it is not', async () => {
    await helm('upgrade', 'shop', ...chart, '--set', 'mode=lax');
    const drifted = await look();
    assert.equal(drifted.code, 3, drifted.out + drifted.err);
    assert.match(drifted.out, /kubernetes-as-declared +VIOLATED/);
    assert.ok(!/\blax\b/.test(drifted.out + drifted.err), 'and no value is told');
    await helm('upgrade', 'shop', ...chart);
    const again = await look();
    assert.equal(again.code, 0, again.out + again.err);
  });
  await tap.check('no password of the values is in what was written', async () => {
    const [, password = ''] = /password: (\S+)/.exec(await readFile(`${EXAMPLE}values.yaml`, 'utf8')) ?? [];
    assert.ok(password.length > 8);
    const { code } = await stage.run(
      'grep',
      ['-rqF', password, 'tallystick-proofs', 'helm-agent', 'tallystick-data'],
      { cwd },
    );
    assert.equal(code, 1);
  });
}

async function must(ran: Promise<Ran>): Promise<Ran> {
  const { code, out, err } = await ran;
  if (code !== 0) throw new Error(`${out}${err}`);
  return { code, out, err };
}
