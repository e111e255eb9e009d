/**
 * A host that is looked at: ports 4001 (banner `TALLY target`), 4002 (banner `TALLY control`), 4003 (TLS, by the certificate in
 * argv[2] and the key in argv[3]), 4005 (accepts and says nothing), 4006 (an error page, whatever is asked), UDP 4007 (banner
 * `TALLY target`, to a datagram). Nothing listens on 4009.
 */
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

const [, , certFile = '', keyFile = '', ...hosts] = process.argv;
const quiet = (socket: Socket): Socket => socket.on('error', () => undefined);
const says = (text: string) => createServer((socket) => void quiet(socket).end(text));
const tls = createTlsServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) }, (socket) => {
  socket.on('error', () => undefined);
});
tls.on('tlsClientError', () => undefined);

const servers = [
  [4001, says('TALLY target\r\n')],
  [4002, says('TALLY control\r\n')],
  [4003, tls],
  [4005, createServer((socket) => void quiet(socket).resume())],
  [4006, says('HTTP/1.1 503 Service Unavailable\r\n\r\n')],
] as const;
await Promise.all(
  servers.map(([port, server]) => new Promise<void>((resolve) => server.listen(port, '::', resolve))),
);
const udp = createSocket('udp6');
udp.on('message', (_, { port, address }) => udp.send('TALLY target', port, address));
await new Promise<void>((resolve) => udp.bind(4007, '::', resolve));
console.log(`ready ${hosts.join(' ')}`);
