/** Types of the server that routes are registered on. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyRequest,
  onRequestAsyncHookHandler,
  onRequestHookHandler,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';

/** A server whose routes get their types from their TypeBox schemas. */
export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** A hook that runs before a request is read. */
export type Hook = onRequestHookHandler | onRequestAsyncHookHandler;

/** Absolute URL of a path of this server, as this client reaches it. */
export type UrlOf = (request: FastifyRequest, path: string) => string;
