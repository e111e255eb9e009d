/**
 * The packed libraries as their users have them: both tarballs, bundled by esbuild, rollup and webpack and as they are, run in
 * Node 20, 22, 24 and this one, and in Chromium. In each they take what is genuine, refuse what is forged, and come to the
 * same verdicts from a log that was recorded.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import t, { type Test } from 'tap';
import { build } from '../../src/build/build.ts';
import { bundleAll } from '../packed/bundle.ts';
import { env, findNode, OLD_NODES } from '../packed/nodes.ts';
import { record } from '../packed/record.ts';
import { bundleOf, fourDays } from '../support/bundle-world.ts';
import { POLICY } from '../support/past-world.ts';

// A compiler run, four bundles and a browser, on a machine that may be busy with other test files.
t.setTimeout(400_000);

const ROOT = resolve(import.meta.dirname, '../..');

/** Of `tallystick`, offline. */
const CHECKED = [
  ['a cosigned proof', 'VERIFIED'],
  ['a receipt (Ed25519)', 'VERIFIED'],
  ['a statement (Ed25519)', 'VERIFIED'],
  ['a statement (P-256)', 'VERIFIED'],
  ['a proof of another entry', 'proof-failed'],
  ['a proof with a forged signature of the log', 'unknown-signer'],
  ['a proof without its witness', 'quorum-unmet'],
  ['a receipt with a forged signature', 'bad-signature'],
  ['a receipt of another entry', 'bad-signature'],
  ['a receipt of another log', 'proof-failed'],
  ['a forged statement (Ed25519)', 'bad-signature'],
  ['a forged statement (P-256)', 'bad-signature'],
  ['a bundle', ['verified', null, [2]]],
  ['a bundle without a policy', ['consistent', null, [2]]],
  ['a bent bundle', ['failed', 'container', []]],
];

/** What a page's platform may lack, taken away before the program is loaded. */
const OLDER = `for (const name of ['fromHex', 'fromBase64']) delete Uint8Array[name];
  for (const name of ['toHex', 'toBase64', 'setFromHex', 'setFromBase64']) delete Uint8Array.prototype[name];`;

// Outside this repository: a resolver that looks in folders above must not find the project's own packages.
const project = mkdtempSync(join(tmpdir(), 'tallystick-packed-'));
t.teardown(() => rmSync(project, { recursive: true, force: true, maxRetries: 5 }));
const program = join(project, 'program.js');
const nodes = Promise.all(OLD_NODES.map(findNode));

/** What programs report; `verdicts` is there where a log could be recorded. */
let expected: readonly unknown[] = CHECKED;

/** Packages that the libraries need, and what these need: as a package manager would lay them. */
const NEEDED = ['@noble', 'cbor-x', '@marcbachmann', 're2js', 'pkijs', 'asn1js', '@peculiar', 'bytestreamjs'];

interface Manifest {
  readonly exports: Readonly<Record<string, unknown>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly bundleDependencies?: readonly string[];
}

/** A bundle and its reader's policy, as a module has them. */
async function madeBundle(t: Test): Promise<{ readonly zip: string; readonly policy: string }> {
  const zip = Buffer.from(await bundleOf(await fourDays(t))).toString('base64');
  return { zip, policy: POLICY };
}

