/** A `fetch` that asks a server in this process, without a socket. */
import type { FastifyInstance } from 'fastify';

export function injected(app: FastifyInstance): typeof fetch {
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const body = init?.body instanceof Uint8Array ? Buffer.from(init.body) : undefined;
    const headers = Object.fromEntries(new Headers(init?.headers));
    const method = init?.method === 'POST' ? 'POST' : 'GET';
    const got = await app.inject({
      method,
      url: url.pathname + url.search,
      headers,
      ...(body && { payload: body }),
    });
    return new Response(got.statusCode === 204 ? null : new Uint8Array(got.rawPayload), {
      status: got.statusCode,
      headers: Object.entries(got.headers).map(([name, value]): [string, string] => [name, String(value)]),
    });
  };
}
