/**
 * The demonstration's firewall: an API that says that a port is closed, and the port, which accepts connections all the
 * same. The collector asks both, and so its proof is CONTRADICTED: neither side is believed over the other.
 */
import { once } from 'node:events';
import { createServer as createApi } from 'node:http';
import { createServer as createPort, type Server } from 'node:net';
import { portOf } from './target.ts';

export class Firewall {
  readonly #servers: Server[] = [];

  /** Listens on loopback. Resolves to the arguments of the collector: URL of the API, port of the database. */
  async serve(): Promise<readonly [api: string, port: string]> {
    const port = await this.#listen(createPort((socket) => socket.end()));
    const rules = JSON.stringify({ [port]: 'closed' });
    const api = await this.#listen(
      createApi((_, reply) => reply.writeHead(200, { 'content-type': 'application/json' }).end(rules)),
    );
    return [`http://127.0.0.1:${api}/`, String(port)];
  }

  async close(): Promise<void> {
    const closed = this.#servers.map((server) => once(server, 'close'));
    for (const server of this.#servers.splice(0)) server.close();
    await Promise.all(closed);
  }

  async #listen(server: Server): Promise<number> {
    this.#servers.push(server.listen(0, '127.0.0.1'));
    await once(server, 'listening');
    return portOf(server.address());
  }
}

/** A collector for `exec@1` (src/probe/exec/README.md), run as `node FILE API PORT`. */
export const COLLECTOR = `// Asks the firewall what its rule is, and the port whether it is so.
import { connect } from 'node:net';

const [api, port] = process.argv.slice(2);
const reply = await fetch(api, { headers: { connection: 'close' } });
const rule = (await reply.json())[port];
const accepts = await new Promise((resolve) => {
  const socket = connect(Number(port), '127.0.0.1');
  socket.on('connect', () => resolve(true));
  socket.on('error', () => resolve(false));
  socket.on('connect', () => socket.destroy());
});
const explain = 'the API of the firewall says that the port is ' + rule + ', and the port accepts connections';
console.log(
  JSON.stringify({
    schema: 'tallystick.collected.v1',
    value: { rule, accepts },
    grades: [{ path: '/rule', evidence: 'E0' }],
    contradictions: accepts && rule === 'closed' ? [{ paths: ['/rule', '/accepts'], explain }] : [],
  }),
);
`;
