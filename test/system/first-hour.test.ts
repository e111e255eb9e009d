/** The commands of examples/first-hour/README.md, as they are, with real servers: green, nothing logged about what nobody enrolled, then red. */
import { spawn, spawnSync, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import t from 'tap';

const ROOT = resolve(import.meta.dirname, '../..');
const README = readFileSync(join(ROOT, 'examples/first-hour/README.md'), 'utf8');
const PIPES: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe'];

const missing = ['nginx', 'sshd', 'openssl', 'initdb', 'psql'].filter(
  (name) =>
    spawnSync('sh', [
      '-c',
      `PATH=$PATH:/usr/sbin:$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -n 1); command -v ${name}`,
    ]).status !== 0,
);
const skip = missing.length > 0 && `${missing.join(', ')} is not installed`;

t.test('from nothing to green, with two people', { skip }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tallystick-hour-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  chmodSync(folder, 0o755); // As /tmp is: the database runs as another user.
  const hour = join(folder, 'hour');
  const ports = await freePorts(4);
  const [first, then] = README.split('```')
    .filter((_, place) => place % 2 === 1)
    .map((block) => block.replaceAll('/tmp/hour', hour).replace('6962 8443 8022 5433', ports.join(' ')));
  t.match(first, ports.join(' '));
  const env = envOf(folder);
  // A group of its own, which is what Ctrl-C reaches.
  const child = spawn('sh', ['-c', first ?? ''], {
    cwd: ROOT,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const group = -(child.pid ?? 0);
  t.teardown(() => child.exitCode === null && child.signalCode === null && process.kill(group, 'SIGTERM'));
  const said = { out: '', err: '' };
  child.stderr.setEncoding('utf8').on('data', (part: string) => (said.err += part));
  await new Promise<void>((green) => {
    child.once('exit', () => green());
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      said.out += part;
      if (said.out.includes('until Ctrl-C')) green();
    });
  });
  const { out, err } = said;
  t.equal(child.exitCode, null, err);
  t.match(out, /passed: 12 PROVEN\n/);
  t.match(out, /tls13-accepted +PROVEN +E3/);
  t.match(out, /ssh-no-passwords +PROVEN +E1/);
  t.match(out, /postgres-hba-proof +PROVEN +E0/);
  t.match(out, /^GRANT SELECT ON pg_hba_file_rules TO tally;$/m);
  t.match(out, /s: green\n.*until Ctrl-C/);
  t.match(
    readFileSync(join(hour, 'olaf/line.txt'), 'utf8'),
    /^tallystick policy enrol '\S+' --name olaf --role author$/m,
  );
  // Entries 0 to 11: the policy, two enrolments, three commitments, three approvals; then three deployments. What was refused for want of enrolment is none.
  t.match(out, /enrolled: 127\.0\.0\.1:\d+ for web\/ssh, by ssh@1/);
  t.match(err, /signed head of 15 entries/, 'three proofs, and no other');

  const broken = await ended(spawn('sh', ['-c', then ?? ''], { cwd: ROOT, env, stdio: PIPES }));
  t.equal(broken.code, 3, broken.err);
  t.match(broken.out, /not passed: tls12-refused is VIOLATED/);

  process.kill(group, 'SIGTERM');
  await once(child, 'close');
  for (const port of ports) t.equal(await listens(port), false, `nothing is left at ${port}`);
});

t.test('a log that does not start is told at once, with what it said', { skip }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tallystick-hour-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  const taken = createServer();
  await new Promise<void>((listening) => taken.listen(0, '127.0.0.1', listening));
  t.teardown(() => taken.close());
  const log = String((taken.address() as AddressInfo).port);
  const script = join(ROOT, 'examples/first-hour/first-hour.sh');
  const args = [script, folder, log, ...(await freePorts(3))];
  const { code, out, err } = await ended(spawn('sh', args, { env: envOf(folder), stdio: PIPES }));
  t.equal(code, 1);
  t.notMatch(out, /Olaf makes a key/);
  t.match(err, new RegExp(`the log did not start; it said:\\n(.*\\n)*.*${log}`));
});

/** No TALLYSTICK_*, and the program is on no PATH: what a newcomer has. */
function envOf(folder: string): NodeJS.ProcessEnv {
  return {
    ...Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !/^(NODE_|TALLYSTICK|npm_)/.test(name)),
    ),
    XDG_STATE_HOME: join(folder, 'state'),
  };
}

async function ended(
  child: ChildProcessByStdio<null, Readable, Readable>,
): Promise<{ code: unknown; out: string; err: string }> {
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code, out, err };
}

async function listens(port: string): Promise<boolean> {
  const socket = connect(Number(port), '127.0.0.1');
  const met = await Promise.race([
    once(socket, 'connect').then(() => true),
    once(socket, 'close').then(() => false),
  ]).catch(() => false);
  socket.destroy();
  return met;
}

/** Ports that nothing listens on now. */
async function freePorts(count: number): Promise<readonly string[]> {
  const servers = Array.from({ length: count }, () => createServer());
  for (const server of servers)
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const ports = servers.map((server) => String((server.address() as AddressInfo).port));
  for (const server of servers) await new Promise<void>((closed) => server.close(() => closed()));
  return ports;
}
