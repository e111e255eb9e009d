/** `commit` of a folder that a stranger made: nothing that it names is run, and what git cannot say is said to be left out. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { gitFacts, gitTop } from '../../src/declare/node/git.ts';
import { tallystick } from './support/run-cli.ts';

const noGit = spawnSync('git', ['--version']).error !== undefined && 'git is not installed';

/** A repository with `app.conf` committed, and a program in it that leaves a file behind when it is run. */
function repository(folder: string) {
  const git = (...args: string[]): string => {
    const done = spawnSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], {
      cwd: folder,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], HOME: folder },
    });
    if (done.status !== 0) throw new Error(`git ${args.join(' ')}: ${done.stderr}`);
    return done.stdout.trim();
  };
  const ran = join(folder, 'ran');
  const evil = join(folder, 'evil.sh');
  mkdirSync(folder, { recursive: true });
  git('init', '-q');
  writeFileSync(join(folder, 'app.conf'), 'max=1\n');
  git('add', 'app.conf');
  git('commit', '-qm', 'one');
  writeFileSync(evil, `#!/bin/sh\ntouch ${ran}\n`);
  chmodSync(evil, 0o755);
  return { folder, git, ran, evil, file: join(folder, 'app.conf') };
}

t.test('what a repository names is not run', { skip: noGit }, async (t) => {
  const attacks: Record<string, (repo: ReturnType<typeof repository>) => void> = {
    'a file system monitor': ({ git, evil }) => git('config', 'core.fsmonitor', evil),
    'a clean filter': ({ git, evil, folder, file }) => {
      writeFileSync(join(folder, '.gitattributes'), '*.conf filter=x\n');
      for (const word of ['clean', 'smudge', 'process']) git('config', `filter.x.${word}`, evil);
      git('config', 'filter.x.required', 'true');
      writeFileSync(file, 'max=2\n');
    },
    'a signature checker': ({ git, evil }) => {
      git('config', 'log.showSignature', 'true');
      for (const format of ['gpg', 'gpg.ssh', 'gpg.x509']) git('config', `${format}.program`, evil);
    },
    'a difference program': ({ git, evil, folder, file }) => {
      writeFileSync(join(folder, '.gitattributes'), '*.conf diff=x\n');
      git('config', 'diff.external', evil);
      git('config', 'diff.x.textconv', evil);
      git('config', 'diff.x.command', evil);
      writeFileSync(file, 'max=2\n');
    },
    'a pager, an editor and an alias': ({ git, evil }) => {
      for (const name of ['core.pager', 'pager.rev-list', 'pager.ls-tree', 'core.editor'])
        git('config', name, evil);
      for (const name of ['rev-list', 'rev-parse', 'ls-tree']) git('config', `alias.${name}`, `!${evil}`);
    },
    'a folder of hooks': ({ git, folder, evil }) => {
      const hooks = join(folder, 'hooks');
      mkdirSync(hooks);
      for (const name of [
        'post-index-change',
        'reference-transaction',
        'fsmonitor-watchman',
        'post-checkout',
      ])
        writeFileSync(join(hooks, name), `#!/bin/sh\n${evil}\n`, { mode: 0o755 });
      git('config', 'core.hooksPath', hooks);
    },
    'a transport for objects that are not here': ({ git, folder, evil }) => {
      const tree = git('rev-parse', 'HEAD^{tree}');
      git('config', 'core.repositoryFormatVersion', '1');
      git('config', 'extensions.partialClone', 'origin');
      git('config', 'remote.origin.promisor', 'true');
      git('config', 'remote.origin.url', `ext::${evil}`);
      git('config', 'protocol.ext.allow', 'always');
      git('config', 'core.sshCommand', evil);
      rmSync(join(folder, '.git', 'objects', tree.slice(0, 2), tree.slice(2)));
    },
    'a configuration of a submodule': ({ git, folder, evil }) => {
      const inner = repository(join(folder, 'inner'));
      inner.git('config', 'core.fsmonitor', evil);
      git('update-index', '--add', '--cacheinfo', `160000,${inner.git('rev-parse', 'HEAD')},inner`);
      git('commit', '-qm', 'two');
    },
  };
  for (const [name, arm] of Object.entries(attacks))
    await t.test(name, async (t) => {
      const repo = repository(join(t.testdir(), 'repo'));
      arm(repo);
      rmSync(repo.ran, { force: true });
      await gitFacts(repo.folder, [repo.folder], []);
      await gitFacts(repo.folder, [repo.file], []);
      t.notOk(existsSync(repo.ran));
    });
});

