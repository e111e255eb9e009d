/** `packages@1`: what is installed against lockfiles; whatever was patched, added, linked or hidden; and what stays unknown. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import { zipSync } from 'fflate';
import { judgeClaim } from '#src/claim/judge.ts';
import type { Observed } from '#src/claim/observed.ts';
import { PACKAGES_SOURCE } from '#src/declare/sources/packages/packages.ts';
import { packOf } from '#src/declare/packs.ts';
import { declaredValue } from '#src/probe/declared.ts';
import { packagesProbe } from '#src/probe/packages/probe.ts';
import { parametersOf } from '#src/probe/parameters.ts';
import type { Parameter } from '#src/statement/commitment.ts';
import { hashOf } from '../support/statement-examples.ts';
import { runShaped } from '../support/shaped.ts';

type Params = Readonly<Record<string, Parameter>>;

function temporary(t: Test): string {
  const made = mkdtempSync(join(tmpdir(), 'tallystick-packages-'));
  t.teardown(() => rmSync(made, { recursive: true }));
  return made;
}

function put(root: string, files: Readonly<Record<string, string>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
}

async function look(target: string, lock: string, params: Params, archives?: string): Promise<Observed> {
  const { leaves } = PACKAGES_SOURCE.declare([{ name: 'lock', text: lock }], { literal: false, ignore: [] });
  const given = new Map(Object.entries(params));
  return runShaped(packagesProbe, {
    target,
    params: parametersOf(
      packagesProbe,
      given,
      new Map(archives === undefined ? [] : [['archives', archives]]),
    ),
    challenge: hashOf('a challenge'),
    declared: new Map(leaves.map(({ path, value }) => [path, declaredValue(value)])),
    secret: () => Promise.resolve(undefined),
    spent: () => undefined,
    signal: new AbortController().signal,
    now: () => 0,
  });
}

function verdicts(seen: Observed, params: Params): Record<string, string> {
  const claims = packOf('packages-as-locked', new Map(Object.entries(params)));
  return Object.fromEntries(
    claims.map((claim) => [claim.id.replace('packages-', ''), judgeClaim(claim, seen).verdict]),
  );
}

const NPM = { ecosystem: 'npm' };
const GOOD = { locked: 'PROVEN', closed: 'PROVEN', unaltered: 'PROVEN' };

/** A packed package, as npm makes it: its bytes, and the digest that a lockfile has. */
function packed(at: string, files: Readonly<Record<string, string>>): string {
  const known = JSON.stringify(files);
  const bytes = PACKED.get(known) ?? tarred(files);
  PACKED.set(known, bytes);
  writeFileSync(at, bytes);
  return `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
}

/** Each archive is made once. */
const PACKED = new Map<string, Buffer>();

function tarred(files: Readonly<Record<string, string>>): Buffer {
  const from = mkdtempSync(join(tmpdir(), 'tallystick-pack-'));
  put(join(from, 'package'), files);
  const bytes = execFileSync('tar', ['-cz', '-C', from, 'package']);
  rmSync(from, { recursive: true });
  return bytes;
}

interface Project {
  readonly root: string;
  readonly lock: string;
  readonly archives: string;
  readonly look: (params?: Params) => Promise<Observed>;
}

/** Two packages, one of them twice, and a workspace. */
function project(t: Test): Project {
  const base = temporary(t);
  const [root, archives] = [join(base, 'app'), join(base, 'archives')];
  mkdirSync(archives);
  const sources = {
    'node_modules/ms': {
      'package.json': '{"name":"ms","version":"2.1.3"}',
      'index.js': 'module.exports = 1;\n',
      '.gitignore': 'x\n',
    },
    'node_modules/@b/c': { 'package.json': '{"name":"@b/c","version":"1.0.0"}', 'lib/a.js': '1;\n' },
    'node_modules/@b/c/node_modules/ms': {
      'package.json': '{"name":"ms","version":"2.0.0"}',
      'index.js': '0;\n',
    },
  };
  const packages: Record<string, object> = {
    '': {},
    'node_modules/w': { resolved: 'packages/w', link: true },
    'packages/w': { version: '1.0.0' },
  };
  for (const [at, files] of Object.entries(sources)) {
    const integrity = packed(join(archives, `${at.replaceAll('/', '_')}.tgz`), files);
    packages[at] = { version: /"version":"([^"]+)"/.exec(files['package.json'])?.[1], integrity };
    put(join(root, at), files);
    rmSync(join(root, at, '.gitignore'), { force: true });
  }
  put(root, {
    'node_modules/ms/.npmignore': 'x\n',
    'packages/w/package.json': '{"name":"w","version":"1.0.0"}',
  });
  put(root, { 'node_modules/.package-lock.json': '{}' });
  symlinkSync('../packages/w', join(root, 'node_modules/w'));
  const lock = JSON.stringify({ lockfileVersion: 3, packages });
  return { root, lock, archives, look: (params = {}) => look(root, lock, { ...NPM, ...params }, archives) };
}

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

const RECORD = (files: Readonly<Record<string, string>>): string =>
  Object.entries(files)
    .map(
      ([path, content]) =>
        `${path},sha256=${createHash('sha256').update(content).digest('base64url')},${content.length}\n`,
    )
    .join('');

/** A wheel, installed. */
function wheel(t: Test) {
  const base = temporary(t);
  const [site, archives] = [join(base, 'site-packages'), join(base, 'wheels')];
  const files = {
    'shop/__init__.py': 'x = 1\n',
    'shop/core.py': 'y = 2\n',
    'shop-1.2.0.dist-info/METADATA': 'Metadata-Version: 2.1\nName: Shop\nVersion: 1.2.0\n\nName: evil\n',
    'shop-1.2.0.dist-info/WHEEL': 'Wheel-Version: 1.0\n',
  };
  const record = 'shop-1.2.0.dist-info/RECORD';
  const all = { ...files, [record]: `${RECORD(files)}${record},,\n` };
  const bytes = zipSync(
    Object.fromEntries(
      Object.entries({ ...all, 'shop-1.2.0.data/scripts/shop': '#!python\n' }).map(([path, text]) => [
        path,
        Buffer.from(text),
      ]),
    ),
  );
  mkdirSync(archives);
  writeFileSync(join(archives, 'shop-1.2.0-py3-none-any.whl'), bytes);
  const added = { 'shop-1.2.0.dist-info/INSTALLER': 'pip\n' };
  put(site, {
    ...files,
    ...added,
    [record]: `${RECORD({ ...files, ...added })}${record},,\n../../bin/shop,,\n`,
  });
  const lock = `shop==1.2.0 --hash=sha256:${createHash('sha256').update(bytes).digest('hex')}\n`;
  return { site, archives, lock, files, record };
}

const PYPI = { ecosystem: 'pypi' };

t.test('pypi: as locked, and what was done to it afterwards', async (t) => {
  const { site, archives, lock } = wheel(t);
  t.strictSame(verdicts(await look(site, lock, PYPI, archives), PYPI), GOOD);
  t.strictSame(verdicts(await look(site, lock, PYPI), PYPI), { ...GOOD, unaltered: 'UNKNOWN' });
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
    { ...GOOD, unaltered: 'UNKNOWN' },
    'an edited RECORD is nothing but its own word',
  );
});

/** The build information of a binary, as Go 1.18 and newer write it. */
function binary(t: Test, lines: readonly string[], before = 4_096): string {
  const path = join(temporary(t), 'program');
  const text = (value: string): Buffer => {
    const bytes = Buffer.from(value);
    const length =
      bytes.length < 128 ? [bytes.length] : [(bytes.length % 128) + 128, Math.floor(bytes.length / 128)];
    return Buffer.concat([Buffer.from(length), bytes]);
  };
  const header = Buffer.alloc(32);
  header.write('\xff Go buildinf:', 'latin1');
  header[14] = 8;
  header[15] = 2;
  const info = `${'0'.repeat(16)}path\ta.example/me\nmod\ta.example/me\t(devel)\t\n${lines.map((line) => `${line}\n`).join('')}${'1'.repeat(16)}`;
  writeFileSync(
    path,
    Buffer.concat([Buffer.alloc(before, 1), header, text('go1.27.0'), text(info), Buffer.alloc(100)]),
  );
  return path;
}

const GO = { ecosystem: 'go' };
const H1 = 'h1:JgcPM1rzpSOZS8y69FQvnY0xN0ciHlpQqwTXJcuZIA4=';

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
