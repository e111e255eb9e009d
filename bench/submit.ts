/**
 * Submissions against a real server: one signed statement per POST at 1, 16, 64 and 256 connections, and
 * many per POST. Every statement is new, verified, durable and answered with its receipt.
 *
 *     node bench/submit.ts [seconds per row]
 */
import autocannon from 'autocannon';
import { goal, machine, printRows, type Row } from './machine.ts';
import { startServer, type Server } from './server.ts';

const PORT = 16_962;

interface Measured {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

/** Posts prepared bodies over keep-alive connections. Anything but the expected status is an error. */
async function post(
  server: Server,
  connections: number,
  seconds: number,
  contentType: string,
  bodies: readonly Buffer[],
): Promise<Measured> {
  let next = 0;
  const result = await autocannon({
    url: `${server.url}/entries`,
    connections,
    duration: seconds,
    requests: [
      {
        method: 'POST',
        headers: { 'content-type': contentType },
        setupRequest: (request) => ({ ...request, body: bodies[next++ % bodies.length] ?? Buffer.alloc(0) }),
      },
    ],
  });
  if (next > bodies.length)
    console.log(`  note: ${next - bodies.length} of ${next} were posted twice: prepare more`);
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${result.non2xx} answers were not 2xx, ${result.errors} errors`);
  return { perSecond: result['2xx'] / result.duration, p50: result.latency.p50, p99: result.latency.p99 };
}

/** A batch of statements as one `application/cbor-seq` body. */
function batches(statements: readonly Buffer[], size: number): Buffer[] {
  const out: Buffer[] = [];
  for (let at = 0; at < statements.length; at += size)
    out.push(Buffer.concat(statements.slice(at, at + size)));
  return out;
}

/** The whole table. */
export async function submitRows(seconds: number): Promise<readonly Row[]> {
  const server = await startServer(PORT);
  const rows: Row[] = [];
  try {
    await post(server, 64, 3, 'application/cose', server.statements(30_000)); // warm up
    for (const connections of [1, 16, 64, 256]) {
      const m = await post(
        server,
        connections,
        seconds,
        'application/cose',
        server.statements(seconds * (connections === 1 ? 3000 : 12_000)),
      );
      const goals =
        connections === 64
          ? [
              goal(m.perSecond, '≥', 5000, '/s'),
              goal(m.p50, '≤', 12, ' ms p50'),
              goal(m.p99, '≤', 50, ' ms p99'),
            ]
          : [];
      rows.push({
        what: `single, ${connections} connections`,
        value: `${Math.round(m.perSecond).toLocaleString('en')}/s`,
        against: [`p50 ${m.p50} ms, p99 ${m.p99} ms`, ...goals].join('; '),
      });
    }
    for (const [size, connections] of [
      [100, 8],
      [1000, 4],
    ] as const) {
      const m = await post(
        server,
        connections,
        seconds,
        'application/cbor-seq',
        batches(server.statements(seconds * 32_000), size),
      );
      const perSecond = m.perSecond * size;
      rows.push({
        what: `${size} per POST, ${connections} connections`,
        value: `${Math.round(perSecond).toLocaleString('en')}/s`,
        against: `p50 ${m.p50} ms, p99 ${m.p99} ms; ${goal(perSecond, '≥', 15_000, '/s')}`,
      });
    }
  } finally {
    await server.stop();
  }
  return rows;
}

if (import.meta.main) {
  console.log(machine());
  printRows(
    'Submissions: signed, verified, durable, receipt in the reply',
    await submitRows(Number(process.argv[2] ?? 8)),
  );
}