t.test('a git that the folder brings along is not ours', { skip: noGit }, async (t) => {
  const repo = repository(join(t.testdir(), 'repo'));
  const bin = join(repo.folder, 'node_modules', '.bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, 'git'), `#!/bin/sh\ntouch ${repo.ran}\n`, { mode: 0o755 });
  const path = process.env['PATH'];
  t.teardown(() => (process.env['PATH'] = path));
  process.env['PATH'] = `${bin}:.:${path}`;
  t.match(await gitFacts(repo.folder, [repo.file], []), { facts: { dirty: false } });
  t.notOk(existsSync(repo.ran));
});

t.test('the environment of a hook does not choose another repository', { skip: noGit }, async (t) => {
  const repo = repository(join(t.testdir(), 'repo'));
  const other = repository(join(t.testdirName, 'other'));
  process.env['GIT_DIR'] = join(other.folder, '.git');
  process.env['GIT_WORK_TREE'] = other.folder;
  t.teardown(() => {
    delete process.env['GIT_DIR'];
    delete process.env['GIT_WORK_TREE'];
  });
  repo.git('commit', '-qm', 'two', '--allow-empty');
  t.equal((await gitFacts(repo.folder, [repo.file], [])).facts?.commit, repo.git('rev-parse', 'HEAD~1'));
});

t.test('facts: what differs from the commit', { skip: noGit }, async (t) => {
  const cases: Record<string, (repo: ReturnType<typeof repository>) => boolean> = {
    nothing: () => false,
    content: ({ file }) => (writeFileSync(file, 'max=9\n'), true),
    'the executable bit': ({ file }) => (chmodSync(file, 0o755), true),
    'a file that was taken away': ({ file }) => (rmSync(file), true),
    'a file under another name': ({ file, folder }) => (renameSync(file, join(folder, 'b.conf')), true),
    'a change that is only staged': ({ git, file }) => {
      writeFileSync(file, 'max=9\n');
      git('add', 'app.conf');
      return true;
    },
  };
  for (const [name, change] of Object.entries(cases)) {
    const repo = repository(join(t.testdir(), 'repo'));
    rmSync(repo.evil);
    const dirty = change(repo);
    const { facts } = await gitFacts(repo.folder, [repo.folder], []);
    t.strictSame(facts, { commit: repo.git('rev-parse', 'HEAD'), dirty }, name);
  }
});

t.test('attributes of what git does not keep hide no fact', { skip: noGit }, async (t) => {
  const repo = repository(join(t.testdir(), 'repo'));
  const packages = join(repo.folder, 'node_modules');
  mkdirSync(packages);
  writeFileSync(join(packages, '.gitattributes'), '* text=auto eol=lf\n');
  writeFileSync(join(packages, 'a.js'), '1\r\n');
  const answer = await gitFacts(repo.folder, [repo.folder], []);
  t.strictSame(answer, { facts: { commit: repo.git('rev-parse', 'HEAD'), dirty: true } });
});

t.test('facts that cannot be had are left out, with the reason', { skip: noGit }, async (t) => {
  const repo = repository(join(t.testdir(), 'repo'));
  writeFileSync(join(repo.folder, 'other'), 'x');
  repo.git('add', 'other');
  repo.git('commit', '-qm', 'two');
  const clone = join(t.testdirName, 'clone');
  repo.git('clone', '-q', '--depth', '1', `file://${repo.folder}`, clone);
  const shallow = await gitFacts(clone, [join(clone, 'app.conf')], []);
  t.match(shallow, { facts: undefined, missing: /shallow.*unshallow/ });
  repo.git('clone', '-q', '--depth', '2', `file://${repo.folder}`, `${clone}2`);
  t.match(
    await gitFacts(`${clone}2`, [join(`${clone}2`, 'other')], []),
    { facts: { dirty: false } },
    'a clone that reaches the commit knows it',
  );

  writeFileSync(join(repo.folder, '.gitattributes'), '*.conf filter=lfs\n');
  writeFileSync(repo.file, 'big');
  t.match(await gitFacts(repo.folder, [repo.file], []), { missing: /app\.conf.*filter/ });

  const path = process.env['PATH'];
  t.teardown(() => (process.env['PATH'] = path));
  process.env['PATH'] = t.testdirName;
  t.match(await gitFacts(repo.folder, [repo.file], []), { missing: 'git is not installed' });
});

t.test('the work tree is found without git', async (t) => {
  const whole = { HEAD: 'ref: refs/heads/main\n', objects: {}, refs: {} };
  const folder = t.testdir({
    repo: { '.git': whole, a: { b: {} } },
    linked: { '.git': 'gitdir: ../repo/.git\n', a: {} },
    odd: { '.git': { HEAD: 'x' } },
  });
  t.equal(await gitTop(join(folder, 'repo/a/b')), join(folder, 'repo'));
  t.equal(await gitTop(join(folder, 'linked/a')), join(folder, 'linked'));
  t.not(
    await gitTop(join(folder, 'odd')),
    join(folder, 'odd'),
    'a folder named .git is not yet a repository',
  );
});

t.test('a configuration that came with the folder names no program', async (t) => {
  const cwd = t.testdir({
    'tallystick-data': { 'tallystick.yaml': 'origin: log.example/x\nkey: exec:/bin/false\n' },
    'tallystick-agent': { 'tallystick.yaml': 'key: exec:/bin/false\n' },
  });
  const data = join(cwd, 'tallystick-data');
  const found = await tallystick('config show', { cwd });
  t.equal(found.code, 78);
  t.match(found.err, /tallystick\.yaml:2: key names a program.*--config/);
  for (const named of [`--data-dir ${data}`, '--data-dir tallystick-data'])
    t.equal((await tallystick(`config show ${named}`, { cwd })).code, 0, named);
  t.equal((await tallystick(`--config ${data}/tallystick.yaml config show`, { cwd })).code, 0);
  t.equal((await tallystick('config show', { cwd, env: { TALLYSTICK_DATA_DIR: data } })).code, 0);
});
