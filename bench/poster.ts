/** Posts the given bodies, each once, over keep-alive connections, one request at a time on each. */
import { connect } from 'node:net';

export interface Posted {
  readonly perSecond: number;
  /** Milliseconds from each request to the end of its answer, sorted. */
  readonly times: Float64Array;
}

const HEAD_END = Buffer.from('\r\n\r\n');

/** Posts until the bodies, or the seconds, are used up. Rejects at the first answer that is not a 2xx. */
export async function postAll(
  url: string,
  bodies: readonly Buffer[],
  connections: number,
  seconds = Infinity,
): Promise<Posted> {
  const { hostname, port } = new URL(url);
  const head = `POST /entries HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Type: application/cose\r\nContent-Length: `;
  const requests = bodies.map((body) => Buffer.concat([Buffer.from(`${head}${body.length}\r\n\r\n`), body]));
  const times: number[] = [];
  let next = 0;
  const start = performance.now();
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = connect(Number(port), hostname).setNoDelay();
      let sent = 0;
      let wanted = 0;
      const ask = (): void => {
        sent = performance.now();
        const request = sent - start < seconds * 1000 ? requests[next++] : undefined;
        if (request !== undefined) {
          socket.write(request);
          return;
        }
        resolve();
        socket.destroy();
      };
      socket.on('connect', ask);
      socket.on('error', reject);
      socket.on('close', () => reject(new Error('the server closed a connection')));
      socket.on('data', (chunk: Buffer) => {
        if (wanted === 0) wanted = lengthOf(chunk);
        wanted -= chunk.length;
        if (Number.isNaN(wanted)) {
          reject(new Error(`no whole head of a 2xx answer: ${chunk.toString('latin1', 0, 600)}`));
          socket.destroy();
        } else if (wanted <= 0) {
          times.push(performance.now() - sent);
          ask();
        }
      });
    });
  await Promise.all(Array.from({ length: connections }, one));
  const elapsed = (performance.now() - start) / 1000;
  return { perSecond: times.length / elapsed, times: Float64Array.from(times).toSorted() };
}

/** Bytes of a 2xx answer, head and body; NaN for another answer, and for a head that comes in pieces. */
function lengthOf(chunk: Buffer): number {
  const end = chunk.indexOf(HEAD_END);
  const head = chunk.toString('latin1', 0, end);
  const [, length] = /\r\ncontent-length: ([0-9]+)/i.exec(head) ?? [];
  if (end === -1 || !head.startsWith('HTTP/1.1 2') || length === undefined) return NaN;
  return end + HEAD_END.length + Number(length);
}
