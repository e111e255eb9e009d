/**
 * The server's main thread under full load: how late its event loop runs, and what share of its time goes
 * into hashing and signatures (a CPU profile of the thread, by the file a sample fell into).
 *
 *     node bench/mainthread.ts [seconds]
 */
import autocannon from 'autocannon';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { goal, machine, printRows, type Row } from './machine.ts';
import { startServer } from './server.ts';

const PORT = 16_966;

/** Code that hashes or checks signatures, by file. */
const CRYPTO = /noble|sodium|sha256|verify-kernel|node-hasher|internal\/crypto|wasm/;

/** What the end of a profile leaves out, microseconds. */
const SHUTDOWN_US = 500_000;

interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly url: string; readonly functionName: string };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
  readonly startTime: number;
}

export async function mainThreadRows(seconds: number): Promise<readonly Row[]> {
  const profiles = mkdtempSync(join(tmpdir(), 'tallystick-prof-'));
  try {
    const plain = await load(seconds, []);
    await load(seconds, ['--cpu-prof', `--cpu-prof-dir=${profiles}`]);
    const share = cryptoShare(profiles, seconds) * 100;
    return [
      {
        what: 'event-loop delay, p99',
        value: `${plain.toFixed(1)} ms`,
        against: goal(plain, '≤', 15, ' ms'),
      },
      {
        what: 'main thread in hashing and signatures',
        value: `${share.toFixed(2)} %`,
        against: goal(share, '≤', 1, ' %'),
      },
    ];
  } finally {
    rmSync(profiles, { recursive: true });
  }
}

/** Loads a server with 64 connections and returns the p99 of its event-loop delay, milliseconds. */
async function load(seconds: number, nodeArgs: readonly string[]): Promise<number> {
  const server = await startServer(PORT, nodeArgs);
  try {
    const bodies = server.statements(seconds * 10_000);
    let next = 0;
    const drive = (duration: number) =>
      autocannon({
        url: `${server.url}/entries`,
        connections: 64,
        duration,
        requests: [
          {
            method: 'POST',
            headers: { 'content-type': 'application/cose' },
            setupRequest: (request) => ({
              ...request,
              body: bodies[next++ % bodies.length] ?? Buffer.alloc(0),
            }),
          },
        ],
      });
    await drive(2);
    await (await fetch(`${server.url}/metrics`)).text(); // the delay is measured from one scrape to the next
    await drive(seconds);
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    const p99 = /^tallystick_event_loop_delay_p99_seconds ([0-9.e-]+)$/m.exec(metrics)?.[1];
    if (p99 === undefined) throw new Error('the metrics do not tell the event-loop delay');
    return Number(p99) * 1000;
  } finally {
    await server.stop();
  }
}

/**
 * Share of busy samples in crypto code, in the profile that began first, the main thread's, and of it the last
 * seconds before the shutdown: start-up tries the kernels against each other, which is not load.
 */
function cryptoShare(dir: string, seconds: number): number {
  const all = readdirSync(dir).map((file): Profile => JSON.parse(readFileSync(join(dir, file), 'utf8')));
  const [main] = all.toSorted((a, b) => a.startTime - b.startTime);
  if (main === undefined) throw new Error('no profile was written');
  const frames = new Map(main.nodes.map((node) => [node.id, node.callFrame]));
  const end = main.timeDeltas.reduce((sum, delta) => sum + delta, 0) - SHUTDOWN_US;
  let at = 0;
  let busy = 0;
  let crypto = 0;
  for (const [i, id] of main.samples.entries()) {
    at += main.timeDeltas[i] ?? 0;
    if (at < end - seconds * 1e6 || at > end) continue;
    const frame = frames.get(id);
    if (frame === undefined || frame.functionName === '(idle)') continue;
    busy += main.timeDeltas[i] ?? 0;
    if (CRYPTO.test(frame.url)) crypto += main.timeDeltas[i] ?? 0;
  }
  return crypto / busy;
}

if (import.meta.main) {
  console.log(machine());
  printRows(
    'Main thread under full load, 64 connections',
    await mainThreadRows(Number(process.argv[2] ?? 6)),
  );
}
