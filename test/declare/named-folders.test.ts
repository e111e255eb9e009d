/** Folders that are named: links in them, one rule for every kind of source, and what no source may hold. */
import { execFileSync } from 'node:child_process';
import { Readable } from 'node:stream';
import t from 'tap';
import { chartFiles, chartUnpacker } from '#src/declare/node/chartfiles.ts';
import { readTexts } from '#src/declare/node/texts.ts';
import { readSource } from '#src/declare/read.ts';
import { saltingBy } from '#src/declare/node/salts.ts';
import { GivenFiles } from '#src/declare/sources/included.ts';
import { SOURCES } from '#src/declare/sources/registry.ts';

const sourceOf = (kind: string) => {
  const found = SOURCES.find((each) => each.kind === kind);
  if (found === undefined) throw new Error(kind);
  return found;
};
const namesIn = async (
  kind: string,
  cwd: string,
  ...named: readonly string[]
): Promise<readonly string[]> => {
  const stdin = Readable.from([]);
  const { texts } = await readTexts({
    source: sourceOf(kind),
    named,
    cwd,
    stdin,
    recursive: kind === 'kubernetes',
  });
  return texts.map(({ name, text }) => `${name.replace(`${cwd}/`, '')} ${text.length}`);
};
/** A file of each kind that folders are read for, by name. */
const FILES: Readonly<Record<string, string>> = {
  ansible: 'site.yml',
  kubernetes: 'site.yml',
  packages: 'requirements.txt',
  postgresql: 'pg_hba.conf',
  nginx: 'nginx.conf',
  sshd: 'sshd_config',
};

t.test('a link to a folder that it lies in', async (t) => {
  for (const [kind, name] of Object.entries(FILES)) {
    const cwd = t.testdir({ f: { [name]: 'a', a: t.fixture('symlink', '.'), b: t.fixture('symlink', '.') } });
    if (kind === 'packages')
      t.same((await namesIn(kind, cwd, 'f')).length, 1, `${kind}: reads no folder below`);
    else
      await t.rejects(
        namesIn(kind, cwd, 'f'),
        { code: 'usage', message: /link to a folder that it lies in/ },
        kind,
      );
  }
  const deep = t.testdir({ f: { 'site.yml': 'a', x: { y: { up: t.fixture('symlink', '../..') } } } });
  await t.rejects(namesIn('ansible', deep, 'f'), { code: 'usage', message: /f\/x\/y\/up is a link/ });
  const chart = t.testdir({
    'Chart.yaml': 'name: a',
    a: t.fixture('symlink', '.'),
    b: t.fixture('symlink', '.'),
  });
  await t.rejects(chartFiles(chart, 'c', chartUnpacker()), {
    code: 'malformed-payload',
    message: /c\/a is a link/,
  });
});

t.test('links that stay inside are followed, links that lead nowhere are named', async (t) => {
  for (const [kind, name] of Object.entries(FILES)) {
    const cwd = t.testdir({ f: { [name]: t.fixture('symlink', 'real.txt'), 'real.txt': 'abc' } });
    t.match((await namesIn(kind, cwd, 'f'))[0], new RegExp(`${RegExp.escape(name)} 3$`), kind);
    const none = t.testdir({ f: { [name]: t.fixture('symlink', 'nowhere') } });
    await t.rejects(namesIn(kind, none, 'f'), { code: 'not-found' }, kind);
  }
  const none = t.testdir({ f: { 'site.yml': 'a', 'x.yml': t.fixture('symlink', 'nowhere') } });
  await t.rejects(namesIn('ansible', none, 'f'), { message: /f\/x\.yml is a link that leads nowhere/ });
  const folder = t.testdir({ real: { 'a.yml': 'a' }, group_vars: t.fixture('symlink', 'real') });
  t.same(await namesIn('ansible', folder, '.'), ['group_vars/a.yml 1', 'real/a.yml 1']);
});

