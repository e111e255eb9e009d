/** The public URL of a server, as far as it is known before the server listens. */
import t from 'tap';
import { knownUrl } from '#src/web/endpoint.ts';

t.test('a port that the machine chooses is in no text', async (t) => {
  const host = '127.0.0.1';
  t.strictSame(knownUrl({ host, port: 0 }), {});
  t.strictSame(knownUrl({ host, port: 7 }), { baseUrl: 'http://127.0.0.1:7' });
  t.strictSame(knownUrl({ host, port: 0, url: 'https://w.example' }), { baseUrl: 'https://w.example' });
});
