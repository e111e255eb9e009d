/** Connections that came to a listener without a line: it must not say of them that nothing came. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { Memory, startListener, type RunningListener } from '#src/agent/listener.ts';
import { judgeClaim } from '#src/claim/judge.ts';
import { heardAt } from '#src/evidence/listener.ts';
import { makeNetProbe } from '#src/probe/net/probe.ts';
import { hashOf, tcp } from '../support/e3-targets.ts';
import { LISTENER, LISTENER_NAME, LISTENER_VKEY } from '../support/net-listener.ts';
import { claimOf, look } from '../support/probe-targets.ts';
import { quickPace } from '../support/net-pace.ts';

const pace = quickPace();
const probe = makeNetProbe({ connectMs: 500, answerMs: 1_000, lossMs: 900 }, pace);

/** A listener whose clock is past the second in which it began. */
async function started(t: Test): Promise<RunningListener> {
  let clock = 1_800_000_000_000;
  const free = await tcp(() => undefined);
  await free.stop();
  const options = {
    host: '127.0.0.1',
    control: 0,
    ports: [free.port],
    name: LISTENER_NAME,
    signer: LISTENER,
  };
  const running = await startListener({ ...options, now: () => clock });
  clock += 5_000;
  t.teardown(() => running.close());
  return running;
}

/** "Not reachable", and "reachable". */
async function verdicts({ control, ports }: RunningListener, answer: string): Promise<string> {
  const params = { answer, control, controlAnswer: 'listener', listener: LISTENER_VKEY };
  const seen = await look(probe, `127.0.0.1:${ports[0]}`, params, { challenge: hashOf(answer) });
  return ['!o.net.reachable', 'o.net.reachable']
    .map((expr) => judgeClaim(claimOf(probe, expr), seen).verdict)
    .join(' ');
}

t.test('a port that is asked for TLS or SSH, and is the listener', async (t) => {
  const running = await started(t);
  for (const answer of ['tls', 'ssh']) t.equal(await verdicts(running, answer), 'UNKNOWN UNKNOWN', answer);
  t.equal(await verdicts(running, 'listener'), 'VIOLATED PROVEN', 'asked as it answers');
});

t.test('a stranger holds all connections of the port', async (t) => {
  const running = await started(t);
  const held: Socket[] = [];
  for (let i = 0; i < 64; i++) {
    const socket = connect(running.ports[0] ?? 0, '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    held.push(socket);
  }
  t.equal(await verdicts(running, 'listener'), 'UNKNOWN UNKNOWN');
  for (const socket of held) socket.destroy();
});

t.test('what is remembered of a connection', (t) => {
  let now = 100_000;
  const nonce = '0'.repeat(64);
  const memory = new Memory(() => now);
  const says = () => memory.says(nonce, 1, [7]);
  const during = (does: () => void): string => {
    now += 10_000;
    const before = says();
    now += 10_000;
    does();
    now += 10_000;
    return heardAt(7, [before, says()]);
  };
  t.equal(
    during(() => undefined),
    'nothing',
  );
  t.equal(
    during(() => memory.dropped()),
    'unknown',
    'closed unread',
  );
  t.equal(
    during(() => memory.came()),
    'unknown',
    'no line yet',
  );
  t.equal(
    during(() => memory.settled(false)),
    'unknown',
    'none came',
  );
  t.equal(
    during(() => {
      memory.came();
      memory.settled(true);
    }),
    'nothing',
    'the line was of another run',
  );
  t.end();
});
