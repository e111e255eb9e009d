/**
 * Reads as fast as a server answers: keep-alive connections, one request at a time on each, replies counted by
 * their Content-Length. autocannon, which takes replies apart in JavaScript, ends at some 9,000 bodies of
 * 8 KiB a second on the machine where the server sends 50,000; this is within a tenth of what `wrk` sees.
 */
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

export interface Load {
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

const HEAD_END = Buffer.from('\r\n\r\n');

/** Asks for the paths in turn over `connections` for `seconds`. Throws at the first answer that is not a 200. */
export async function load(
  url: string,
  connections: number,
  seconds: number,
  paths: readonly string[],
): Promise<Load> {
  const { hostname, port } = new URL(url);
  const requests = paths.map((path) =>
    Buffer.from(`GET ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`),
  );
  const times: number[] = [];
  let next = 0;
  let failure: Error | undefined;
  const open = Array.from({ length: connections }, () => {
    const socket = connect(Number(port), hostname);
    let sent = 0;
    let wanted = 0;
    const ask = (): void => {
      sent = performance.now();
      socket.write(requests[next++ % requests.length] ?? '');
    };
    socket.on('connect', ask);
    socket.on('error', (error) => (failure = error));
    socket.on('data', (chunk: Buffer) => {
      if (wanted === 0) {
        const length = bodyLength(chunk);
        if (length === undefined) {
          failure = new Error(`not a whole 200 header: ${chunk.toString('latin1', 0, 200)}`);
          socket.destroy();
          return;
        }
        wanted = chunk.indexOf(HEAD_END) + HEAD_END.length + length;
      }
      wanted -= chunk.length;
      if (wanted > 0) return;
      times.push(performance.now() - sent);
      ask();
    });
    return socket;
  });
  const start = performance.now();
  await pause(seconds * 1000);
  const elapsed = performance.now() - start;
  for (const socket of open) socket.destroy();
  if (failure !== undefined) throw failure;
  const sorted = Float64Array.from(times).toSorted();
  const at = (share: number): number =>
    Math.round(10 * (sorted[Math.floor(sorted.length * share)] ?? 0)) / 10;
  return { perSecond: times.length / (elapsed / 1000), p50: at(0.5), p99: at(0.99) };
}

/** Bytes of the body that a reply's header announces; undefined when it is not a 200 or comes in pieces. */
function bodyLength(chunk: Buffer): number | undefined {
  const end = chunk.indexOf(HEAD_END);
  const head = chunk.toString('latin1', 0, end);
  const [, length] = /\r\ncontent-length: ([0-9]+)/i.exec(head) ?? [];
  return end !== -1 && head.startsWith('HTTP/1.1 200 ') && length !== undefined ? Number(length) : undefined;
}
