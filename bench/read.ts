/**
 * Reads from a real server over a log of 20,000 entries: the checkpoint, full tiles, entry bundles, proofs.
 *
 *     node bench/read.ts [seconds per row]
 */
import { load } from './load.ts';
import { goal, machine, printRows, type Row } from './machine.ts';
import { startServer, type Server } from './server.ts';

const PORT = 16_965;
const ENTRIES = 20_000;

async function fill(server: Server): Promise<void> {
  for (let done = 0; done < ENTRIES; done += 1000) {
    const reply = await fetch(`${server.url}/entries`, {
      method: 'POST',
      headers: { 'content-type': 'application/cbor-seq' },
      body: Buffer.concat(server.statements(1000)),
    });
    if (!reply.ok) throw new Error(`filling the log: ${reply.status}`);
    await reply.arrayBuffer();
  }
}

/** The whole table. */
export async function readRows(seconds: number): Promise<readonly Row[]> {
  const server = await startServer(PORT);
  try {
    await fill(server);
    const tile = (i: number): string => `/tile/0/${String(i).padStart(3, '0')}`;
    const many = Array.from({ length: 64 }, (_, i) => i);
    const kinds: readonly (readonly [string, readonly string[], number])[] = [
      ['checkpoint', ['/checkpoint'], 15_000],
      ['full tiles (8 KiB), 64 of them', many.map(tile), 15_000],
      [
        'entry bundles (~75 KiB), 8 of them',
        many.slice(0, 8).map((i) => `/tile/entries/${String(i).padStart(3, '0')}`),
        0,
      ],
      ['inclusion proofs as JSON', many.map((i) => `/v1/inclusion?index=${i * 300}`), 0],
    ];
    const rows: Row[] = [];
    for (const [what, paths, bound] of kinds) {
      const m = await load(server.url, 64, seconds, paths);
      const against = bound === 0 ? '' : `; ${goal(m.perSecond, '≥', bound, '/s')}`;
      rows.push({
        what,
        value: `${Math.round(m.perSecond).toLocaleString('en')}/s`,
        against: `p99 ${m.p99} ms${against}`,
      });
    }
    return rows;
  } finally {
    await server.stop();
  }
}

if (import.meta.main) {
  console.log(machine());
  printRows('Reads, 64 connections', await readRows(Number(process.argv[2] ?? 5)));
}
