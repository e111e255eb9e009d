/** An agent whose log goes on under rules that it does not know says so once, loses nothing, and goes on when updated. */
import t from 'tap';
import { Daemon } from '#src/agent/daemon.ts';
import type { AgentEvent } from '#src/agent/event.ts';
import { refuse } from '#src/bytes/refusal.ts';
import { agentWorld, claimOf, type AgentWorld } from './agent-world.ts';

const SUBJECT = 'prod/db';

function daemonOf(world: AgentWorld, events: AgentEvent[]): Daemon {
  return new Daemon({
    agent: world.agent,
    log: world.log,
    subjects: ['prod/**'],
    assertMayProve: () => undefined,
    budget: Infinity,
    heartbeat: 3600,
    pollMs: 10_000,
    random: () => 0.5,
    sleep: () => Promise.resolve(),
    tell: (event) => void events.push(event),
  });
}

t.test('newer rules are no outage', async (t) => {
  const world = await agentWorld(t);
  await world.commit(SUBJECT, [claimOf('on', { cadence: 600 })]);
  const pass = async (daemon: Daemon, seconds: number): Promise<void> => {
    const end = world.clock.now + seconds * 1000;
    while (world.clock.now < end) {
      const wake = await daemon.step();
      world.clock.now = Math.min(end, Math.max(world.clock.now + 1000, Math.ceil(wake / 1000) * 1000));
    }
  };
  const events: AgentEvent[] = [];
  await pass(daemonOf(world, events), 600);
  const before = world.log.proofs().length;
  t.ok(before > 0);

  // Another run, which finds newer rules, and then an outage between.
  const { policy } = world.log;
  world.log.policy = () => Promise.reject(refuse('newer-version', 'rules 9: update tallystick'));
  events.length = 0;
  const old = daemonOf(world, events);
  await pass(old, 3600);
  world.log.away = true;
  await pass(old, 600);
  world.log.away = false;
  await pass(old, 3600);
  const told = events.filter(({ kind }) => kind === 'outdated');
  t.match(told, [{ why: 'rules 9: update tallystick' }], 'once');
  t.ok(
    events.some(({ kind }) => kind === 'away'),
    'an outage is told as what it is',
  );
  t.notOk(events.some(({ kind }) => kind === 'back' || kind === 'delivered'));
  t.equal(world.log.proofs().length, before);
  t.ok(world.agent.spool.waitingCount() > 0, 'what is known goes on being proven');

  // The program is updated.
  world.log.policy = policy;
  events.length = 0;
  await pass(daemonOf(world, events), 60);
  t.equal(world.agent.spool.waitingCount(), 0);
  const numbers = world.log.proofs().map(({ proof }) => proof.seq);
  t.strictSame(
    numbers,
    numbers.map((_, i) => i),
    'the chain has no gap',
  );
  t.ok(numbers.length > before);
  t.equal(events.filter(({ kind }) => kind === 'outdated').length, 0);
});
