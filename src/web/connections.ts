/**
 * Limits connections. One client may hold an eighth of all connections, and an eighth stays free for clients that have
 * none yet, so that nobody can exclude others by connecting. A client at its limit loses its own oldest connection
 * without a request; if all its connections have one, its next connection is closed at once.
 *
 * A proxy that connects on behalf of many clients is not limited here: it limits its clients itself, and requests count
 * for the address that it forwards.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { clientOf } from './clients.ts';

interface ConnectionLimits {
  /** Connections of all clients. */
  readonly connections: number;
  /** Of one client. */
  readonly connectionsOfOne: number;
}

/** The part of all connections that stays free for clients that have none yet. */
const KEPT_FREE = 1 / 8;

/** Requests of one connection that may wait for their answers at once. */
const MOST_PIPELINED = 32;

interface Connection {
  readonly socket: Socket;
  /** Requests that are not answered yet. */
  inHand: number;
  /** A counter of ended answers, at the time of its last one; for a new connection, at its begin. */
  used: number;
  /** Called at the end of each answer. */
  readonly answered: () => void;
}

/** `isProxy`: whether an address speaks for others. */
export function limitConnections(
  server: Pick<Server, 'on'>,
  { connections, connectionsOfOne }: ConnectionLimits,
  isProxy: (address: string) => boolean,
): void {
  const clients = new Map<string, Map<string, Connection>>();
  /** The connection of each socket that had a request, so that each is looked up by its address only once. */
  const known = new WeakMap<Socket, Connection>();
  let open = 0;
  let ends = 0;

  const accept = (socket: Socket): void => {
    const address = socket.remoteAddress;
    if (address === undefined || isProxy(address)) return;
    const client = clientOf(address);
    const own = clients.get(client) ?? new Map<string, Connection>();
    const full = own.size >= connectionsOfOne || (own.size > 0 && open >= connections * (1 - KEPT_FREE));
    if (full && !dropIdle(own)) return void socket.destroy();
    const key = keyOf(socket);
    const answered = (): void => {
      connection.inHand--;
      connection.used = ends++;
    };
    const connection: Connection = { socket, inHand: 0, used: ends++, answered };
    clients.set(client, own);
    own.set(key, connection);
    open++;
    socket.once('close', () => {
      open--;
      if (own.get(key) === connection) own.delete(key);
      if (own.size === 0 && clients.get(client) === own) clients.delete(client);
    });
  };

  const find = (socket: Socket): Connection | undefined => {
    const own = socket.remoteAddress === undefined ? undefined : clients.get(clientOf(socket.remoteAddress));
    const connection = own?.get(keyOf(socket));
    if (connection !== undefined) known.set(socket, connection);
    return connection;
  };

  server.on('connection', accept);
  server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    const connection = known.get(socket) ?? find(socket);
    if (connection !== undefined) begin(connection, response);
  });
}

function begin(connection: Connection, response: ServerResponse): void {
  connection.inHand++;
  // Node processes everything that a connection sends at once. A client that sends more than this does not wait for
  // answers.
  if (connection.inHand > MOST_PIPELINED) return void connection.socket.destroy();
  response.on('close', connection.answered); // comes once
}

/** Closes a client's connection without a request that was used longest ago; false when there is none. */
function dropIdle(own: Map<string, Connection>): boolean {
  let oldest: readonly [key: string, Connection] | undefined;
  for (const each of own)
    if (each[1].inHand === 0 && each[1].used < (oldest?.[1].used ?? Infinity)) oldest = each;
  if (oldest === undefined) return false;
  own.delete(oldest[0]);
  oldest[1].socket.destroy();
  return true;
}

/** A connection by its other end: under TLS a request knows another object than the one that was accepted. */
function keyOf({ remoteAddress, remotePort }: Pick<Socket, 'remoteAddress' | 'remotePort'>): string {
  return `${remoteAddress ?? ''} ${remotePort ?? 0}`;
}

/** Fastify's `trustProxy` as a question about one address. */
export function proxies(
  trusted: boolean | string | readonly string[] | ((address: string, hop: number) => boolean) | undefined,
): (address: string) => boolean {
  if (trusted === undefined || typeof trusted === 'boolean') return () => trusted === true;
  if (typeof trusted === 'function') return (address) => trusted(address, 0);
  // Named addresses are proxies. Subnets are not understood here, so addresses in them are limited like any client.
  const named = new Set([trusted].flat().flatMap((each) => each.split(',').map((text) => text.trim())));
  return (address) =>
    named.has(address) || (named.has('loopback') && /^(?:127\.|::1$)/.test(clientless(address)));
}

function clientless(address: string): string {
  return address.replace(/^::ffff:/i, '');
}
