/**
 * What ten followers that catch up, as fast as they are served, leave to submitters: statements a second and their p99 with and
 * without them, in turns, beside another checkout when one is named. The log has more full bundles than the server keeps in
 * memory. Followers and submitters run on the same machine and take their share of it: so a server that serves followers
 * faster has less of the machine for itself.
 *
 *     node bench/followers.ts [--against PATH]
 */
import { Worker } from 'node:worker_threads';
import { machine, median, printRows, type Row } from './machine.ts';
import { postAll, type Posted } from './poster.ts';
import type { Server } from './server.ts';
import { againstWhat, quantile, withSides } from './sides.ts';

const PORT = 16_975;
/** 320 bundles of some 230 kB: more than the 64 MiB that are kept in memory. */
const BUNDLES = 320;
const PAYLOAD = 700;
const TURNS = 3;
const SECONDS = 2;
const CONNECTIONS = 16;

async function fill(server: Server): Promise<void> {
  for (let done = 0; done < BUNDLES; done++) {
    const body = Buffer.concat(server.statements(256, PAYLOAD));
    const headers = { 'content-type': 'application/cbor-seq' };
    const reply = await fetch(`${server.url}/entries`, { method: 'POST', headers, body });
    if (!reply.ok) throw new Error(`filling the log: ${reply.status} ${await reply.text()}`);
    await reply.arrayBuffer();
  }
}

const PATHS = Array.from({ length: BUNDLES }, (_, i) => `/tile/entries/${String(i).padStart(3, '0')}`);

/** Bundles a second. */
function follow(url: string): Promise<number> {
  const worker = new Worker(new URL('./followers-thread.ts', import.meta.url), {
    workerData: { url, seconds: SECONDS, paths: PATHS },
  });
  return new Promise((resolve, reject) => {
    worker.on('message', resolve);
    worker.on('error', reject);
  });
}

interface Measured {
  readonly alone: Posted[];
  readonly followed: Posted[];
  readonly bundles: number[];
}

async function turn(server: Server, { alone, followed, bundles }: Measured): Promise<void> {
  const bodies = (): Buffer[] => server.statements(SECONDS * 5_000);
  alone.push(await postAll(server.url, bodies(), CONNECTIONS, SECONDS));
  const ready = bodies();
  const following = follow(server.url);
  followed.push(await postAll(server.url, ready, CONNECTIONS, SECONDS));
  bundles.push(await following);
}

/** The whole table. */
export async function followerRows(against: string | undefined): Promise<readonly Row[]> {
  return withSides(PORT, against, async (sides) => {
    for (const { server } of sides) await fill(server);
    const measured = sides.map((): Measured => ({ alone: [], followed: [], bundles: [] }));
    for (let n = 0; n < TURNS; n++)
      for (const [i, { server }] of sides.entries()) {
        const into = measured[i];
        if (into !== undefined) await turn(server, into);
      }
    return sides.map(({ name }, i) => rowOf(name, measured[i]));
  });
}

function rowOf(name: string, { alone = [], followed = [], bundles = [] }: Partial<Measured> = {}): Row {
  const speed = (all: readonly Posted[]): number => median(all.map(({ perSecond }) => perSecond));
  const p99 = (all: readonly Posted[]): number =>
    quantile(
      all.flatMap(({ times }) => [...times]),
      0.99,
    );
  const rate = (value: number): string => Math.round(value).toLocaleString('en');
  return {
    what: `${name} checkout`,
    value: `${(speed(followed) / speed(alone)).toFixed(2)} of ${rate(speed(alone))}/s stay`,
    against: `p99 ${p99(alone).toFixed(0)} ms alone, ${p99(followed).toFixed(0)} ms with followers, who get ${rate(median(bundles))} bundles/s`,
  };
}

if (import.meta.main) {
  console.log(machine());
  printRows('Submitters beside ten followers that catch up', await followerRows(againstWhat()));
}
