/**
 * A proxy before a real API server that tells lies: it has a certificate that the agent trusts, passes requests on with
 * their tokens, and changes answers. Whoever holds an API server, or the way to it, can do as much.
 */
import { once } from 'node:events';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { certificate, folder } from '../../support/e3-targets.ts';
import type { Cluster } from './cluster.ts';

// oxlint-disable-next-line typescript/no-explicit-any -- answers are changed in any place
type Json = any;

/** Changes an answer in place before it is sent; may wait. */
export type Lie = (
  asked: { readonly method: string; readonly path: string; readonly query: URLSearchParams },
  answer: { status: number; body: Json },
) => void | Promise<void>;

export interface LyingProxy {
  readonly target: string;
  readonly port: number;
  readonly ca: string;
  lie: Lie | undefined;
  stop(): Promise<void>;
}

export async function lyingProxy(cluster: Cluster): Promise<LyingProxy> {
  const pair = certificate(folder(), 'p256', 'DNS:localhost,IP:127.0.0.1');
  const proxy: { lie: Lie | undefined } = { lie: undefined };
  const server = createServer({ cert: pair.cert, key: pair.key }, (incoming, outgoing) => {
    const url = new URL(incoming.url ?? '/', cluster.target);
    const forward = request(url, {
      method: incoming.method,
      ca: cluster.ca,
      headers: { ...incoming.headers, host: url.host },
    });
    forward.on('error', () => outgoing.destroy());
    forward.on('response', (response) => {
      void (async () => {
        const chunks = await Array.fromAsync(response as AsyncIterable<Buffer>);
        const answer = {
          status: response.statusCode ?? 0,
          body: JSON.parse(Buffer.concat(chunks).toString()),
        };
        const asked = { method: incoming.method ?? '', path: url.pathname, query: url.searchParams };
        await proxy.lie?.(asked, answer);
        outgoing
          .writeHead(answer.status, { 'content-type': 'application/json' })
          .end(JSON.stringify(answer.body));
      })();
    });
    incoming.pipe(forward);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return Object.assign(proxy, {
    target: `https://127.0.0.1:${port}`,
    port,
    ca: pair.cert,
    stop: async () => {
      server.closeAllConnections();
      server.close();
    },
  });
}
