/** SIGINT while a whole log is read: the command says what is kept, ends, and the next one goes on from there. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { setTimeout } from 'node:timers/promises';
import { originHash } from '#src/note/checkpoint.ts';
import { encodeCommitment } from '#src/statement/payload.ts';
import { SALTED_TREE } from '#src/statement/saltedleaf.ts';
import { bundlePath } from '#src/tree/tile.ts';
import { hashOf } from '../support/see-world.ts';
import { ServedLog } from '../support/served-log.ts';
import { ORIGIN, ownStatement, people, vkeys } from '../support/world.ts';

const CLI = join(import.meta.dirname, '../../src/cli/bin.cjs');

t.test('stopped, and gone on with', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'tallystick-walk-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  writeFileSync(join(dir, 'log.vkey'), vkeys.join('\n'));
  const log = await ServedLog.start();
  for (let i = 1; i < 600; i++) {
    const payload = encodeCommitment({
      environment: 'prod',
      tier: 'critical-path',
      source: { kind: 'files', tool: 'tallystick', toolVersion: '0' },
      canon: { profile: 'files@1' },
      tree: { alg: SALTED_TREE, leaves: 1, root: hashOf(`declared ${i}`) },
      scope: { world: 'open' },
      claims: [],
    });
    const signed = ownStatement('commitment', `web/${i}`, payload, people.author, { confirm: true });
    log.entries.push(await signed);
  }
  let hangs = true;
  let waiting: (() => void) | undefined;
  const isAsked = new Promise<void>((resolve) => (waiting = resolve));
  const asked: string[] = [];
  const answer = async (path: string, response: ServerResponse): Promise<void> => {
    const reply = await log.fetch(new URL(path, 'http://log.example'));
    response.writeHead(reply.status);
    response.end(Buffer.from(await reply.arrayBuffer()));
  };
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    asked.push(path);
    if (hangs && path.endsWith('/tile/entries/001')) return waiting?.();
    if (!/^\/(?:checkpoint$|tile\/)/.test(path)) return void response.writeHead(404).end();
    void answer(path, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => (server.closeAllConnections(), server.close()));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const start = () => {
    const child = spawn(
      process.execPath,
      [CLI, 'registry', '--log', url, '--vkey', join(dir, 'log.vkey'), '--state-dir', join(dir, 'state')],
      { stdio: ['ignore', 'pipe', 'pipe'], cwd: dir },
    );
    let text = '';
    child.stderr.on('data', (data: Buffer) => (text += data.toString()));
    child.stdout.resume();
    return { child, text: () => text };
  };

  const first = start();
  await isAsked;
  const kept = join(dir, 'state', 'bundles', originHash(ORIGIN), bundlePath(0, 256));
  while (!existsSync(kept)) await setTimeout(10);
  first.child.kill('SIGINT');
  const [, signal] = await once(first.child, 'close');
  t.equal(signal, 'SIGINT');
  t.match(first.text(), /stopped: 256 entries \(1 MiB\) are kept in .*; the same command goes on from there/);

  hangs = false;
  asked.length = 0;
  const second = start();
  await once(second.child, 'close');
  t.ok(asked.includes('/tile/entries/001'));
  t.notOk(asked.includes('/tile/entries/000'), 'what was kept is not fetched');
});
