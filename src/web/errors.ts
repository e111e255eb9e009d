/**
 * Turns every failure of a request into a problem document (problem.ts): errors thrown by handlers, paths
 * that do not exist, requests Fastify cannot route, and bytes on a connection that are no request.
 */
import type { ConnectionError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import { encodeUtf8 } from '../bytes/text.ts';
import { refuse, type Refusal } from '../bytes/refusal.ts';
import { PROBLEM_JSON, problemJson, problemOf, sendProblem } from './problem.ts';

/** Answers errors that handlers throw, and paths that nobody registered. A fault of ours is logged with its stack. */
export function handleErrors(app: FastifyInstance, log: Logger | undefined): void {
  app.decorateReply('problem', undefined);
  app.setErrorHandler((error, request, reply) => {
    const problem = problemOf(error);
    if (problem.code === 'internal') log?.error({ err: error, requestId: request.id }, 'request failed');
    return sendProblem(request, reply, problem);
  });
  app.setNotFoundHandler((request, reply) => {
    // A page that asks where a server has its head learns that it is not here; else its browser would say that nobody answers.
    reply.header('access-control-allow-origin', '*');
    return sendProblem(
      request,
      reply,
      problemOf(refuse('not-found', 'nothing is served here; see / for what is')),
    );
  });
}

/** Fastify's `frameworkErrors`: a URL it could not decode, or with too long a part. */
export function onFrameworkError(error: Error, request: FastifyRequest, reply: FastifyReply): void {
  reply.header('x-content-type-options', 'nosniff');
  void sendProblem(request, reply, problemOf(error));
}

/** Fastify's `clientErrorHandler`: answers bytes that are no request, or came too slowly, and hangs up. */
export function onClientError(error: ConnectionError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const problem = problemOf(connectionRefusal(error.code));
  const body = encodeUtf8(problemJson(problem));
  const head = [
    `HTTP/1.1 ${problem.status} ${problem.title}`,
    `Content-Type: ${PROBLEM_JSON}`,
    `Content-Length: ${body.length}`,
    'X-Content-Type-Options: nosniff',
    'Connection: close',
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  socket.write(body, () => socket.destroy());
}

function connectionRefusal(code: string): Refusal {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return refuse('request-timeout', 'the request came too slowly');
  if (code === 'HPE_HEADER_OVERFLOW')
    return refuse('headers-too-large', 'the headers are too large; send fewer');
  return refuse('bad-request', 'this is not HTTP/1.1');
}

declare module 'fastify' {
  interface FastifyReply {
    /** Code of the problem that this reply reports. */
    problem: string | undefined;
  }
}
