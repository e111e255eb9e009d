/** Files that pip, Ansible and PyYAML read otherwise than they look: each was declared as it looks. */
import t from 'tap';
import { decodeCbor } from '#src/bytes/cbor.ts';
import { parseInventory } from '#src/declare/sources/ansible/inventory.ts';
import { literalValue } from '#src/declare/sources/ansible/literal.ts';
import { parsePyYaml } from '#src/declare/sources/ansible/pyyaml.ts';
import { plainValue } from '#src/declare/sources/ansible/scalars.ts';
import { PACKAGES_SOURCE } from '#src/declare/sources/packages/packages.ts';
import { parseManifests, parseYaml } from '#src/declare/yaml.ts';

const SHA = `sha256:${'a'.repeat(64)}`;
const SHA2 = `sha256:${'b'.repeat(64)}`;
const leavesOf = (text: string): Record<string, unknown> =>
  Object.fromEntries(
    PACKAGES_SOURCE.declare([{ name: 'lock', text }], { literal: false, ignore: [] }).leaves.map(
      ({ path, value }) => [path, decodeCbor(value)],
    ),
  );
const refused = { code: 'malformed-text' };

t.test('requirements', async (t) => {
  const good = `good==1.0 --hash=${SHA}`;
  for (const text of [
    '--pre -r evil.txt',
    '--no-index -e git+https://evil.example/x#egg=evil',
    '-i https://a --constraint c.txt',
    '--index-url -r',
    '--index-url "https://a -r b"',
    '--pre=1',
    '# see the manual \\\nevil==1.0',
    'other==1 # c \\\nevil==1',
    ...['\f', '\v', '\x1c', '\x1d', '\x1e', '\x85', '\u2028', '\u2029', '\r'].map(
      (end) => `# c${end}evil==1.0`,
    ),
    '# coding: utf-7\n# x+AAo-evil+AD0APQ-1.0',
    '\n# vim: set fileencoding=latin-1 :',
    `a==1 ; linux -r evil.txt --hash=${SHA}`,
  ])
    t.throws(() => leavesOf(`${text}\n${good}\n`), refused, encodeURIComponent(text));
  t.same(
    leavesOf(
      `# -*- coding: utf-8 -*-\n# see \\ here\n-i https://a/simple\n--index-url=https://b\n--no-index\n--only-binary :all:\n${good}\n`,
    ),
    { '/pypi/good': `1.0 ${SHA}` },
  );
  const pair = (first: string, second: string) =>
    leavesOf(`foo==1.0 ; ${first} --hash=${SHA}\nfoo==2.0 ; ${second} --hash=${SHA2}\n`);
  const [linux, other] = ['sys_platform == "linux"', 'sys_platform != "linux"'];
  t.same(pair(linux, other), { '/pypi/foo': `1.0 ${SHA} ; ${linux} | 2.0 ${SHA2} ; ${other}` });
  t.notSame(pair(linux, other), pair(other, linux));
});

t.test('packages without a digest have where they come from', async (t) => {
  const npm = (resolved: string, integrity?: string): Record<string, unknown> =>
    leavesOf(
      JSON.stringify({
        lockfileVersion: 3,
        packages: { 'node_modules/x': { version: '1.0.0', resolved, integrity } },
      }),
    );
  t.notSame(npm('git+ssh://git@host/x.git#abc'), npm('git+ssh://git@host/x.git#abd'));
  t.notSame(npm('https://a/x.tgz'), npm('https://b/x.tgz'));
  const sha1 = `sha1-${'A'.repeat(27)}=`;
  t.notSame(npm('https://a/x.tgz', sha1), npm('https://b/x.tgz', sha1));
  t.same(npm('https://me:hunter2@host/a b|c'), {
    '/npm/node_modules~1x': '1.0.0 unhashed from:https://host/a%20b%7Cc',
  });
  const cargo = (source: string, more = '') =>
    leavesOf(`[[package]]\nname = "g"\nversion = "1.0.0"\nsource = "${source}"\n${more}`);
  t.notSame(cargo('git+https://a#c1'), cargo('git+https://a#c2'));
  t.notSame(cargo('git+https://a#c1'), cargo('git+https://a#c1', 'replace = "g 2.0.0"\n'));
  const uv = (source: string, more = ''): Record<string, unknown> =>
    leavesOf(`version = 1\n[[package]]\nname = "g"\nversion = "1.0"\nsource = ${source}\n${more}`);
  t.same(uv('{ git = "https://u:p@a?rev=x#c1" }'), { '/pypi/g': '1.0 unhashed from:git=https://a?rev=x#c1' });
  t.same(uv('{ directory = "../lib" }'), { '/pypi/g': '1.0 unhashed from:directory=../lib' });
  t.throws(() => uv('{ registry = "r" }', `wheels = [{ hash = "${SHA}" }, { url = "b" }]\n`), refused);
  const marked = uv(
    '{ registry = "r" }',
    `resolution-markers = ["os_name == 'nt'"]\nwheels = [{ hash = "${SHA}" }]\n`,
  );
  t.match(marked, { '/pypi/g': /; \["os_name == 'nt'"\]$/ });
  const pylock = (more: string): Record<string, unknown> =>
    leavesOf(`lock-version = "1.0"\n[[packages]]\nname = "g"\nversion = "1.0"\n${more}`);
  t.notSame(
    pylock('vcs = { type = "git", url = "https://a", commit-id = "c1" }\n'),
    pylock('vcs = { type = "git", url = "https://a", commit-id = "c2" }\n'),
  );
  t.throws(
    () => pylock(`wheels = [{ hashes = { sha256 = "${'a'.repeat(64)}" } }, { hashes = { sha512 = "x" } }]\n`),
    refused,
  );
});

