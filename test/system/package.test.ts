/** What users start: the bin under an old Node, the preflight of a fresh clone, completion, the built package. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { delimiter, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import t, { type Test } from 'tap';
import { build } from '../../src/build/build.ts';
import { makeCertificate } from '../support/certificates.ts';

// A compiler run and a dozen processes, on a machine that may be busy with other test files.
t.setTimeout(180_000);

const ROOT = resolve(import.meta.dirname, '../..');
const BIN = join(ROOT, 'src/cli/bin.cjs');
/** Exit codes, as the help lists them. */
const EXIT = { ok: 0, usage: 1, config: 78 };

/** Without what tap adds to watch its children: an old Node does not know it. */
const env = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(NODE_OPTIONS|NODE_V8_COVERAGE|TALLYSTICK_.*|npm_.*)$/.test(name),
  ),
);

/** A Node of this machine that is too old for the program. */
function findOldNode(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return [...folders, '/usr/bin', '/usr/local/bin']
    .map((folder) => join(folder, 'node'))
    .find((path) => existsSync(path) && versionOf(path) < 26);
}

function versionOf(node: string): number {
  const { stdout } = spawnSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8', env });
  return Number.parseInt(stdout, 10);
}

const old = findOldNode();
const skip = old === undefined && 'there is no Node older than 26 on this machine';

t.test('bin under an old Node runs the pinned one', { skip }, async (t) => {
  if (old === undefined) return;
  const run = (...args: string[]) =>
    spawnSync(old, [BIN, ...args], { encoding: 'utf8', env, cwd: t.testdir() });
  const version = run('version', '--json');
  t.match(JSON.parse(version.stdout), { node: process.versions.node }, version.stderr);
  t.equal(run('nonsense').status, EXIT.usage, 'the exit code comes through');

  const serve = spawn(old, [BIN, 'serve', '--port', '0', '--log-level', 'silent'], { env, cwd: t.testdir() });
  let said = '';
  for await (const chunk of serve.stderr) {
    said += String(chunk);
    if (said.includes('tallystick status')) break;
  }
  t.match(said, /http:\/\/127\.0\.0\.1:\d+/, 'the log runs');
  serve.kill('SIGTERM');
  t.strictSame(
    await once(serve, 'exit'),
    [EXIT.ok, null],
    'a signal comes through, once: the log stops in order',
  );
});

t.test('ending npm start ends the log', { skip: process.platform === 'win32' }, async (t) => {
  const data = join(t.testdir(), 'data');
  const flags = ['--port', '0', '--log-level', 'silent', '--data-dir', data];
  // A group of its own, so that whatever is left can be ended with it.
  const npm = spawn('npm', ['start', '--', ...flags], { env, cwd: ROOT, detached: true });
  let left = true;
  t.teardown(() => void (left && npm.pid !== undefined && process.kill(-npm.pid, 'SIGKILL')));
  let said = '';
  npm.stderr.on('data', (chunk) => {
    said += String(chunk);
    if (said.includes('tallystick status')) npm.kill('SIGTERM');
  });
  npm.stdout.resume();
  // What npm started holds these pipes: they close when the last of it has ended.
  await once(npm, 'close');
  left = false;
  t.match(said, /http:\/\/127\.0\.0\.1:\d+/, 'the log ran');
});

t.test("the image's health check asks in HTTP and in TLS", async (t) => {
  const [, command = '[]'] =
    /^HEALTHCHECK .*CMD (\[.*\])$/m.exec(readFileSync(join(ROOT, 'Dockerfile'), 'utf8')) ?? [];
  const [, ...args] = JSON.parse(command) as string[];
  let status = 200;
  const answer = (_: unknown, response: ServerResponse): void => void response.writeHead(status).end();
  const healthy = async (server: Server): Promise<boolean> => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const child = spawn(process.execPath, args, {
      env: { ...env, TALLYSTICK_PORT: String(port) },
      stdio: 'ignore',
    });
    const [code] = await once(child, 'exit');
    server.closeAllConnections();
    server.close();
    return code === 0;
  };
  const { keyPem: key, certPem: cert } = await makeCertificate({ name: 'log.example' });
  for (const expected of [true, false]) {
    t.equal(await healthy(createServer(answer)), expected);
    t.equal(await healthy(createTlsServer({ key, cert }, answer)), expected);
    status = 503;
  }
});

