/** `packages@1`: what must not be PROVEN by what an attacker lays down, by what is not there, or by what the agent may not read. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { confinement } from '#src/agent/grants.ts';
import { readRules } from '#src/agent/enrolment.ts';
import { grantsOfRules } from '#src/agent/needed-grants.ts';
import { ImageLayout } from '#src/declare/node/oci/layout.ts';
import { hasFiles, hasOthers, sameFiles } from '#src/probe/packages/archives.ts';
import { InstalledFolder } from '#src/probe/packages/folder.ts';
import { PROBES } from '#src/probe/registry.ts';
import {
  binary,
  GO,
  GOOD,
  H1,
  look,
  NPM,
  packed,
  project,
  put,
  PYPI,
  RECORD,
  temporary,
  verdicts,
  wheel,
} from '../support/installed.ts';

const NONE = { locked: 'UNKNOWN', closed: 'UNKNOWN', unaltered: 'UNKNOWN' };

t.test('contents: every installed package is compared, and every file is of one', async (t) => {
  const { root, lock, archives } = project(t);
  put(root, { 'node_modules/ms/package.json': '{"name":"ms","version":"2.1.4"}' });
  t.strictSame(
    verdicts(await look(root, lock, NPM), NPM),
    { locked: 'VIOLATED', closed: 'PROVEN', unaltered: 'UNKNOWN' },
    'another version, and no archives: its contents are not those of nothing',
  );
  t.match((await look(root, lock, NPM, archives)).value, { altered: ['node_modules/ms'], contents: false });

  const base = temporary(t);
  mkdirSync(join(base, 'app/node_modules'), { recursive: true });
  const integrity = packed(join(base, 'a.tgz'), { 'package.json': '{}' });
  const entry = { version: '1.0.0', integrity };
  const locking = (more: object): string =>
    JSON.stringify({ lockfileVersion: 3, packages: { 'node_modules/a': { ...entry, ...more } } });
  const at = (more: object) => look(join(base, 'app'), locking(more), NPM, base);
  t.strictSame(verdicts(await at({}), NPM), { ...NONE, locked: 'VIOLATED' }, 'nothing is installed');
  t.strictSame(verdicts(await at({ optional: true }), NPM), NONE, 'nothing is, and nothing must be');

  const extra = project(t);
  put(extra.root, { 'node_modules/evil/package.json': '{"name":"evil","version":"1.0.0"}' });
  t.match(verdicts(await extra.look(), NPM), { closed: 'VIOLATED', unaltered: 'VIOLATED' });
  const python = wheel(t);
  put(python.site, { 'shop/evil.py': 'evil()\n' });
  t.match(
    verdicts(await look(python.site, python.lock, PYPI, python.archives), PYPI),
    { closed: 'VIOLATED', unaltered: 'VIOLATED' },
    'a file that no RECORD names, in a package',
  );
  t.match(
    verdicts(await look(python.site, python.lock, PYPI), PYPI),
    { closed: 'VIOLATED', unaltered: 'VIOLATED' },
    'what is found is found without archives, too',
  );
});

t.test('pypi: a RECORD owns nothing that its wheel was not compared for', async (t) => {
  const ignore = ['pip'];
  const pip = {
    'pip/__init__.py': '',
    'pip-24.0.dist-info/METADATA': 'Name: pip\nVersion: 24.0\n',
    'pip-24.0.dist-info/RECORD': 'pip/__init__.py,,\npip-24.0.dist-info/METADATA,,\n',
  };
  const run = async (files: Readonly<Record<string, string>>, withArchives = true) => {
    const { site, lock, archives } = wheel(t);
    put(site, files);
    return look(site, lock, { ...PYPI, ignore }, withArchives ? archives : undefined);
  };
  t.strictSame(verdicts(await run(pip), PYPI), GOOD, 'an ignored distribution');
  const evil = {
    ...pip,
    'pip-24.0.dist-info/RECORD': 'pip/__init__.py,,\nevil.pth,,\nsitecustomize.py,,\n',
    'evil.pth': 'import evil\n',
    'sitecustomize.py': 'evil()\n',
  };
  const seen = await run(evil);
  t.match(seen.value, { extra: ['evil.pth', 'sitecustomize.py'] });
  t.match(verdicts(seen, PYPI), { closed: 'VIOLATED', unaltered: 'VIOLATED' });

  const { site, lock, files, record } = wheel(t);
  const more = { ...files, 'evil.pth': 'import evil\n' };
  put(site, { ...more, [record]: `${RECORD(more)}shop-1.2.0.dist-info/INSTALLER,,\n${record},,\n` });
  t.strictSame(verdicts(await look(site, lock, PYPI), PYPI), { ...NONE, locked: 'PROVEN' });
});

t.test('a pipe, a device or a link in place of a file is never waited for', async (t) => {
  const base = temporary(t);
  const pipe = join(base, 'pipe');
  execFileSync('mkfifo', [pipe]);
  symlinkSync(binary(t, [`dep\ta.example/m\tv1.0.0\t${H1}`]), join(base, 'link'));
  const lock = `a.example/m v1.0.0 ${H1}\n`;
  for (const target of [pipe, join(base, 'link'), '/dev/zero', base])
    await t.rejects(look(target, lock, GO), { code: 'unavailable' }, target);
  const layout = join(base, 'layout');
  put(layout, {
    'oci-layout': '{}',
    'index.json': '{"schemaVersion":2,"manifests":[]}',
    'blobs/sha256/x': '',
  });
  const digest = createHash('sha256').update('x').digest('hex');
  execFileSync('mkfifo', [join(layout, 'blobs/sha256', digest)]);
  await t.rejects((await ImageLayout.at(layout)).check(`sha256:${digest}`), { code: 'not-found' });
  t.ok(await readFile(join(layout, 'oci-layout')), 'no thread waits for a writer');
});

t.test('go: a binary that names no module shows nothing', async (t) => {
  const lock = `a.example/m v1.0.0 ${H1}\n`;
  await t.rejects(look(binary(t, []), lock, GO), { code: 'unavailable', message: /names no module/ });
  const other = await look(binary(t, [`dep\tevil.example/m\tv1.0.0\t${H1}`]), lock, GO);
  t.match(verdicts(other, GO), { locked: 'UNKNOWN', closed: 'VIOLATED' }, 'none of the locked ones is in it');
});

t.test('npm: .bin has links to programs of packages, and nothing else', async (t) => {
  const cases: readonly (readonly [change: (root: string) => void, found: object])[] = [
    [(root) => symlinkSync('../ms/index.js', join(root, 'node_modules/.bin/ms')), { extra: [], linked: [] }],
    [
      (root) => {
        put(root, { 'packages/w/cli.js': '' });
        symlinkSync('../w/cli.js', join(root, 'node_modules/.bin/w'));
      },
      { extra: [], linked: [] },
    ],
    [(root) => put(root, { 'node_modules/.bin/tsc': 'evil' }), { extra: ['node_modules/.bin/tsc'] }],
    [(root) => put(root, { 'node_modules/.bin/evil/index.js': '' }), { extra: ['node_modules/.bin/evil'] }],
    [
      (root) => symlinkSync('/bin/sh', join(root, 'node_modules/.bin/tsc')),
      { linked: ['node_modules/.bin/tsc'] },
    ],
    [
      (root) => {
        put(root, { 'evil.js': '' });
        symlinkSync('../../evil.js', join(root, 'node_modules/.bin/tsc'));
      },
      { linked: ['node_modules/.bin/tsc'] },
    ],
    [
      (root) => symlinkSync('nowhere', join(root, 'node_modules/.bin/x')),
      { linked: ['node_modules/.bin/x'] },
    ],
    [(root) => put(root, { 'node_modules/@b/.bin/x': '' }), { extra: ['node_modules/@b/.bin'] }],
    [
      (root) => {
        rmSync(join(root, 'node_modules/.package-lock.json'));
        put(root, { 'node_modules/.package-lock.json/index.js': '' });
      },
      { extra: ['node_modules/.package-lock.json'] },
    ],
  ];
  for (const [change, found] of cases) {
    const { root, look: looked } = project(t);
    mkdirSync(join(root, 'node_modules/.bin'));
    change(root);
    const seen = await looked();
    t.match(seen.value, found, JSON.stringify(found));
    const isGood = 'linked' in found && 'extra' in found;
    t.equal(verdicts(seen, NPM)['closed'], isGood ? 'PROVEN' : 'VIOLATED');
  }
});

t.test('what the agent may not read is neither the same nor another', async (t) => {
  const base = temporary(t);
  put(base, { 'c/Cargo.toml': 'x', 'c/src/lib.rs': 'y', 'c/hidden/evil.rs': 'z' });
  chmodSync(base, 0o755);
  const folder = await InstalledFolder.at(base, new AbortController().signal);
  const files = (more: Readonly<Record<string, string>>): ReadonlyMap<string, Uint8Array> =>
    new Map(Object.entries({ 'Cargo.toml': 'x', ...more }).map(([path, text]) => [path, Buffer.from(text)]));
  const same = (more: Readonly<Record<string, string>>) => sameFiles(folder, 'c', files(more), {});
  const closed = [join(base, 'c/hidden'), join(base, 'c/src/lib.rs')];
  for (const path of closed) chmodSync(path, 0);
  const isRoot = process.getuid?.() === 0;
  if (isRoot) process.seteuid?.(65_534);
  try {
    t.equal(await same({ 'src/lib.rs': 'y' }), undefined, 'a folder and a file');
    t.equal(await same({ 'src/lib.rs': 'y', 'hidden/evil.rs': 'z' }), undefined, 'a file in such a folder');
    t.equal(await same({ 'src/lib.rs': 'y', 'gone.rs': '' }), false, 'a file that is missing elsewhere');
    t.equal(await hasFiles(folder, 'c', files({ 'src/lib.rs': 'y' })), undefined);
    const digest = createHash('sha256').update('other').digest('hex');
    t.equal(await hasOthers(folder, 'c', new Map([['src/lib.rs', digest]])), false);
    t.equal(await hasOthers(folder, 'c', new Map([['gone', digest]])), true);
  } finally {
    if (isRoot) process.seteuid?.(0);
    for (const path of closed) chmodSync(path, 0o755);
  }
  t.equal(await same({ 'src/lib.rs': 'y', 'hidden/evil.rs': 'z' }), true);
  t.equal(await same({ 'src/lib.rs': 'y' }), false, 'what can be read is seen');
});

t.test('more bytes than one look reads are no other bytes', async (t) => {
  const base = temporary(t);
  writeFileSync(join(base, 'a'), '12345678');
  const folder = await InstalledFolder.at(base, new AbortController().signal, { most: 15 });
  t.ok(await folder.digest('a'));
  await t.rejects(folder.digest('a'), { code: 'too-large' });
  await t.rejects(folder.read('a'), { code: 'too-large' });
});

t.test('the folder of archives is granted where the owner names one', async (t) => {
  const rules = readRules(
    [
      {
        subject: '**',
        probe: 'packages',
        targets: ['/srv/shop'],
        options: { archives: '/var/cache/wheels' },
      },
    ],
    'targets.yaml',
  );
  const to = { sql: 'tally', shell: 'agent', kubernetes: 'ns/agent', iam: '' };
  t.same(
    grantsOfRules(rules, PROBES, to).flatMap(({ grants }) => grants.map(({ statement }) => statement)),
    ['/srv/shop', '/var/cache/wheels'].map((path) => `setfacl -R -m u:agent:rX,d:u:agent:rX ${path}`),
  );
  const flags = confinement(
    { dir: '/a', keyName: 'agent.pem', rules },
    { program: '/opt/x', state: '/s', proofs: '/p', files: [] },
  );
  t.ok(flags.includes('--allow-fs-read=/var/cache/wheels'));
  const { root, lock } = project(t);
  await t.rejects(look(root, lock, NPM, join(root, 'nowhere')), { message: /the option archives/ });
});
