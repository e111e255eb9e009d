/** `commit packages`: lockfiles as leaves, and lines of them that installers would read differently. */
import t from 'tap';
import { decodeCbor } from '#src/bytes/cbor.ts';
import { PACKAGES_SOURCE } from '#src/declare/sources/packages/packages.ts';

const SHA512 = `sha512-${'A'.repeat(86)}==`;
const HEX = 'c8e3592472072e6e22e0a54d5904d9febf8508f65fb8552499a1abc7d1078c3a';
const HEX2 = HEX.replace('c8', 'c9');
const H1 = 'h1:JgcPM1rzpSOZS8y69FQvnY0xN0ciHlpQqwTXJcuZIA4=';

const read = (...texts: readonly string[]) =>
  PACKAGES_SOURCE.declare(
    texts.map((text, i) => ({ name: `lock-${i}`, text })),
    { literal: false, ignore: [] },
  );
const leavesOf = (...texts: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(read(...texts).leaves.map(({ path, value }) => [path, decodeCbor(value)]));
const npm = (packages: object, lockfileVersion: unknown = 3): string =>
  JSON.stringify({ name: 'a', lockfileVersion, packages });

t.test('npm', async (t) => {
  const packages = {
    '': { name: 'a' },
    'node_modules/ms': { version: '2.1.3', integrity: SHA512 },
    'node_modules/@b/c': { version: '1.0.0', integrity: SHA512, dev: true },
    'node_modules/@b/c/node_modules/ms': { version: '2.0.0', integrity: SHA512, optional: true },
    'node_modules/alias': { name: 'ms', version: '2.1.2', integrity: SHA512 },
    'node_modules/git': { version: '1.0.0', resolved: 'git+ssh://git@host/x.git#abc' },
    'node_modules/w': { resolved: 'packages/w', link: true },
    'packages/w': { version: '1.0.0' },
  };
  t.strictSame(leavesOf(npm(packages)), {
    '/npm/node_modules~1ms': `2.1.3 ${SHA512}`,
    '/npm/node_modules~1@b~1c': `1.0.0 ${SHA512} dev`,
    '/npm/node_modules~1@b~1c~1node_modules~1ms': `2.0.0 ${SHA512} optional`,
    '/npm/node_modules~1alias': `ms@2.1.2 ${SHA512}`,
    '/npm/node_modules~1git': '1.0.0 unhashed from:git+ssh://host/x.git#abc',
    '/npm/node_modules~1w': 'link packages/w',
    '/npm/packages~1w': 'local',
  });
  t.strictSame(leavesOf(npm(packages, 2)), leavesOf(npm(packages)), 'version 2 says the same');
  for (const [what, text, message] of [
    ['version 1', JSON.stringify({ lockfileVersion: 1, dependencies: {} }), /lockfile-version 3/],
    ['a name twice', `{"lockfileVersion":3,"packages":{"node_modules/a":{},"node_modules/a":{}}}`, /twice/],
    [
      'another digest',
      npm({ 'node_modules/a': { version: '1', integrity: 'md5-AAAAAAAAAAAAAAAAAAAAAA==' } }),
      /none that npm writes/,
    ],
    ['out of the folder', npm({ 'node_modules/../../etc': { version: '1' } }), /leads out/],
    ['no version', npm({ 'node_modules/a': { integrity: SHA512 } }), /no version/],
    ['nothing', npm({ '': {} }), /locks no package/],
  ] as const)
    t.throws(() => read(text), { code: 'malformed-text', message }, what);
});

t.test('go, cargo', async (t) => {
  t.strictSame(
    leavesOf(`a.example/m v1.0.0 ${H1}\na.example/m v1.0.0/go.mod ${H1}\na.example/m v1.0.0 ${H1}\n`),
    {
      '/go/a.example~1m@v1.0.0': H1,
      '/go/a.example~1m@v1.0.0~1go.mod': H1,
    },
  );
  t.throws(() => read(`a v1.0.0 ${H1}\na v1.0.0 ${H1.replace('J', 'K')}\n`), { message: /two digests/ });
  const cargo = `version = 4\n\n[[package]]\nname = "serde"\nversion = "1.0.0"\nsource = "registry+x"\nchecksum = "${HEX}"\n\n[[package]]\nname = "me"\nversion = "0.1.0"\n\n[[package]]\nname = "g"\nversion = "1.0.0"\nsource = "git+https://a.example"\n`;
  t.strictSame(leavesOf(cargo), {
    '/cargo/serde@1.0.0': `sha256:${HEX}`,
    '/cargo/me@0.1.0': 'local',
    '/cargo/g@1.0.0': 'unhashed from:git+https://a.example',
  });
  t.throws(() => read(`${cargo}\n[metadata]\n"checksum a" = "x"\n`), { message: /first version/ });
  t.throws(() => read('[[package]]\nname = "a"\nversion = "1"\nchecksum = "../x"\n'), {
    message: /checksum/,
  });
  t.throws(() => read('[[package]]\nname = "a"\npassword-hunter2 = \n'), { message: /^(?!.*hunter2)/ });
});

t.test('python', async (t) => {
  const lines = `# made by pip-compile\n--index-url https://u:hunter2@pypi.example/simple\nRequests[socks]==2.32.3 \\\n    --hash=sha256:${HEX2} \\\n    --hash=sha256:${HEX}\n    # via x\nzope.interface==6.0 ; python_version < "3.12" --hash=sha256:${HEX}\n`;
  const both = `sha256:${HEX} sha256:${HEX2}`;
  t.strictSame(leavesOf(lines), {
    '/pypi/requests': `2.32.3 ${both}`,
    '/pypi/zope-interface': `6.0 sha256:${HEX} ; python_version < "3.12"`,
  });
  const pylock = `lock-version = "1.0"\n[[packages]]\nname = "Requests"\nversion = "2.32.3"\nwheels = [{name = "a.whl", hashes = {sha256 = "${HEX}"}}]\n[packages.sdist]\nhashes = {sha256 = "${HEX2}"}\n`;
  t.strictSame(leavesOf(pylock), { '/pypi/requests': `2.32.3 ${both}` });
  const uv = `version = 1\n[[package]]\nname = "me"\nversion = "0.1"\nsource = { editable = "." }\n[[package]]\nname = "requests"\nversion = "2.32.3"\nsource = { registry = "x" }\nsdist = { hash = "sha256:${HEX2}" }\nwheels = [{ hash = "sha256:${HEX}" }]\n`;
  t.strictSame(leavesOf(uv), { '/pypi/requests': `2.32.3 ${both}` });
  const poetry = `[[package]]\nname = "requests"\nversion = "2.32.3"\nfiles = [{file = "a", hash = "sha256:${HEX}"}, {file = "b", hash = "sha256:${HEX2}"}]\n[metadata]\nlock-version = "2.0"\n`;
  t.strictSame(leavesOf(poetry), { '/pypi/requests': `2.32.3 ${both}` });
  const forked = uv.replace(
    '[[package]]\nname = "requests"',
    `[[package]]\nname = "requests"\nversion = "2.0"\nsource = { registry = "x" }\nwheels = [{ hash = "sha256:${HEX}" }]\n[[package]]\nname = "requests"`,
  );
  t.strictSame(leavesOf(forked), { '/pypi/requests': `2.0 sha256:${HEX} | 2.32.3 ${both}` });
  for (const [line, message] of [
    ['requests', /no package of one version/],
    ['requests>=2 --hash=sha256:x', /no package of one version/],
    ['requests==2.0', /no hash/],
    ['requests==2.0 --hash=md5:00', /no hash/],
    ['-r other.txt', /no package/],
    ['-e .', /no package/],
    ['https://u:hunter2@host/a.whl', /^(?!.*hunter2)/],
    ['a @ https://u:hunter2@host/a.whl', /^(?!.*hunter2)/],
  ] as const)
    t.throws(() => read(line), { code: 'malformed-text', message }, line);
});

t.test('several lockfiles are one declaration, and no two say one package', async (t) => {
  const leaves = leavesOf(
    npm({ 'node_modules/ms': { version: '2.1.3', integrity: SHA512 } }),
    `a v1.0.0 ${H1}\n`,
  );
  t.strictSame(Object.keys(leaves), ['/go/a@v1.0.0', '/npm/node_modules~1ms']);
  t.throws(() => read(`a==1 --hash=sha256:${HEX}`, `a==2 --hash=sha256:${HEX}`), {
    message: /declared twice/,
  });
  t.ok(
    PACKAGES_SOURCE.together?.test('x/package-lock.json') &&
      PACKAGES_SOURCE.together.test('requirements-dev.txt'),
  );
  t.notOk(PACKAGES_SOURCE.together?.test('package.json'));
});