t.test('bin', async (t) => {
  const run = (args: string[], options: string[] = []) =>
    spawnSync(process.execPath, [...options, BIN, ...args], { encoding: 'utf8', cwd: t.testdir() });
  const refused = run(['config', 'validate', '--port', 'x']);
  t.match(refused, { status: EXIT.config, stdout: '', stderr: /^error: config-invalid: port \(--port\)/m });
  const broken = "data:text/javascript,URL.parse = () => { throw new RangeError('a bug'); }";
  const bug = run(['config', 'validate', '--url', 'http://a'], ['--import', broken]);
  t.match(bug, { status: EXIT.usage, stderr: /^RangeError: a bug\n +at /m }, 'a bug prints its stack');
  const cut = `"${process.execPath}" "${BIN}" config --help | head -n 1`;
  t.equal(
    execFileSync('bash', ['-o', 'pipefail', '-c', cut], { encoding: 'utf8', cwd: ROOT }).split('\n').length,
    2,
  );
});

const script = (shell: string): string =>
  execFileSync(process.execPath, [BIN, 'completion', shell], { encoding: 'utf8', cwd: ROOT });

t.test('completion scripts parse and complete', async (t) => {
  const bash = script('bash');
  execFileSync('bash', ['-n'], { input: bash });
  const complete = (...words: string[]): string => {
    const list = words.map((word) => `'${word}'`).join(' ');
    const ask = `COMP_WORDS=(${list}); COMP_CWORD=${words.length - 1}; _tallystick; echo "\${COMPREPLY[@]}"`;
    return execFileSync('bash', ['-c', `${bash}\n${ask}`], { encoding: 'utf8', cwd: t.testdir() }).trim();
  };
  t.equal(complete('tallystick', 'ver'), 'verify verify-incident version');
  t.equal(complete('tallystick', 'config', 'va'), 'validate');
  t.equal(complete('tallystick', 'keygen', '--algorithm', 'm'), 'ml-dsa-44');
  t.equal(complete('tallystick', '--quiet', 'status', '--lo'), '--log --log-origin');
  for (const shell of ['zsh', 'fish']) {
    const text = script(shell);
    t.match(text, 'keygen');
    const there = spawnSync(shell, ['--version']).status === 0;
    if (there) execFileSync(shell, ['-n', join(t.testdir({ text }), 'text')]);
    else t.comment(`no ${shell} here: its script was not parsed`);
  }
  t.match(script('powershell'), /Register-ArgumentCompleter[^]*' config show' = @\('--origin'/);
});

/** What stands in for npm: it says how it was called and installs a Node and one package. */
const NPM = `
  const fs = require('fs');
  console.log('npm', process.argv.slice(2).join(' '));
  fs.mkdirSync('node_modules/.bin', { recursive: true });
  const packages = { 'node_modules/a': { version: '1.0.0' } };
  fs.writeFileSync('node_modules/.package-lock.json', JSON.stringify({ packages }));
  const node = 'node_modules/.bin/node';
  if (!fs.existsSync(node)) fs.symlinkSync(${JSON.stringify(process.execPath)}, node);`;

t.test('the preflight makes a fresh clone ready', { skip }, async (t) => {
  if (old === undefined) return;
  const clone = (npm: string): string => {
    const dir = t.testdir({
      'package.json': '{"type":"module"}',
      'package-lock.json': JSON.stringify({
        packages: {
          '': {},
          'node_modules/a': { version: '1.0.0' },
          'node_modules/b': { version: '1.0.0', dev: true },
        },
      }),
      'npm.cjs': npm,
      src: { cli: {} },
    });
    for (const name of ['bin.cjs', 'preflight.cjs'])
      cpSync(join(ROOT, 'src/cli', name), join(dir, 'src/cli', name));
    writeFileSync(
      join(dir, 'src/cli/main.ts'),
      'export function main() { console.log("ran", process.argv[2]); }',
    );
    return dir;
  };
  const run = (dir: string, file: string, ...args: string[]) =>
    spawnSync(old, [join(dir, 'src/cli', file), ...args], {
      encoding: 'utf8',
      env: { ...env, npm_execpath: join(dir, 'npm.cjs') },
    });
  const dir = clone(NPM);
  const first = run(dir, 'bin.cjs', 'hello');
  t.match(first, { status: 0, stdout: 'ran hello\n', stderr: /installing.*\nnpm ci --loglevel=error\n/ });
  t.match(run(dir, 'bin.cjs', 'again'), { status: 0, stdout: 'ran again\n', stderr: '' }, 'once is enough');
  t.ok(existsSync(join(dir, 'node_modules/.bin/tallystick')), 'npx finds the command');
  t.match(run(dir, 'preflight.cjs', '--dev').stderr, /npm ci/, 'tests need the development packages too');

  const failing = clone('process.exit(3)');
  t.match(run(failing, 'preflight.cjs'), { status: EXIT.config, stderr: /npm ci failed; run it in / });

  const bare = clone(NPM);
  mkdirSync(join(bare, 'node_modules/.bin'), { recursive: true });
  symlinkSync(old, join(bare, 'node_modules/.bin/node'));
  t.match(run(bare, 'preflight.cjs'), { status: EXIT.config, stderr: /needs Node 26 or newer; found \d+/ });

  const unable = clone(NPM);
  mkdirSync(join(unable, 'node_modules/.bin'), { recursive: true });
  const words = 'error while loading shared libraries: libatomic.so.1';
  writeFileSync(join(unable, 'node_modules/.bin/node'), `#!/bin/sh\necho "${words}" >&2; exit 127\n`, {
    mode: 0o755,
  });
  t.match(run(unable, 'preflight.cjs'), {
    status: EXIT.config,
    stderr: /libatomic[^]*apt-get install libatomic1/,
  });
});

t.test('the built packages', async (t) => {
  const work = t.testdir({ 'a.json': '{"replicas": 3}' });
  const dist = join(work, 'dist');
  build(dist);
  for (const [folder, name] of Object.entries({ tallystick: 'tallystick', verify: '@tallystick/verify' })) {
    const out = join(dist, folder);
    const manifest = JSON.parse(readFileSync(join(out, 'package.json'), 'utf8'));
    t.match(manifest, { name, license: 'Apache-2.0', type: 'module', engines: { node: '>=20' } });
    for (const field of ['private', 'scripts', 'devDependencies', 'optionalDependencies', 'overrides'])
      t.notOk(field in manifest, `no ${field}`);
    const { './package.json': own, ...exported } = manifest.exports;
    t.equal(own, './package.json');
    for (const file of ['LICENSE', 'README.md', ...Object.values(exported).flatMap(filesOf)])
      t.ok(existsSync(join(out, file)), `${name}: ${file}`);
  }
  for (const folder of ['tallystick', 'verify'])
    t.strictSame(unfitFor('20.20.2', join(dist, folder)), [], `${folder}: npm warns of no engine`);
  t.ok(unfitFor('20.20.2', ROOT).includes('better-sqlite3'), 'the check itself notices');
  const verify = JSON.parse(readFileSync(join(dist, 'verify/package.json'), 'utf8'));
  t.strictSame(Object.keys(verify.exports), ['.', './client', './appraisal', './audit', './package.json']);
  t.strictSame(
    Object.keys(verify.dependencies),
    [
      '@marcbachmann/cel-js',
      '@noble/curves',
      '@noble/ed25519',
      '@noble/hashes',
      '@noble/post-quantum',
      'asn1js',
      'cbor-x',
      'pkijs',
      're2js',
    ],
    'noble, CBOR, CEL with RE2, certificates',
  );
  t.notOk(existsSync(join(dist, 'verify/platform')), 'cut by the import graph');
  const out = join(dist, 'tallystick');
  t.match(readFileSync(join(out, 'command/LICENSES.txt'), 'utf8'), /== pkijs\n[^]*Copyright/);
  t.ok(existsSync(join(out, 'workers/checker-thread.js')), 'threads of the library');
  const library = await import(pathToFileURL(join(out, 'index.js')).href);
  t.equal(library.EMPTY_ROOT.toHex(), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  const bin = join(out, 'command/bin.cjs');
  const version = execFileSync(process.execPath, [bin, 'version', '--json'], { encoding: 'utf8', env });
  t.match(JSON.parse(version), { tallystick: verify.version, node: process.versions.node });
  await served(t, bin, work);
});

/** Packages that npm would fetch with the one in a folder, and that do not run in a Node by what they say. */
function unfitFor(node: string, folder: string): readonly string[] {
  const satisfies: (version: string, range: string) => boolean = createRequire(import.meta.url)(
    'semver/functions/satisfies',
  );
  const lock: { readonly packages: Readonly<Record<string, Locked>> } = JSON.parse(
    readFileSync(join(ROOT, 'package-lock.json'), 'utf8'),
  );
  const unfit = new Set<string>();
  const seen = new Set<string>();
  const visit = (place: string, { dependencies = {}, bundleDependencies = [] }: Locked): void => {
    for (const name of Object.keys(dependencies)) {
      const found = placesOf(place, name).find((each) => lock.packages[each] !== undefined) ?? name;
      const locked = lock.packages[found];
      if (bundleDependencies.includes(name) || seen.has(found) || locked === undefined) continue;
      seen.add(found);
      const range = locked.engines?.['node'];
      if (range !== undefined && !satisfies(node, range)) unfit.add(found.replace('node_modules/', ''));
      visit(found, locked);
    }
  };
  visit('', JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')));
  return [...unfit].toSorted();
}

interface Locked {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly bundleDependencies?: readonly string[];
  readonly engines?: Readonly<Record<string, string>>;
}

/** Where a package that another names may lie, from near to far. */
function placesOf(place: string, name: string): readonly string[] {
  const outer = place.includes('/node_modules/') ? place.slice(0, place.lastIndexOf('/node_modules/')) : '';
  const here = [place, outer].map((each) => `${each === '' ? '' : `${each}/`}node_modules/${name}`);
  return [...here, `node_modules/${name}`];
}

const filesOf = (subpath: unknown): readonly string[] => Object.values(Object(subpath)).map(String);

/** The bundled command runs a log, with its threads, and uses it. */
async function served(t: Test, bin: string, cwd: string): Promise<void> {
  const serve = spawn(process.execPath, [bin, 'serve', '--port', '0', '--log-level', 'silent'], { env, cwd });
  t.teardown(() => serve.kill('SIGKILL'));
  let said = '';
  for await (const chunk of serve.stderr) {
    said += String(chunk);
    if (said.includes('tallystick status')) break;
  }
  const [url = ''] = /http:\/\/127\.0\.0\.1:\d+/.exec(said) ?? [];
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [bin, ...args], { encoding: 'utf8', env, cwd });
  const committed = run('commit', 'a.json', '--log', url);
  t.equal(committed.status, EXIT.ok, committed.stderr);
  t.match(run('verify', 'a.json'), { status: EXIT.ok, stdout: /VERIFIED/ });
  t.match(run('status', '--log', url, '--json'), { status: EXIT.ok, stdout: /"size":2/ });
  t.equal((await fetch(`${url}/docs/`)).status, 200, 'what servers load lies beside it');
  serve.kill('SIGTERM');
  t.strictSame(await once(serve, 'exit'), [EXIT.ok, null]);
}

t.test('CI counts what was skipped, and names it', async (t) => {
  const dir = t.testdir({ '.ci': {}, stubs: {}, src: { cli: {} } });
  cpSync(join(ROOT, '.ci/run'), join(dir, '.ci/run'));
  const stub = (name: string, text: string): void =>
    writeFileSync(join(dir, 'stubs', name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  // Nothing is installed, built or tested: npm tells what a run of tap and one of test:interop would.
  for (const name of ['apt-get', 'go']) stub(name, 'exit 1');
  stub('node', 'exit 1');
  const ci = (tests: string, interop: string) => {
    stub('npm', `case "$2" in test) ${tests} ;; *) echo "budget $INTEROP_BUILD_SECONDS"; ${interop} ;; esac`);
    const PATH = `${join(dir, 'stubs')}:/usr/bin:/bin`;
    const { status, stdout } = spawnSync('bash', [join(dir, '.ci/run')], { encoding: 'utf8', env: { PATH } });
    return { status, stdout };
  };
  const totals = (pass: number, fail: number, skip: number): string =>
    `echo "# { total: ${pass + fail + skip}, pass: ${pass}, fail: ${fail}, skip: ${skip} }"`;
  const tests = `echo "    ok 3 - sshd # SKIP there is no sshd"; ${totals(10, 0, 1)}`;
  const omni = `echo "ok 2 - omniwitness # SKIP not built in 600 s"; ${totals(5, 0, 2)}`;
  const fine = ci(tests, omni);
  t.match(fine.stdout, /SKIPPED.*\nomniwitness # SKIP not built in 600 s\nsshd # SKIP there is no sshd\n/);
  t.match(fine.stdout, /\n15 passed, 0 failed, 3 skipped\n$/);
  t.equal(fine.status, 0);
  const [, budget = ''] = /budget (\d+)/.exec(fine.stdout) ?? [];
  t.ok(Number(budget) > 600, `${budget} s for building`);
  t.match(ci(totals(10, 1, 0), totals(5, 0, 0)), {
    status: 1,
    stdout: /\n15 passed, 1 failed, 0 skipped\n$/,
  });
  t.match(ci('exit 1', totals(5, 0, 0)), { status: 1, stdout: /\n5 passed, 1 failed, 0 skipped\n$/ });
});
