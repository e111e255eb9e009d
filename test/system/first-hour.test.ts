/** examples/first-hour, word for word, with real servers: green at its end, and nothing logged about what nobody enrolled. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import t from 'tap';

const ROOT = resolve(import.meta.dirname, '../..');

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
  const child = spawn(
    'sh',
    [join(ROOT, 'examples/first-hour/first-hour.sh'), folder, ...(await freePorts(4))],
    {
      env: {
        ...Object.fromEntries(
          Object.entries(process.env).filter(([name]) => !/^(NODE_|TALLYSTICK_|npm_)/.test(name)),
        ),
        PATH: `${process.env['PATH'] ?? ''}:/usr/sbin`,
        XDG_STATE_HOME: join(folder, 'state'),
        TALLYSTICK: `${process.execPath} ${join(ROOT, 'src/cli/bin.cjs')}`,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  t.equal(code, 0, err);
  t.match(out, /passed: 12 PROVEN\n/);
  t.match(out, /tls13-accepted +PROVEN +E3/);
  t.match(out, /ssh-no-passwords +PROVEN +E1/);
  t.match(out, /postgres-hba-proof +PROVEN +E0/);
  t.match(out, /^GRANT SELECT ON pg_hba_file_rules TO tally;$/m);
  t.match(out, /s: green\n$/);
  t.match(
    readFileSync(join(folder, 'olaf/line.txt'), 'utf8'),
    /^tallystick policy enrol '\S+' --name olaf --role author$/m,
  );
  // Entries 0 to 8: the policy, two enrolments, three commitments, three approvals. What was refused for want of enrolment is none.
  t.match(out, /enrolled: 127\.0\.0\.1:\d+ for web\/ssh, by ssh@1/);
  t.match(err, /signed head of 12 entries/, 'three proofs, and no other');
});

/** Ports that nothing listens on now. */
async function freePorts(count: number): Promise<readonly string[]> {
  const servers = Array.from({ length: count }, () => createServer());
  for (const server of servers)
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const ports = servers.map((server) => String((server.address() as AddressInfo).port));
  for (const server of servers) await new Promise<void>((closed) => server.close(() => closed()));
  return ports;
}