t.test('links that lead out of what was named are refused', async (t) => {
  for (const [kind, name] of Object.entries(FILES)) {
    const cwd = t.testdir({ f: { [name]: t.fixture('symlink', '../out') }, out: 'abc' });
    await t.rejects(
      namesIn(kind, cwd, 'f'),
      { code: 'usage', message: /a link to .*\/out, out of what was named/ },
      kind,
    );
    if (kind === 'kubernetes' || kind === 'ansible')
      t.equal((await namesIn(kind, cwd, 'f', 'out')).length, 2, 'unless that is named, too');
    t.equal((await namesIn(kind, cwd, `f/${name}`)).length, 1, 'a link that is named itself is followed');
  }
  const folder = t.testdir({ f: { group_vars: t.fixture('symlink', '../out') }, out: { 'all.yml': 'a' } });
  await t.rejects(namesIn('ansible', folder, 'f'), {
    code: 'usage',
    message: /group_vars\/all\.yml: .*out of what/,
  });
});

t.test('what is no file is no file', { skip: process.platform === 'win32' }, async (t) => {
  const cwd = t.testdir({ f: { 'site.yml': 'a' } });
  execFileSync('mkfifo', [`${cwd}/f/pipe.yml`]);
  await t.rejects(namesIn('ansible', cwd, 'f'), { code: 'not-found', message: /it is a pipe/ });
  await t.rejects(namesIn('kubernetes', cwd, 'f/site.yml', 'missing.yml'), { code: 'not-found' });
});

t.test('a NUL is refused in every kind of source, in comments too', async (t) => {
  for (const source of SOURCES)
    for (const text of [
      '# a comment\0\nPort 22\n',
      'Port 22\n# passwords are off\0\nPasswordAuthentication no\n',
    ]) {
      const salting = saltingBy(new Uint8Array(32));
      const reading = {
        source,
        literal: false,
        ignore: [],
        sensitive: new Set<string>(),
        notSecret: new Set<string>(),
        salting,
      };
      t.throws(
        () => readSource([{ name: 'main', text }], reading),
        { code: 'malformed-text', message: /line [12]: a NUL/ },
        source.kind,
      );
      const cwd = t.testdir({ main: text });
      await t.rejects(namesIn(source.kind, cwd, 'main'), {
        code: 'malformed-text',
        message: /line [12]: a NUL/,
      });
    }
});

t.test('patterns and included files are bounded together', async (t) => {
  const texts = Array.from({ length: 5_000 }, (_, i) => ({ name: `/x/${i}`, text: 'a'.repeat(10) }));
  const none = new GivenFiles(texts, ['/x']);
  t.throws(
    () => {
      for (let i = 0; i < 10_000; i++) none.matching('/x/*b', 'line 1');
    },
    { code: 'too-large', message: /too many patterns/ },
  );
  const all = new GivenFiles(texts, ['/x']);
  all.matching('/x/*', 'line 1');
  t.throws(
    () => {
      for (let i = 0; i < 5_001; i++) all.matching('/x/1', 'line 1');
    },
    { code: 'too-large', message: /10000 files/ },
  );
  const large = new GivenFiles([{ name: '/a', text: 'a'.repeat(1_000_000) }]);
  t.throws(
    () => {
      for (let i = 0; i < 68; i++) large.matching('/a', 'line 1');
    },
    { code: 'too-large', message: /characters/ },
  );
});

t.test('files of variables that are not read are named', async (t) => {
  const files = { 'www.example.sh': 'a: 1\n', 'web.yml': 'a: 1\n', '.hidden.sh': '' };
  const cwd = t.testdir({ f: { host_vars: files, 'site.sh': '' } });
  const source = sourceOf('ansible');
  const read = await readTexts({ source, named: ['f'], cwd, stdin: Readable.from([]), recursive: false });
  t.same(read.besides, ['f/host_vars/www.example.sh']);
  const options = { literal: false, ignore: [], besides: read.besides ?? [] };
  const { excluded } = source.declare(read.texts, options);
  t.match(excluded, [
    { path: '/f/host_vars/www.example.sh', reason: /where a host or a group has the same name/ },
  ]);
});
