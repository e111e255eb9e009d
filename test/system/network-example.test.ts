/** The example of two ends (examples/network.sh): listener, consent, agent and log as real processes, and a reader's verdicts. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import t from 'tap';

const ROOT = resolve(import.meta.dirname, '../..');

t.test('two ends that sign make E2 of one proof', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tallystick-network-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  const child = spawn('sh', [join(ROOT, 'examples/network.sh'), folder, ...(await freePorts(3))], {
    env: {
      ...Object.fromEntries(
        Object.entries(process.env).filter(([name]) => !/^(NODE_|TALLYSTICK_|npm_)/.test(name)),
      ),
      XDG_STATE_HOME: join(folder, 'state'),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  t.equal(code, 3, err);
  t.match(out, /at most 6 pairs a minute, for net\/canary, by consent of owner\.example until/);
  const status = out.slice(out.lastIndexOf('verdict'));
  t.match(status, /reachable +PROVEN +E2/);
  t.match(status, /denied +VIOLATED +E2/);
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