t.test('inventories', async (t) => {
  for (const end of ['\r', '\f', '\v', '\x1c', '\x1e', '\x85', '\u2028', '\u2029', '\x1f', '\ufeff'])
    for (const text of [`[g]\n# c${end}evil a=1\nh1\n`, `[g:vars]\na = x${end}b = 2\n[g]\n`])
      t.throws(() => parseInventory(text), { ...refused, message: /line 2/ }, encodeURIComponent(end));
  t.throws(() => parseInventory('all ansible_port=5\n'), {
    ...refused,
    message: /line 1: .*name of the group all/,
  });
  t.throws(() => parseInventory('[web]\ndb a=1\n[db]\nh\n'), { ...refused, message: /line 2/ });
  t.same([...parseInventory('[g]\r\nh1\r\n').members.keys()], ['g']);
});

t.test('values that Python takes for literals', async (t) => {
  for (const text of [
    "('abc')",
    '(True)',
    '(None)',
    '-(1)',
    '+ (1)',
    "({'a':1})",
    '80,0xff',
    '1,2 # abc',
    '1,set()',
    "[('a')]",
    '[-(1)]',
    "{'a':(1)}",
    '()',
    '[1+2j]',
    "{'a': 1-2j}",
    '[set()]',
    'set( )',
    'None,None',
    "1, 'a b'",
    '[...]',
  ])
    // prettier-ignore
    t.equal(literalValue(text), undefined, text);
  for (const text of [
    '(see docs)',
    '(a)',
    '-(a)',
    '1,2 abc',
    '10.0.0.1,10.0.0.2',
    'a,b',
    '80,10.0.0.1',
    '-x',
  ])
    t.equal(literalValue(text), text, text);
});

t.test('YAML', async (t) => {
  t.equal(plainValue('2001-12-14 21:59:43 +0530'), '2001-12-14 21:59:43 +0530');
  t.match(plainValue('2001-12-14 21:59:43 +05:30'), { iso: '2001-12-14T21:59:43+05:30' });
  for (const read of [parseYaml, parseManifests, parsePyYaml]) {
    for (const text of ['k: |\n  b', 'k: >\n  b', 'k: |+\n  b', 'a: 1\nk:\n  - |\n    b'])
      t.throws(() => read(text), { ...refused, message: /line \d: .*end its last line/ }, text);
    for (const text of ['k: |-\n  b', 'k: |\n  b\n', 'k: |\n  b\nc: d', 'k: "b"']) t.ok(read(text), text);
  }
});

t.test('a lockfile of npm that is another to npm 6', async (t) => {
  const sha = (sign: string) => `sha512-${sign.repeat(86)}==`;
  const lock = (entry: object, other: object): Record<string, unknown> =>
    leavesOf(
      JSON.stringify({
        lockfileVersion: 2,
        packages: { 'node_modules/x': entry },
        dependencies: { x: other },
      }),
    );
  const x = { version: '1.0.0', resolved: 'https://a/x.tgz', integrity: sha('A') };
  const git = { version: '1.0.0', resolved: 'git+ssh://a/x.git#c' };
  t.ok(lock(x, x));
  t.ok(lock({ ...x, name: 'y' }, { ...x, version: 'npm:y@1.0.0' }));
  t.ok(lock(git, { version: git.resolved }));
  for (const [entry, other] of [
    [x, { ...x, version: '1.0.1' }],
    [x, { ...x, integrity: sha('B') }],
    [x, { version: '1.0.0' }],
    [x, { ...x, dependencies: { evil: x } }],
    [x, { ...x, version: 'git+ssh://a/x.git#c', integrity: undefined }],
    [git, { version: 'git+ssh://a/x.git#d' }],
  ] as const)
    t.throws(() => lock(entry, other), { ...refused, message: /npm 6/ });
});
