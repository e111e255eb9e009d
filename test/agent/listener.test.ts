/** The listener beside a target: what it remembers, what it signs, and what strangers can do to it. */
import { once } from 'node:events';
import { connect } from 'node:net';
import t from 'tap';
import { Memory, startListener } from '#src/agent/listener.ts';
import { heardAt, openStatement } from '#src/evidence/listener.ts';
import { noteVerifier } from '#src/note/key.ts';
import { makeNetProbe } from '#src/probe/net/probe.ts';
import { hashOf } from '../support/e3-targets.ts';
import { LISTENER, LISTENER_NAME, LISTENER_VKEY } from '../support/net-listener.ts';
import { look } from '../support/probe-targets.ts';
import { quickPace } from '../support/net-pace.ts';

const nonce = (i: number): string => i.toString(16).padStart(64, '0');

t.test('what was forgotten is never "nothing was received"', (t) => {
  let now = 100_000;
  const memory = new Memory(() => now);
  now = 200_500;
  const before = memory.says(nonce(0), 1, [7]);
  t.same(before, { nonce: nonce(0), asked: 1, open: [7], received: [], since: 101, at: 200 });
  memory.note(nonce(0), 7, '192.0.2.1');
  t.equal(heardAt(7, [before, memory.says(nonce(0), 1, [7])]), 'received');
  for (let i = 1; i <= 999; i++) memory.note(nonce(i), 7, '192.0.2.9');
  t.equal(heardAt(7, [before, memory.says(nonce(0), 1, [7])]), 'received', 'a thousand are remembered');
  // A stranger floods it, so that the oldest is forgotten.
  memory.note(nonce(1_000), 7, '192.0.2.9');
  const after = memory.says(nonce(0), 1, [7]);
  t.same(after.received, []);
  t.equal(heardAt(7, [before, after]), 'unknown', 'within the same second, too');
  now = 300_000;
  const later = memory.says(nonce(5_000), 1, [7]);
  t.equal(heardAt(7, [later, { ...later, at: 301 }]), 'nothing', 'from then on it remembers');
  for (let i = 0; i < 65; i++) memory.note(nonce(7_000), 7, `192.0.2.${i}`);
  t.equal(memory.says(nonce(7_000), 1, [7]).received.length, 64);
  t.equal(
    memory.says(nonce(7_000), 1, [7]).since,
    301,
    'a line that has no room is forgotten, and said to be',
  );
  t.end();
});

t.test('a clock that is set back makes nothing that is forgotten seem earlier', (t) => {
  let now = 500_000;
  const memory = new Memory(() => now);
  now = 600_000;
  const before = memory.says(nonce(0), 1, [7]);
  memory.note(nonce(0), 7, '192.0.2.1');
  now = 550_000;
  for (let i = 1; i <= 1_000; i++) memory.note(nonce(i), 7, '192.0.2.9');
  now = 610_000;
  const after = memory.says(nonce(0), 1, [7]);
  t.same(after.received, []);
  t.equal(heardAt(7, [before, after]), 'unknown');
  t.end();
});

let clock = 1_800_000_000_000;
const start = (): ReturnType<typeof startListener> =>
  startListener({
    host: '127.0.0.1',
    control: 0,
    ports: [0],
    name: LISTENER_NAME,
    signer: LISTENER,
    now: () => clock,
  });

t.test('a listener answers a line with a nonce, and nothing else', async (t) => {
  // Ports that the system chooses are given as 0, which may stand once.
  await t.rejects(start(), { code: 'usage' });
  const free = await freePort();
  const options = { host: '127.0.0.1', control: 0, ports: [free], name: LISTENER_NAME, signer: LISTENER };
  const running = await startListener({ ...options, now: () => clock });
  t.teardown(() => running.close());
  t.same(running.ports, [free]);
  await t.rejects(startListener({ ...options, now: () => clock }), {
    code: 'config-invalid',
    message: /cannot be had/,
  });
  clock += 5_000;
  const verifier = noteVerifier(LISTENER_NAME, 1, LISTENER.publicKey);
  const line = `tallystick net@1 ${nonce(1)}\n`;
  t.match(openStatement(await said(running.control, line), verifier), {
    asked: running.control,
    open: [free],
    received: [],
  });
  t.match(openStatement(await said(free, line), verifier), {
    asked: free,
    received: [{ port: free, from: '127.0.0.1' }],
  });
  t.match(openStatement(await said(running.control, line), verifier), {
    received: [{ port: free, from: '127.0.0.1' }],
  });
  for (const other of [
    'GET / HTTP/1.1\r\n\r\n',
    `tallystick net@1 ${nonce(1)} \n`,
    `tallystick net@1 ${'A'.repeat(64)}\n`,
    'x'.repeat(5_000),
  ])
    t.equal((await said(free, other)).length, 0, other.slice(0, 20));

  const pace = quickPace();
  const probe = makeNetProbe({ connectMs: 500, answerMs: 1_000, lossMs: 900 }, pace);
  const seen = await look(
    probe,
    `127.0.0.1:${free}`,
    { answer: 'listener', control: running.control, controlAnswer: 'listener', listener: LISTENER_VKEY },
    { challenge: hashOf('one run') },
  );
  t.match(seen.value, { outcome: 'answered', reachable: true });
  t.match(seen.grades, [{ path: '/reachable', evidence: 'E2', attachments: [0] }]);
  await t.rejects(look(probe, `127.0.0.1:${free}`, { answer: 'listener' }), {
    code: 'config-invalid',
    message: /listener of net@1 is needed/,
  });
  for (const listener of ['x', LISTENER_VKEY.replace('canary', 'yranac')])
    await t.rejects(look(probe, `127.0.0.1:${free}`, { answer: 'listener', listener }), {
      code: 'config-invalid',
    });
});

/** All that is answered to a text. */
async function said(port: number, text: string): Promise<Buffer> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.write(text);
  await once(socket, 'close');
  return Buffer.concat(chunks);
}

async function freePort(): Promise<number> {
  const { createServer } = await import('node:net');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}
