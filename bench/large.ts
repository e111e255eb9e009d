/**
 * How long a submitter waits whose entries have 64 kB, beside another checkout when one is named. The log is filled with full
 * bundles of such entries meanwhile, so that whatever is done with them afterwards is waited for, too.
 *
 *     node bench/large.ts [--against PATH]
 */
import { machine, printRows, type Row } from './machine.ts';
import { postAll } from './poster.ts';
import { againstWhat, quantile, withSides } from './sides.ts';

const PORT = 16_973;
/** With its headers and signature an entry is within the 65,535 bytes of a log. */
const PAYLOAD = 65_200;
const TURNS = 16;
const STATEMENTS = 48;

/** The whole table. */
export async function largeRows(against: string | undefined): Promise<readonly Row[]> {
  return withSides(PORT, against, async (sides) => {
    const rows: Row[] = [];
    for (const { server } of sides) await postAll(server.url, server.statements(256, PAYLOAD), 8); // warm up
    for (const connections of [1, 8]) {
      const times: number[][] = sides.map(() => []);
      for (let n = 0; n < TURNS; n++)
        for (const [i, { server }] of sides.entries()) {
          const posted = await postAll(server.url, server.statements(STATEMENTS, PAYLOAD), connections);
          times[i]?.push(...posted.times);
        }
      const at = (share: number): readonly number[] => times.map((each) => quantile(each, share));
      const [p50 = NaN, other50] = at(0.5);
      const [p99 = NaN, other99] = at(0.99);
      const beside =
        other50 === undefined || other99 === undefined
          ? ''
          : `the other p50 ${other50.toFixed(1)} ms, p99 ${other99.toFixed(1)} ms; ratio ${(p50 / other50).toFixed(2)}, ${(p99 / other99).toFixed(2)}`;
      rows.push({
        what: `64 kB entries, ${connections} connections`,
        value: `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`,
        against: beside,
      });
    }
    return rows;
  });
}

if (import.meta.main) {
  console.log(machine());
  printRows('Waiting for a large entry to be durable', await largeRows(againstWhat()));
}
