/**
 * One agent with 1,000 subjects keeps all their slots, at a cost that grows with what is due and not with what it looks
 * after. One that cannot says so, and leaves no subject out. The clock moves by what work takes (`TAKES`).
 */
import t from 'tap';
import { refuse } from '#src/bytes/refusal.ts';
import { slotAt, slotLength } from '#src/appraisal/slots.ts';
import { START } from '../support/agent-world.ts';
import { manyWorld, TAKES, type LoggedProof, type ManyWorld } from '../support/many-world.ts';

const CADENCE = 900;
const LENGTH = slotLength(CADENCE);
/** Begins so far into a slot that every subject is proven for the first time before the next one begins. */
const BEGIN = slotAt(START, LENGTH).end + 150;
/** Seconds: the rest of that slot, and a whole one. */
const RUN = 2 * LENGTH - 150 + 2;

interface Kept {
  /** Slots that lie wholly between a subject's first proof and the end, of all subjects. */
  readonly expected: number;
  /** Those of them without a proof. */
  readonly missed: number;
  /** Most seconds from the due time of these slots to the look. */
  readonly late: number;
  /** Most seconds from one proof of a subject to when the log had the next one. */
  readonly apart: number;
  /** Most seconds from the end of a proof to when the log had it. */
  readonly delivery: number;
}

function keptIn({ wide, clock, subjects }: ManyWorld, cadence: number): Kept {
  const bySubject = Map.groupBy(wide.proofs, ({ subject }) => subject);
  const end = slotAt(clock.now / 1000, slotLength(cadence)).number;
  const each = subjects.map((subject) => keptBy(bySubject.get(subject) ?? [], end, slotLength(cadence)));
  const most = (of: (kept: Kept) => number): number => each.reduce((max, kept) => Math.max(max, of(kept)), 0);
  return {
    expected: each.reduce((sum, { expected }) => sum + expected, 0),
    missed: each.reduce((sum, { missed }) => sum + missed, 0),
    late: most(({ late }) => late),
    apart: most(({ apart }) => apart),
    delivery: most(({ delivery }) => delivery),
  };
}

/** `end`: number of the slot that the run ended in. */
function keptBy(all: readonly LoggedProof[], end: number, length: number): Kept {
  const [first] = all;
  if (first === undefined) throw new Error('a subject was never proven');
  const begin = slotAt(first.proof.window.start, length).number + 1;
  const slots = all.flatMap(({ proof: { results, window } }) =>
    results.flatMap(({ slot }) => (slot === undefined ? [] : [{ ...slot, window }])),
  );
  const inside = slots.filter(({ number, actual, window }) => {
    const slot = slotAt(number * length, length);
    return actual >= slot.start && actual < slot.end && window.start <= slot.end + 5;
  });
  const whole = inside.filter(({ number }) => number >= begin && number < end);
  if (new Set(whole.map(({ number }) => number)).size < whole.length) throw new Error('a slot was met twice');
  return {
    expected: end - begin,
    missed: end - begin - whole.length,
    late: whole.reduce((max, { due, actual }) => Math.max(max, actual - due), 0),
    apart: all.reduce((max, { time }, i) => Math.max(max, time - (all[i - 1]?.proof.window.end ?? time)), 0),
    delivery: all.reduce((max, { time, proof }) => Math.max(max, time - proof.window.end), 0),
  };
}

const missedIn = ({ events }: ManyWorld) => events.filter((event) => event.kind === 'missed');

/** What the agent asked its database and its log, for each proof. */
const perProof = (world: ManyWorld) => ({
  statements: world.statements() / world.wide.proofs.length,
  requests: world.wide.requests / world.wide.proofs.length,
});

t.test('1,000 subjects on one agent keep their slots', async (t) => {
  const few = await manyWorld(t, 10, CADENCE);
  few.clock.now = BEGIN * 1000;
  await few.run(RUN);
  const world = await manyWorld(t, 1000, CADENCE);
  world.clock.now = BEGIN * 1000;
  await world.run(RUN);
  const kept = keptIn(world, CADENCE);
  t.comment(JSON.stringify({ kept, many: perProof(world), few: perProof(few) }));
  t.match(kept, { expected: 1000, missed: 0 }, 'each slot of each subject was met, in the slot and once');
  t.ok(kept.late <= 60, `${kept.late} s after it was due at most: readers report more than 60`);
  t.ok(kept.apart < CADENCE, `${kept.apart} s between two proofs at most: nothing is ever STALE`);
  t.ok(kept.delivery <= 31, `${kept.delivery} s to the log: also proofs of a round of minutes are sent`);
  // In the slot in which all begin at once, the second look at some comes too late. That is told, and nothing later.
  const [begun, ...later] = missedIn(world);
  t.ok(begun !== undefined && begun.at < slotAt(BEGIN, LENGTH).end + 60 && begun.slots < 500);
  t.same(later, []);
  t.notOk(world.events.some(({ kind }) => !['proven', 'delivered', 'missed'].includes(kind)));

  const [costly, cheap] = [perProof(world), perProof(few)];
  t.ok(
    costly.statements < 1.1 * cheap.statements,
    'a hundred times the subjects, and no more work for each proof',
  );
  t.ok(costly.requests < 1.1 * cheap.requests, 'nor questions to the log');
});

t.test('an agent that is too slow says so, and leaves no subject out', async (t) => {
  const world = await manyWorld(t, 200, 1);
  await world.run(100);
  const { expected, missed } = keptIn(world, 1);
  const told = missedIn(world);
  const sum = told.reduce((all, { slots }) => all + slots, 0);
  t.comment(JSON.stringify({ expected, missed, told }));
  t.ok(missed > 0.9 * expected, `${missed} of ${expected} slots, for a proof takes 0.2 s`);
  t.ok(
    told.length >= 2 && told.every(({ at }, i) => i === 0 || at - (told[i - 1]?.at ?? 0) >= 30),
    'not at each slot',
  );
  // What passed since the log was read last is told with the next reading.
  t.ok(sum > missed / 2 && sum <= missed + 200, `${sum} slots were told`);
  const counts = [...Map.groupBy(world.wide.proofs, ({ subject }) => subject).values()].map(
    ({ length }) => length,
  );
  t.equal(counts.length, 200);
  t.ok(Math.max(...counts) - Math.min(...counts) <= 1, 'each subject has its turn');
});

t.test('slots that other reasons cost are told as such alone', async (t) => {
  const world = await manyWorld(t, 5, 60);
  await world.run(600, { budget: 30 * TAKES.proof * 1000 });
  t.ok(world.events.some(({ kind }) => kind === 'skipped'));
  t.same(missedIn(world), [], 'the budget');

  const barred = await manyWorld(t, 5, 60);
  const until = barred.clock.now + 300_000;
  const assertMayProve = (): void => {
    if (barred.clock.now > until - 200_000 && barred.clock.now < until) throw refuse('wrong-role', 'not now');
  };
  await barred.run(600, { assertMayProve });
  t.ok(barred.events.some(({ kind }) => kind === 'barred'));
  t.same(missedIn(barred), [], 'a policy');
});