/** A project that installed both tarballs, and the packages that they need, and that knows a log. */
async function install(t: Test): Promise<void> {
  const dist = join(project, 'dist');
  build(dist);
  const packages = join(project, 'node_modules');
  for (const [folder, name] of [
    ['tallystick', 'tallystick'],
    ['verify', '@tallystick/verify'],
  ] as const) {
    const pack = ['pack', '--silent', '--pack-destination', project, join(dist, folder)];
    const [tarball = ''] = execFileSync('npm', pack, { encoding: 'utf8', cwd: project, env })
      .trim()
      .split('\n');
    const own = join(packages, name);
    mkdirSync(own, { recursive: true });
    execFileSync('tar', ['-xzf', join(project, basename(tarball)), '--strip-components=1', '-C', own]);
  }
  for (const name of NEEDED)
    cpSync(join(ROOT, 'node_modules', name), join(packages, name), { recursive: true });
  rmSync(dist, { recursive: true });
  writeFileSync(join(project, 'package.json'), '{"type":"module"}');
  cpSync(join(ROOT, 'test/packed/program.js'), program);
  const put = (name: string, value: unknown): void =>
    writeFileSync(join(project, name), `export default ${JSON.stringify(value)}`);
  put('vectors.js', JSON.parse(readFileSync(join(ROOT, 'spec/vectors.json'), 'utf8')));
  put('audited.js', await madeBundle(t));
  if (spawnSync('openssl', ['version'], { env }).status !== 0) {
    t.comment('there is no openssl: no log is recorded, and no verdict tried');
    return put('recording.js', {});
  }
  const world = join(project, 'world');
  mkdirSync(world);
  const { recording, verdicts } = await record(t, world);
  put('recording.js', recording);
  t.strictSame(verdicts, [
    ['speaks-tls13', 'PROVEN', 'E3'],
    ['refuses-tls12', 'VIOLATED', 'E3'],
    ['strong-suite', 'PROVEN', 'E3'],
    ['rsa-speaks-tls13', 'PROVEN', 'E3'],
  ]);
  expected = [
    ...CHECKED,
    ['verdicts', verdicts],
    ['verdicts of bent entries', 'proof-failed'],
    ['verdicts of a bent checkpoint', 'unavailable'],
  ];
}

t.test('bundled or not, in each Node', async (t) => {
  await install(t);
  const bundles = { 'not bundled': program, ...(await bundleAll(program)) };
  const found = await nodes;
  for (const [at, node] of [...found, process.execPath].entries()) {
    const name = `Node ${OLD_NODES[at] ?? process.versions.node}`;
    const skip = node === undefined && `there is no ${name}, and npm gave none`;
    t.test(name, { skip }, async (t) => {
      for (const [how, path] of Object.entries(bundles)) {
        const { stdout, stderr } = spawnSync(node ?? '', [path], { encoding: 'utf8', env });
        t.strictSame(stdout === '' ? stderr : JSON.parse(stdout), expected, `${name}, ${how}`);
      }
    });
  }
});

t.test('their types compile, those of what they need too', async (t) => {
  const packages = join(project, 'node_modules');
  const uses = ['tallystick', '@tallystick/verify'].map((name) => {
    const manifest: Manifest = JSON.parse(readFileSync(join(packages, name, 'package.json'), 'utf8'));
    for (const each of Object.keys(manifest.dependencies)) {
      if (manifest.bundleDependencies?.includes(each) === true || existsSync(join(packages, each))) continue;
      mkdirSync(dirname(join(packages, each)), { recursive: true });
      symlinkSync(join(ROOT, 'node_modules', each), join(packages, each));
    }
    const subpaths = Object.keys(manifest.exports).filter((path) => path !== './package.json');
    const lines = subpaths.map(
      (path, i) =>
        `import * as m${i} from '${name}${path.slice(1)}';\nexport const n${i} = Object.keys(m${i});`,
    );
    return [name, lines.join('\n')] as const;
  });
  const strict = { module: 'nodenext', target: 'es2024', strict: true, noEmit: true, skipLibCheck: false };
  const node = { types: ['node'], typeRoots: [join(ROOT, 'node_modules/@types')] };
  for (const [i, [name, source]] of uses.entries()) {
    writeFileSync(join(project, `use${i}.ts`), source);
    // What leads to a verdict runs in a page: it needs no types of Node.
    const place = name === 'tallystick' ? node : { types: [], lib: ['es2024', 'dom'] };
    const options = { compilerOptions: { ...strict, ...place }, files: [`use${i}.ts`] };
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(options));
    const tsc = [join(ROOT, 'node_modules/typescript/lib/tsc.js'), '-p', project];
    const { stdout } = spawnSync(process.execPath, tsc, { encoding: 'utf8', env });
    t.equal(stdout, '', name);
  }
});

