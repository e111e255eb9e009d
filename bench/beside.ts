/**
 * Submissions beside those of another checkout, one statement per POST: of each, the statements a second and the
 * processor time of the server's process for a thousand of them. Both work in short turns, so that whatever else the machine
 * does falls on both, and of all turns the lower quartile counts, which the rest of the machine disturbs least. Servers are
 * started anew a few times, since one process is always a little faster than the next.
 *
 * With `TMPDIR=/dev/shm` no disk is waited for: then the ratio is that of the processor's work.
 *
 *     node bench/beside.ts --against PATH
 */
import { machine, median, printRows, type Row } from './machine.ts';
import { postAll } from './poster.ts';
import { ranBetween, threadTimes } from './processor.ts';
import type { Server } from './server.ts';
import { againstWhat, quantile, withSides, type Side } from './sides.ts';

const PORT = 16_971;
const STARTS = 4;
const TURNS = 30;
/** Connections, and statements of a turn: every full bundle is merged within two turns. */
const LOADS = [
  [1, 160],
  [4, 320],
  [16, 640],
] as const;

interface Turn {
  readonly perSecond: number;
  /** Milliseconds of processor time for a thousand statements. */
  readonly cpu: number;
}

async function turn(server: Server, statements: number, connections: number): Promise<Turn> {
  const bodies = server.statements(statements);
  const before = threadTimes(server.pid);
  const { perSecond } = await postAll(server.url, bodies, connections);
  const ran = ranBetween(before, threadTimes(server.pid));
  return { perSecond, cpu: (ran / statements) * 1000 };
}

/** What one start of the servers gave, per side: the lower quartile of costs, the upper one of speeds. */
async function inTurns(sides: readonly Side[], connections: number, statements: number): Promise<Turn[]> {
  const turns: Turn[][] = sides.map(() => []);
  for (let n = 0; n < TURNS; n++) {
    const order = [...sides.keys()];
    for (const i of n % 2 === 0 ? order : order.toReversed()) {
      const server = sides[i]?.server;
      if (server !== undefined) turns[i]?.push(await turn(server, statements, connections));
    }
  }
  return turns.map((each) => ({
    perSecond: quantile(
      each.map(({ perSecond }) => perSecond),
      0.75,
    ),
    cpu: quantile(
      each.map(({ cpu }) => cpu),
      0.25,
    ),
  }));
}

/** The whole table. */
async function rows(against: string): Promise<readonly Row[]> {
  const starts: (readonly Turn[])[][] = LOADS.map(() => []);
  for (let start = 0; start < STARTS; start++)
    await withSides(PORT, against, async (sides) => {
      for (const { server } of sides) await turn(server, 10_000, 64); // warm up
      for (const [i, [connections, statements]] of LOADS.entries())
        starts[i]?.push(await inTurns(sides, connections, statements));
    });
  return LOADS.map(([connections], i) => rowOf(connections, starts[i] ?? []));
}

function rowOf(connections: number, starts: readonly (readonly Turn[])[]): Row {
  const of = (side: number, key: keyof Turn): number[] => starts.map((turns) => turns[side]?.[key] ?? NaN);
  const ratios = (key: keyof Turn): number[] =>
    starts.map(([own, other]) => (own?.[key] ?? NaN) / (other?.[key] ?? NaN));
  const cpu = ratios('cpu');
  return {
    what: `single, ${connections} connections`,
    value: `CPU time ${median(cpu).toFixed(3)} of the other's`,
    against: [
      `starts ${quantile(cpu, 0).toFixed(3)} to ${quantile(cpu, 1).toFixed(3)}`,
      `${median(of(0, 'cpu')).toFixed(0)} and ${median(of(1, 'cpu')).toFixed(0)} ms a thousand`,
      `speed ${median(ratios('perSecond')).toFixed(3)}, ${Math.round(median(of(0, 'perSecond'))).toLocaleString('en')}/s`,
    ].join('; '),
  };
}

const other = againstWhat();
if (other === undefined) throw new Error('say --against PATH: the checkout to compare with');
console.log(machine());
printRows('Submissions beside those of another checkout', await rows(other));
