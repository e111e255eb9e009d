/** Each refusal of a source names a way out of it. Here the way out is taken, at the command line. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { user } from './support/user.ts';

const COMMITTED_WHOLE: Readonly<Record<string, string>> = {
  'vault.yaml': 'pw: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6230\n',
  'unsafe.yaml': 'pw: !unsafe "{{ x }}"\n',
  'cfn.yaml': 'Resources:\n  A: {Type: x, Properties: {B: !Ref C, D: !Sub "${E}", F: !GetAtt [G, H]}}\n',
  'gitlab.yml': 'job:\n  script: [!reference [.setup, script]]\n',
  'compose.yaml': 'services:\n  a: {ports: !reset []}\n',
  'binary.yaml': 'a: !!binary aGk=\n',
  'key.yaml': '? [a, b]\n: c\n',
};

t.test('what only its own tool reads is committed whole', async (t) => {
  const me = await user(t, { ...COMMITTED_WHOLE });
  for (const file of Object.keys(COMMITTED_WHOLE)) {
    const { code, err } = await me.run('commit', 'yaml', file, '--subject', file);
    t.equal(code, 1, file);
    t.match(err, /line [0-9]+: .*commit the file whole: `tallystick commit files FILE`/, file);
    t.notMatch(err, /write the value itself/, `${file}: nobody is told to write a secret`);
    t.match(await me.run('commit', 'files', file, '--subject', file), { code: 0 }, `${file}: as advised`);
  }
});

const NAMELESS: Readonly<Record<string, string>> = {
  'audit.yaml': 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata}]\n',
  'kubeadm.yaml':
    'apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\n---\napiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n',
  'kustomization.yaml':
    'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a.yaml]\n',
  'generated.yaml': 'apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: a-}\nspec: {}\n',
  'values.yaml': 'replicas: 2\nimage: x\n',
  'list.yaml': '- a\n- b\n',
};

t.test('configuration that is no object of a cluster is declared as YAML', async (t) => {
  const me = await user(t, { ...NAMELESS });
  for (const file of Object.keys(NAMELESS)) {
    t.match(
      await me.run('commit', 'kubernetes', file),
      { code: 1, err: /`tallystick commit yaml FILE`/ },
      file,
    );
    t.match(await me.run('commit', 'yaml', file), { code: 0 }, `${file}: as advised`);
  }
  t.match(
    (await me.run('commit', 'kubernetes', 'kustomization.yaml')).err,
    /kubectl kustomize DIR \| tallystick commit kubernetes -/,
  );
});

const map = (name: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: {k: v}\n`;

t.test('folders, as kubectl -f takes them', async (t) => {
  const me = await user(t, {
    few: {
      'b.yaml': map('b'),
      'a.yml': map('a'),
      'c.json': '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{"k":"v"}}',
      'notes.txt': 'x',
      'x.yaml.bak': map('x'),
      below: { 'd.yaml': map('d') },
    },
    none: { below: { 'e.yaml': map('e') } },
  });
  const names = async (...args: string[]): Promise<readonly string[]> => {
    const { json } = await me.run('commit', 'kubernetes', ...args, '--subject', 's', '--list', '--json');
    return [...new Set(JSON.stringify(json).match(/ConfigMap\/\/[a-z]/g))];
  };
  t.strictSame(await names('few'), ['ConfigMap//a', 'ConfigMap//b', 'ConfigMap//c']);
  t.strictSame(await names('few', '--recursive'), [
    'ConfigMap//a',
    'ConfigMap//b',
    'ConfigMap//c',
    'ConfigMap//d',
  ]);
  t.strictSame(await names('few/x.yaml.bak'), ['ConfigMap//x'], 'a file that is named has any extension');
  t.match(await me.run('commit', 'kubernetes', 'none'), { code: 2, err: /no manifest in .*\(--recursive\)/ });
  t.match(await me.run('commit', 'kubernetes', 'none', '--recursive'), { code: 0 }, 'as advised');
  t.match(await me.run('commit', 'json', 'few'), {
    code: 1,
    err: /is a folder; .*tallystick commit files 'few'|commit files few/,
  });
  t.match(await me.run('commit', 'files', 'few'), { code: 0 }, 'as advised');
});

t.test('what a file declares does not hang on its neighbours', async (t) => {
  const me = await user(t, {
    'keep.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: keep}\ndata:\n  k: |+\n    x\n\n\n',
    'noend.yaml': map('noend').trimEnd(),
    'bom.yaml': `\ufeff${map('bom')}`,
    'directive.yaml': `%YAML 1.2\n---\n${map('directive')}...\n`,
    'ending.yaml': `${map('ending')}---\n`,
  });
  const files = ['keep.yaml', 'noend.yaml', 'bom.yaml', 'directive.yaml', 'ending.yaml'];
  const leaves = async (...args: string[]): Promise<readonly string[]> => {
    const { json, err } = await me.run('commit', 'kubernetes', ...args, '--subject', 's', '--list', '--json');
    t.ok(Array.isArray(json.leaves), err);
    return Array.isArray(json.leaves) ? json.leaves.map((each: unknown) => JSON.stringify(each)) : [];
  };
  const alone = (await Promise.all(files.map((file) => leaves(file)))).flat();
  const expected = [...new Set(alone)].toSorted((a, b) => (a < b ? -1 : 1));
  for (const order of [files, files.toReversed()])
    t.strictSame(
      [...new Set(await leaves(...order))].toSorted((a, b) => (a < b ? -1 : 1)),
      expected,
    );
});

t.test('encodings', async (t) => {
  const me = await user(t, { 'bom.json': '\ufeff{"a":1}' });
  const text = '{"a":1}';
  const little = Buffer.from(text, 'utf16le');
  writeFileSync(join(me.dir, 'le.json'), Buffer.concat([Buffer.from([0xff, 0xfe]), little]));
  writeFileSync(
    join(me.dir, 'be.json'),
    Buffer.concat([Buffer.from([0xfe, 0xff]), Buffer.from(little).swap16()]),
  );
  writeFileSync(join(me.dir, 'bare.json'), little);
  writeFileSync(join(me.dir, 'latin.json'), Buffer.from('{"a":"\u00e9"}', 'latin1'));
  mkdirSync(join(me.dir, 'mended'));
  t.match(await me.run('commit', 'json', 'bom.json', '--list'), { code: 0, out: /^\/a {2}1$/m });
  for (const file of ['le.json', 'be.json', 'bare.json']) {
    t.match(
      await me.run('commit', 'json', file),
      { code: 1, err: /UTF-16.*utf8NoBOM.*iconv -f UTF-16 -t UTF-8/ },
      file,
    );
    const mended = spawnSync('iconv', [
      '-f',
      file === 'bare.json' ? 'UTF-16LE' : 'UTF-16',
      '-t',
      'UTF-8',
      join(me.dir, file),
    ]);
    if (mended.status !== 0) continue;
    writeFileSync(join(me.dir, 'mended', file), mended.stdout);
    t.match(
      await me.run('commit', 'json', `mended/${file}`, '--list'),
      { code: 0, out: /^\/a {2}1$/m },
      `${file}: as advised`,
    );
  }
  t.match(await me.run('commit', 'json', 'latin.json'), { code: 1, err: /not UTF-8.*iconv/ });
});

t.test('no empty text is a path', async (t) => {
  const me = await user(t, { 'a.json': '[{"b":1},2]' });
  for (const flag of ['--sensitive', '--not-secret'])
    t.match(await me.run('commit', 'json', 'a.json', '--subject', 's', flag, ''), { code: 1 }, flag);
  t.match(await me.run('commit', 'json', 'a.json', '--subject', 's', '--list'), {
    code: 0,
    out: /^\(top\) {2}\(a list of 2\)$/m,
  });
  t.equal((await me.run('commit', 'json', 'a.json', '--subject', 's')).code, 0);
  t.match(await me.run('disclose', 's', ''), { code: 1, err: /an operand is empty/ });
  t.match(await me.run('disclose', 's', '--all', '--out', 'all'), { code: 0, out: /^\(top\) / });
  t.match(await me.run('verify', 'all'), { code: 0, out: /\(top\) = \(a list of 2\)/ });
});