/** Where a page's modules find the packages when nothing was bundled. */
const IMPORTS = {
  tallystick: '/node_modules/tallystick/index.js',
  '@tallystick/verify': '/node_modules/@tallystick/verify/index.js',
  '@tallystick/verify/audit': '/node_modules/@tallystick/verify/audit/index.js',
  '@tallystick/verify/client': '/node_modules/@tallystick/verify/client/index.js',
  '@tallystick/verify/appraisal': '/node_modules/@tallystick/verify/appraisal/index.js',
  'cbor-x/decode': '/node_modules/cbor-x/decode.js',
  '@noble/ed25519': '/node_modules/@noble/ed25519/index.js',
  ...Object.fromEntries(
    ['pkijs', 'asn1js', 'bytestreamjs', 're2js', '@peculiar/utils'].map((name) => [
      name,
      `/node_modules/${name}/build/index.js`,
    ]),
  ),
  ...Object.fromEntries(
    ['bytes', 'converters', 'encoding', 'integer', 'legacy', 'pem'].map((name) => [
      `@peculiar/utils/${name}`,
      `/node_modules/@peculiar/utils/build/${name}.js`,
    ]),
  ),
  '@marcbachmann/cel-js': '/node_modules/@marcbachmann/cel-js/lib/index.js',
  '@marcbachmann/cel-js/evaluator': '/node_modules/@marcbachmann/cel-js/lib/evaluator.js',
  ...Object.fromEntries(
    ['hashes', 'curves', 'post-quantum'].map((name) => [`@noble/${name}/`, `/node_modules/@noble/${name}/`]),
  ),
};

/** A page that loads one program, in a browser that has this platform's functions or an older one's. */
const page = (file: string, older: boolean): string => `<!doctype html><meta charset="utf-8">
  <script type="importmap">${JSON.stringify({ imports: IMPORTS })}</script>
  <script>${older ? OLDER : ''} onerror = (m) => fetch('report', { method: 'POST', body: JSON.stringify(m) });</script>
  <script type="module" src="/${file}"></script>`;

const PAGES = ['program.js', 'esbuild.mjs', 'rollup.mjs', 'webpack.mjs'].flatMap((file) =>
  [false, true].map((older) => ({ file, older, path: `/${older ? 'older' : 'newest'}/${file}/` })),
);

const CHROMIUM = ['chromium', 'chromium-browser', 'google-chrome'].find(
  (name) => spawnSync(name, ['--version'], { env }).status === 0,
);

t.test(
  'bundled or not, in Chromium',
  { skip: CHROMIUM === undefined && 'there is no chromium' },
  async (t) => {
    const reports = new Map<string, unknown>();
    const { promise: all, resolve: done } = Promise.withResolvers<void>();
    const server = createServer(async (request, response) => {
      const { pathname } = new URL(request.url ?? '', 'http://localhost');
      const asked = PAGES.find(({ path }) => path === pathname);
      if (request.method === 'POST') {
        reports.set(pathname.replace(/report$/, ''), JSON.parse(await text(request)));
        if (reports.size === PAGES.length) done();
        response.end();
      } else if (asked !== undefined || pathname === '/') {
        const frames = PAGES.map(({ path }) => `<iframe src="${path}"></iframe>`).join('');
        response.setHeader('content-type', 'text/html');
        response.end(asked === undefined ? frames : page(asked.file, asked.older));
      } else if (/\.m?js$/.test(pathname)) {
        response.setHeader('content-type', 'text/javascript');
        response.end(readFileSync(join(project, pathname)));
      } else response.writeHead(404).end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.teardown(() => (server.closeAllConnections(), server.close()));
    const { port } = server.address() as AddressInfo;
    const profile = join(project, 'profile');
    const flags = [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--no-first-run',
    ];
    const browser = spawn(
      CHROMIUM ?? '',
      [...flags, `--user-data-dir=${profile}`, '--remote-debugging-port=0', `http://127.0.0.1:${port}/`],
      { env, stdio: 'ignore', detached: true },
    );
    const ended = once(browser, 'exit');
    await Promise.race([all, ended]);
    if (browser.pid !== undefined) process.kill(-browser.pid, 'SIGKILL');
    await ended;
    for (const { path } of PAGES) t.strictSame(reports.get(path), expected, path);
  },
);
