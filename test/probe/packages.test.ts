/** `packages@1`: what is installed against lockfiles; whatever was patched, added, linked or hidden; and what stays unknown. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
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
  type Params,
} from '../support/installed.ts';

t.test('npm: as locked', async (t) => {
  const { root, lock, look: looked } = project(t);
  const seen = await looked();
  t.match(seen.value, {
    locked: 5,
    installed: 4,
    same: 4,
    whole: true,
    contents: true,
    extra: [],
    altered: [],
    linked: [],
  });
  t.strictSame(verdicts(seen, NPM), GOOD);
  const without = await look(root, lock, NPM);
  t.strictSame(
    verdicts(without, NPM),
    { ...GOOD, unaltered: 'UNKNOWN' },
    'without archives nothing shows the contents',
  );
});

t.test('npm: what was done to it afterwards', async (t) => {
  const cases: readonly (readonly [
    what: string,
    change: (root: string) => void,
    found: object,
    verdicts: object,
  ])[] = [
    [
      'a patched file, version untouched',
      (root) => put(root, { 'node_modules/ms/index.js': 'evil();\n' }),
      { altered: ['node_modules/ms'] },
      { ...GOOD, unaltered: 'VIOLATED' },
    ],
    [
      'a file more in a package',
      (root) => put(root, { 'node_modules/@b/c/lib/more.js': '' }),
      { altered: ['node_modules/@b/c'] },
      { ...GOOD, unaltered: 'VIOLATED' },
    ],
    [
      'a file less',
      (root) => rmSync(join(root, 'node_modules/@b/c/lib/a.js')),
      { altered: ['node_modules/@b/c'] },
      { ...GOOD, unaltered: 'VIOLATED' },
    ],
    [
      'another version',
      (root) => put(root, { 'node_modules/ms/package.json': '{"name":"ms","version":"9.9.9"}' }),
      { differing: ['node_modules/ms'] },
      { locked: 'VIOLATED' },
    ],
    [
      'another name',
      (root) => put(root, { 'node_modules/ms/package.json': '{"name":"evil","version":"2.1.3"}' }),
      { differing: ['node_modules/ms'] },
      { locked: 'VIOLATED' },
    ],
    [
      'no package.json',
      (root) => rmSync(join(root, 'node_modules/ms/package.json')),
      { differing: ['node_modules/ms'] },
      { locked: 'VIOLATED' },
    ],
    [
      'a package.json that is none',
      (root) => put(root, { 'node_modules/ms/package.json': '[' }),
      { differing: ['node_modules/ms'] },
      { locked: 'VIOLATED' },
    ],
    [
      'a package is gone',
      (root) => rmSync(join(root, 'node_modules/ms'), { recursive: true }),
      { missing: ['node_modules/ms'] },
      { locked: 'VIOLATED' },
    ],
    [
      'an extra package',
      (root) => put(root, { 'node_modules/evil/package.json': '{"name":"evil","version":"1.0.0"}' }),
      { extra: ['node_modules/evil'] },
      { closed: 'VIOLATED' },
    ],
    [
      'an extra one in a scope',
      (root) => put(root, { 'node_modules/@b/evil/index.js': '' }),
      { extra: ['node_modules/@b/evil'] },
      { closed: 'VIOLATED' },
    ],
    [
      'a folder without package.json',
      (root) => put(root, { 'node_modules/evil/index.js': '' }),
      { extra: ['node_modules/evil'] },
      { closed: 'VIOLATED' },
    ],
    [
      'a file in node_modules',
      (root) => put(root, { 'node_modules/evil.js': '' }),
      { extra: ['node_modules/evil.js'] },
      { closed: 'VIOLATED' },
    ],
    [
      'a node_modules deep in a package',
      (root) => put(root, { 'node_modules/ms/lib/node_modules/evil/index.js': '' }),
      { altered: ['node_modules/ms'] },
      { unaltered: 'VIOLATED' },
    ],
    [
      'a node_modules in a package',
      (root) => put(root, { 'node_modules/ms/node_modules/evil/index.js': '' }),
      { extra: ['node_modules/ms/node_modules/evil'] },
      { closed: 'VIOLATED' },
    ],
    [
      'a hidden folder',
      (root) => put(root, { 'node_modules/.evil/index.js': '' }),
      { extra: ['node_modules/.evil'] },
      { closed: 'VIOLATED' },
    ],
    [
      'a package that became a link',
      (root) => {
        cpSync(join(root, 'node_modules/ms'), join(root, 'elsewhere'), { recursive: true });
        rmSync(join(root, 'node_modules/ms'), { recursive: true });
        symlinkSync('../elsewhere', join(root, 'node_modules/ms'));
      },
      { linked: ['node_modules/ms'] },
      { closed: 'VIOLATED' },
    ],
    [
      'a link that nobody locked',
      (root) => symlinkSync('/etc', join(root, 'node_modules/evil')),
      { linked: ['node_modules/evil'] },
      { closed: 'VIOLATED' },
    ],
    [
      'a link within a package',
      (root) => symlinkSync('/etc/hostname', join(root, 'node_modules/ms/x.js')),
      { linked: ['node_modules/ms/x.js'] },
      { closed: 'VIOLATED', unaltered: 'VIOLATED' },
    ],
    [
      'a workspace that leads elsewhere',
      (root) => {
        rmSync(join(root, 'node_modules/w'));
        symlinkSync('/tmp', join(root, 'node_modules/w'));
      },
      { linked: ['node_modules/w'] },
      { closed: 'VIOLATED' },
    ],
    [
      'a workspace that became a folder',
      (root) => {
        rmSync(join(root, 'node_modules/w'));
        put(root, { 'node_modules/w/package.json': '{"name":"w","version":"1.0.0"}' });
      },
      { differing: ['node_modules/w'] },
      { locked: 'VIOLATED' },
    ],
  ];
  for (const [what, change, found, wanted] of cases) {
    const { root, look: looked } = project(t);
    change(root);
    const seen = await looked();
    t.match(seen.value, found, what);
    t.match(verdicts(seen, NPM), wanted, what);
  }
});

t.test('npm: a workspace with packages of its own', async (t) => {
  const base = temporary(t);
  const entry = { version: '1.0.0', integrity: `sha512-${'A'.repeat(86)}==` };
  const lock = JSON.stringify({
    lockfileVersion: 3,
    packages: { 'node_modules/w': { resolved: 'w', link: true }, w: {}, 'w/node_modules/a': entry },
  });
  put(base, { 'w/node_modules/a/package.json': '{"name":"a","version":"1.0.0"}', 'w/package.json': '{}' });
  mkdirSync(join(base, 'node_modules'));
  symlinkSync('../w', join(base, 'node_modules/w'));
  t.strictSame(verdicts(await look(base, lock, NPM), NPM), { ...GOOD, unaltered: 'UNKNOWN' });
  put(base, { 'w/node_modules/evil/index.js': '' });
  t.match((await look(base, lock, NPM)).value, { extra: ['w/node_modules/evil'] });
});

t.test('npm: a node_modules deep within is of the archive, or unknown', async (t) => {
  const base = temporary(t);
  const files = { 'package.json': '{"name":"a","version":"1.0.0"}', 'test/node_modules/x/index.js': '1;\n' };
  put(join(base, 'node_modules/a'), files);
  mkdirSync(join(base, 'archives'));
  const integrity = packed(join(base, 'archives/a.tgz'), files);
  const lock = JSON.stringify({
    lockfileVersion: 3,
    packages: { 'node_modules/a': { version: '1.0.0', integrity } },
  });
  t.strictSame(verdicts(await look(base, lock, NPM, join(base, 'archives')), NPM), GOOD);
  t.strictSame(verdicts(await look(base, lock, NPM), NPM), {
    locked: 'PROVEN',
    closed: 'UNKNOWN',
    unaltered: 'UNKNOWN',
  });
});

t.test('npm: archives count by their digest alone', async (t) => {
  const { root, lock, archives } = project(t);
  writeFileSync(join(archives, 'node_modules_ms.tgz'), 'another archive');
  const seen = await look(root, lock, NPM, archives);
  t.strictSame(verdicts(seen, NPM), { ...GOOD, unaltered: 'UNKNOWN' });
  const weak = lock.replace(
    /sha512-[A-Za-z0-9+/=]+/,
    `sha1-${createHash('sha1').update('another archive').digest('base64')}`,
  );
  t.equal(
    verdicts(await look(root, weak, NPM, archives), NPM)['unaltered'],
    'UNKNOWN',
    'SHA-1 counts for nothing',
  );
  // The patched package packed again, under the old name.
  put(root, { 'node_modules/ms/index.js': 'evil();\n' });
  packed(join(archives, 'node_modules_ms.tgz'), {
    'package.json': '{"name":"ms","version":"2.1.3"}',
    'index.js': 'evil();\n',
    '.gitignore': 'x\n',
  });
  t.equal(verdicts(await look(root, lock, NPM, archives), NPM)['unaltered'], 'UNKNOWN');
});

t.test('npm: dev, optional, ignored', async (t) => {
  const base = temporary(t);
  put(base, { 'node_modules/a/package.json': '{"name":"a","version":"1.0.0"}', 'node_modules/.cache/x': '' });
  const entry = { version: '1.0.0', integrity: `sha512-${'A'.repeat(86)}==` };
  const lock = (packages: object): string =>
    JSON.stringify({ lockfileVersion: 3, packages: { 'node_modules/a': entry, ...packages } });
  const run = (packages: object, params: Params) => look(base, lock(packages), { ...NPM, ...params });
  const ignore = ['node_modules/.cache'];
  t.equal(verdicts(await run({}, { ignore }), NPM)['closed'], 'PROVEN');
  t.equal(verdicts(await run({}, {}), NPM)['closed'], 'VIOLATED');
  t.equal(
    verdicts(await run({ 'node_modules/d': { ...entry, dev: true } }, { ignore }), NPM)['locked'],
    'VIOLATED',
  );
  t.equal(
    verdicts(await run({ 'node_modules/d': { ...entry, dev: true } }, { ignore, omitDev: true }), NPM)[
      'locked'
    ],
    'PROVEN',
  );
  t.equal(
    verdicts(await run({ 'node_modules/d': { ...entry, optional: true } }, { ignore }), NPM)['locked'],
    'PROVEN',
  );
});

t.test('pypi: as locked, and what was done to it afterwards', async (t) => {
  const { site, archives, lock } = wheel(t);
  t.strictSame(verdicts(await look(site, lock, PYPI, archives), PYPI), GOOD);
  t.strictSame(
    verdicts(await look(site, lock, PYPI), PYPI),
    { locked: 'PROVEN', closed: 'UNKNOWN', unaltered: 'UNKNOWN' },
    'what a RECORD names is its own word',
  );
  const cases: readonly (readonly [
    what: string,
    change: (at: ReturnType<typeof wheel>) => void,
    found: object,
    verdicts: object,
  ])[] = [
    [
      'a patched file',
      ({ site: at }) => put(at, { 'shop/core.py': 'evil()\n' }),
      { altered: ['shop'] },
      { unaltered: 'VIOLATED' },
    ],
    [
      'a patched file, and its RECORD too',
      ({ site: at, files, record }) => {
        const patched = { ...files, 'shop/core.py': 'evil()\n' };
        put(at, { ...patched, [record]: `${RECORD(patched)}${record},,\n` });
      },
      { altered: ['shop'] },
      { unaltered: 'VIOLATED' },
    ],
    [
      'a file more that the RECORD names',
      ({ site: at, files, record }) => {
        const more = { ...files, 'evil.pth': 'import evil\n' };
        put(at, { ...more, [record]: `${RECORD(more)}${record},,\n` });
      },
      { altered: ['shop'] },
      { unaltered: 'VIOLATED' },
    ],
    [
      'a file that no RECORD names',
      ({ site: at }) => put(at, { 'evil.pth': 'import evil\n' }),
      { extra: ['evil.pth'] },
      { closed: 'VIOLATED' },
    ],
    [
      'another version',
      ({ site: at }) => put(at, { 'shop-1.2.0.dist-info/METADATA': 'Name: shop\nVersion: 9\n' }),
      { differing: ['shop'] },
      { locked: 'VIOLATED' },
    ],
    [
      'a distribution more',
      ({ site: at }) => put(at, { 'evil-1.dist-info/METADATA': 'Name: evil\nVersion: 1\n' }),
      { extra: ['evil', 'evil-1.dist-info/METADATA'] },
      { closed: 'VIOLATED' },
    ],
    [
      'two of one name',
      ({ site: at }) => put(at, { 'shop-0.dist-info/METADATA': 'Name: shop\nVersion: 1.2.0\n' }),
      { counts: { extra: 2 } },
      { closed: 'VIOLATED' },
    ],
    [
      'it is gone',
      ({ site: at }) => rmSync(join(at, 'shop-1.2.0.dist-info'), { recursive: true }),
      { missing: ['shop'] },
      { locked: 'VIOLATED' },
    ],
    [
      'a link',
      ({ site: at }) => symlinkSync('/etc/hostname', join(at, 'shop/x.py')),
      { linked: ['shop/x.py'] },
      { closed: 'VIOLATED' },
    ],
    [
      'compiled files',
      ({ site: at }) => put(at, { 'shop/__pycache__/core.cpython-311.pyc': 'evil' }),
      { extra: [] },
      { closed: 'PROVEN', unaltered: 'UNKNOWN' },
    ],
  ];
  for (const [what, change, found, wanted] of cases) {
    const made = wheel(t);
    change(made);
    const seen = await look(made.site, made.lock, PYPI, made.archives);
    t.match(seen.value, found, what);
    t.match(verdicts(seen, PYPI), wanted, what);
  }
  const edited = wheel(t);
  const installer = { 'shop-1.2.0.dist-info/INSTALLER': 'pip\n' };
  const patched = { ...edited.files, ...installer, 'shop/core.py': 'evil()\n' };
  put(edited.site, { ...patched, [edited.record]: `${RECORD(patched)}${edited.record},,\n` });
  const own = await look(edited.site, edited.lock, PYPI);
  t.strictSame(
    verdicts(own, PYPI),
    { locked: 'PROVEN', closed: 'UNKNOWN', unaltered: 'UNKNOWN' },
    'an edited RECORD is nothing but its own word',
  );
});

t.test('go: the build information of a binary', async (t) => {
  const lock = `a.example/m v1.0.0 ${H1}\na.example/m v1.0.0/go.mod ${H1}\nb.example/n v2.0.0 ${H1}\n`;
  const run = async (lines: readonly string[], before?: number) => look(binary(t, lines, before), lock, GO);
  const good = await run([`dep\ta.example/m\tv1.0.0\t${H1}`], 1_048_576 - 16);
  t.match(good.value, { installed: 1, same: 1, missing: [] });
  t.strictSame(verdicts(good, GO), { ...GOOD, unaltered: 'UNKNOWN' }, 'what a binary says is its own word');
  const other = H1.replace('J', 'K');
  t.match((await run([`dep\ta.example/m\tv1.0.0\t${other}`])).value, { differing: ['a.example/m@v1.0.0'] });
  t.match((await run([`dep\tevil.example/m\tv1.0.0\t${H1}`])).value, { extra: ['evil.example/m@v1.0.0'] });
  t.match((await run([`dep\ta.example/m\tv1.0.0`, `=>\tb.example/n\tv2.0.0\t${H1}`])).value, {
    same: 1,
    extra: [],
  });
  t.match((await run([`dep\ta.example/m\tv1.0.0`, `=>\t../mine\t(devel)\t`])).value, {
    linked: ['../mine@(devel)'],
  });
  const plain = join(temporary(t), 'plain');
  writeFileSync(plain, Buffer.alloc(70_000, 7));
  await t.rejects(look(plain, lock, GO), { code: 'unavailable' });
  await t.rejects(look(`${plain}-gone`, lock, GO), { code: 'unavailable' });
});

t.test('cargo: vendored crates', async (t) => {
  const base = temporary(t);
  const [vendor, archives] = [join(base, 'vendor'), join(base, 'crates')];
  const files = {
    'Cargo.toml': '[package]\nname = "serde"\nversion = "1.0.0"\n',
    'src/lib.rs': '// serde\n',
  };
  const from = join(base, 'from');
  put(join(from, 'serde-1.0.0'), { ...files, '.gitignore': 'target\n', 'src/lib.rs.orig': 'x' });
  mkdirSync(archives);
  execFileSync('tar', ['-czf', join(archives, 'serde-1.0.0.crate'), '-C', from, 'serde-1.0.0']);
  const checksum = createHash('sha256')
    .update(readFileSync(join(archives, 'serde-1.0.0.crate')))
    .digest('hex');
  const lock = `version = 4\n[[package]]\nname = "serde"\nversion = "1.0.0"\nsource = "registry"\nchecksum = "${checksum}"\n\n[[package]]\nname = "me"\nversion = "0.1.0"\n`;
  const told = (content: Readonly<Record<string, string>>): string =>
    JSON.stringify({
      files: Object.fromEntries(
        Object.entries(content).map(([path, text]) => [
          path,
          createHash('sha256').update(text).digest('hex'),
        ]),
      ),
      package: checksum,
    });
  const CARGO = { ecosystem: 'cargo' };
  const run = () => look(vendor, lock, CARGO, archives);
  put(join(vendor, 'serde'), { ...files, '.cargo-checksum.json': told(files) });
  t.strictSame(verdicts(await run(), CARGO), GOOD);
  put(vendor, { 'serde/.gitignore': 'other' });
  t.match((await run()).value, { altered: ['serde@1.0.0'] }, 'what may be left out may be no other');
  rmSync(join(vendor, 'serde/.gitignore'));
  t.strictSame(verdicts(await run(), CARGO), GOOD);
  put(vendor, { 'serde/src/lib.rs': 'evil' });
  t.match((await run()).value, { altered: ['serde@1.0.0'] });
  const patched = { ...files, 'src/lib.rs': 'evil' };
  put(vendor, { 'serde/.cargo-checksum.json': told(patched) });
  t.match((await run()).value, { altered: ['serde@1.0.0'] }, 'and its checksum too');
  t.equal(verdicts(await look(vendor, lock, CARGO), CARGO)['unaltered'], 'UNKNOWN');
  put(vendor, {
    'evil/Cargo.toml': '[package]\nname = "evil"\nversion = "1.0.0"\n',
    'serde/.cargo-checksum.json': '{}',
  });
  t.match((await run()).value, { extra: ['evil@1.0.0'], differing: ['serde@1.0.0'] });
});

t.test('what cannot be looked at, and what stays', async (t) => {
  const { root, lock, archives } = project(t);
  await t.rejects(look(join(root, 'nowhere'), lock, NPM), { code: 'unavailable' });
  await t.rejects(look(temporary(t), lock, NPM), { code: 'unavailable' });
  await t.rejects(look(root, lock, { ecosystem: 'maven' }), { code: 'config-invalid' });
  await t.rejects(look(root, lock, PYPI), { code: 'config-invalid', message: /lock no package of pypi/ });
  await t.rejects(look('app', lock, NPM), { code: 'config-invalid' });
  await t.rejects(look(root, lock, NPM, 'relative'), { code: 'config-invalid' });
  put(root, { 'node_modules/password=hunter2/index.js': '' });
  const seen = await look(root, lock, NPM, archives);
  t.notMatch(JSON.stringify(seen), /hunter2/);
  t.match(seen.value, { extra: ['(withheld)'] });
});
