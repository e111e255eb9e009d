/** Servers as they fail and as they are made to: stalled, cut, busy, endless, elsewhere. Each takes the paths that a pattern names. */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Test } from 'tap';
import type { Rough } from './explorer-lies.ts';

/** Headers and a few bytes, and then nothing more. */
export function stalled(paths: RegExp): Rough {
  return taking(paths, (response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).write('{"rows":[');
  });
}

/** The connection ends before as many bytes came as were promised. */
export function cut(paths: RegExp): Rough {
  return taking(paths, (response) => {
    response.writeHead(200, { 'content-length': '100000' }).write('{"rows":[');
    // Once the head is out.
    setImmediate(() => response.destroy());
  });
}

/** A short answer of a status. `times`: after as many, it is left to the log. */
export function answering(
  paths: RegExp,
  status: number,
  headers: Readonly<Record<string, string>> = {},
  text = 'no',
  times = Infinity,
): Rough {
  let left = times;
  return (path, response) => {
    if (!paths.test(path) || left <= 0) return false;
    left -= 1;
    response.writeHead(status, headers).end(text);
    return true;
  };
}

/** Most bytes that are sent of what has no end: a page that took them all would be one that has no bound. */
export const MOST_SENT = 400_000_000;

/** A body without end, and how much of it was taken. `length`: what it promises. */
export function endless(
  paths: RegExp,
  length?: number,
): { readonly rough: Rough; readonly sent: () => number } {
  let most = 0;
  const chunk = Buffer.alloc(65_536, ' ');
  const rough = taking(paths, (response) => {
    const promised = length === undefined ? {} : { 'content-length': String(length) };
    response.writeHead(200, { 'content-type': 'application/json', ...promised });
    let sent = 0;
    const more = (): void => {
      while (!response.destroyed && sent < MOST_SENT) {
        sent += chunk.length;
        most = Math.max(most, sent);
        if (!response.write(chunk)) return void response.once('drain', more);
      }
      response.destroy();
    };
    more();
  });
  return { rough, sent: () => most };
}

/** A server that nobody should ask, and what it was asked all the same. */
export async function elsewhere(
  t: Test,
): Promise<{ readonly url: string; readonly asked: readonly string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(200, { 'access-control-allow-origin': '*', 'content-type': 'text/plain' }).end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => (server.closeAllConnections(), server.close()));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

function taking(paths: RegExp, answer: (response: ServerResponse) => void): Rough {
  return (path, response) => {
    if (!paths.test(path)) return false;
    answer(response);
    return true;
  };
}
