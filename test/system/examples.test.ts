/** The programs in examples/, as their readers run them. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { build } from 'esbuild-wasm';
import t from 'tap';
import { readCollected } from '#src/probe/exec/collected.ts';
import { record, SUBJECT } from '../packed/record.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const EXAMPLES = join(ROOT, 'examples');
const lacks = spawnSync('openssl', ['version']).status !== 0 && 'there is no openssl';
const CHROMIUM = ['chromium', 'chromium-browser', 'google-chrome'].find(
  (name) => spawnSync(name, ['--version']).status === 0,
);

const folder = mkdtempSync(join(tmpdir(), 'tallystick-examples-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
const env = {
  ...Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(NODE_|TALLYSTICK_|npm_)/.test(name)),
  ),
  XDG_STATE_HOME: join(folder, 'state'),
};

/** Runs a program to its end. Not synchronous: the log is in this process. */
async function run(program: string, ...args: readonly string[]): Promise<{ code: number; out: string }> {
  const child = spawn(program, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'inherit'] });
  const [out, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return { code, out };
}

t.test('a log is read in Node, at a gate and in a page', { skip: lacks }, async (t) => {
  const { recording } = await record(t, folder);
  const policy = join(folder, 'trust.policy');
  writeFileSync(policy, recording.policy);
  const asked = [recording.log, policy, SUBJECT] as const;

  const read = await run(process.execPath, join(EXAMPLES, 'read.js'), ...asked);
  t.match(read, { code: 3, out: /^speaks-tls13: PROVEN \[E3\]\nrefuses-tls12: VIOLATED \[E3\]/m });

  const gate = await run(join(EXAMPLES, 'gate.sh'), ...asked);
  t.match(gate, { code: 3, out: /refuses-tls12/ });

  if (CHROMIUM === undefined) return t.comment('there is no chromium: the page was not tried');
  cpSync(join(EXAMPLES, 'page'), join(folder, 'page'), { recursive: true });
  await build({
    entryPoints: [join(EXAMPLES, 'page/page.js')],
    bundle: true,
    format: 'esm',
    outfile: join(folder, 'page/page.bundle.js'),
    absWorkingDir: ROOT,
  });
  const server = createServer((request, response) => {
    const isScript = request.url?.endsWith('.js') === true;
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    response.end(readFileSync(join(folder, 'page', isScript ? 'page.bundle.js' : 'index.html')));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => (server.closeAllConnections(), server.close()));
  const { port } = server.address() as AddressInfo;
  const query = new URLSearchParams({ log: recording.log, policy: recording.policy, subject: SUBJECT });
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run'];
  const profile = `--user-data-dir=${join(folder, 'profile')}`;
  const page = `http://127.0.0.1:${port}/?${query.toString()}`;
  const shown = await run(CHROMIUM, ...flags, profile, '--virtual-time-budget=60000', '--dump-dom', page);
  t.match(shown.out, /<td>speaks-tls13<\/td><td>PROVEN<\/td><td>E3<\/td>/);
  t.match(shown.out, /<td>refuses-tls12<\/td><td>VIOLATED<\/td><td>E3<\/td>/);
  t.match(shown.out, /packed\.example\/log, 3 entries/);
});

t.test('a collector prints what the agent takes', async (t) => {
  const passwd = join(t.testdir({ passwd: 'root:x:0:0::/:\ntoor:x:0:0::/:\ndaemon:x:1:1::/:\n' }), 'passwd');
  const challenge = new Uint8Array(32);
  const { status, stdout } = spawnSync(process.execPath, [join(EXAMPLES, 'collector.js'), passwd], {
    input: JSON.stringify({ schema: 'tallystick.collect.v1', challenge: challenge.toHex(), input: [] }),
    encoding: 'utf8',
    env,
  });
  t.equal(status, 0);
  const { value } = await readCollected(stdout, challenge, stdout.length);
  t.strictSame(value, { accounts: 3, rootAccounts: 2 });
});

t.test('each is told of', async (t) => {
  const told = readFileSync(join(EXAMPLES, 'README.md'), 'utf8');
  for (const name of readdirSync(EXAMPLES)) if (name !== 'README.md') t.match(told, `](${name}`, name);
});

t.test('every export has a section, and its examples name what is there', async (t) => {
  const manifest: { exports: Record<string, string> } = JSON.parse(
    readFileSync(join(ROOT, 'package.json'), 'utf8'),
  );
  const { './package.json': _, ...exported } = manifest.exports;
  const page = readFileSync(join(ROOT, 'spec/library.md'), 'utf8');
  const texts = [page];
  for (const [path, file] of Object.entries(exported)) {
    const name = path.replace('.', 'tallystick');
    t.ok(page.includes(`\n## ${name}\n`), `spec/library.md: ${name}`);
    t.ok(page.includes(`} from '${name}';`), `an example of ${name}`);
    texts.push(readFileSync(join(ROOT, file), 'utf8'));
  }
  let named = 0;
  for (const [, names = '', from = ''] of texts
    .join('\n')
    .matchAll(/^(?: \* +)?import \{ ([^}]+) \} from '(tallystick[^']*)';$/gm)) {
    const module: object = await import(from);
    for (const each of names.split(', ')) t.ok(each in module, `${from} exports ${each}`);
    named += 1;
  }
  t.ok(named > 20, `${named} imports were looked up`);
});
