/**
 * One agent with 1,000 subjects keeps all their slots, at a cost that grows with what is due and not with what it looks
 * after. One that cannot says so, and leaves no subject out. The clock moves by what work takes (`TAKES`).
 */
import t from 'tap';
import { slotAt, slotLength } from '#src/appraisal/slots.ts';
import { START } from '../support/agent-world.ts';
import { manyWorld, type LoggedProof, type ManyWorld } from '../support/many-world.ts';

const CADENCE = 900;
const LENGTH = slotLength(CADENCE);
/** Seconds: the rest of the slot in which each subject is proven for the first time, and two whole slots. */
const RUN = slotAt(START, LENGTH).end - START + 2 * LENGTH + 1;

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
    return actual >= slot.start && actual < slot.end && window.start <= slot.end;
  });
  const whole = inside.filter(({ number }) => number >= begin && number < end);
  if (new Set(whole.map(({ number }) => number)).size < whole.length) throw new Error('a slot was met twice');
  return {
    expected: end - begin,
    missed: end - begin - whole.length,
    late: whole.reduce((max, { due, actual }) => Math.max(max, actual - due), 0),
    apart: all.reduce(
      (max, { time }, i) => Math.max(max, time - (all[i - 1]?.proof.window.end ?? time)),
      0,
    ),
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
  const few = await manyWorld(t, 50, CADENCE);
  await few.run(RUN);
  const world = await manyWorld(t, 1000, CADENCE);
  await world.run(RUN);
  const kept = keptIn(world, CADENCE);
  t.comment(JSON.stringify({ kept, many: perProof(world), few: perProof(few), proofs: world.wide.proofs.length, m: missedIn(world), c:process.cpuUsage() }));
  t.end();
});

t.test('2', async (t) => {
  const world = await manyWorld(t, 200, 1);
  await world.run(140);
  const counts = [...Map.groupBy(world.wide.proofs, ({ subject }) => subject).values()].map(({ length }) => length);
  t.comment(JSON.stringify({ kept: keptIn(world, 1), proofs: world.wide.proofs.length, m: missedIn(world), most: Math.max(...counts), least: Math.min(...counts), c:process.cpuUsage() }));
});
