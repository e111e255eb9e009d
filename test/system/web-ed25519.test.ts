/** src/sign/web-ed25519.ts in Chromium, whose own WebCrypto accepts signatures that nobody made. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { bundlePage, CHROMIUM, openPage } from '../support/chromium.ts';
import { badEdges, goodEdge, weakEdges, type Edge } from '../support/ed25519-edges.ts';
import type { Answers } from '../support/ed25519-page.ts';

t.setTimeout(180_000);

const folder = mkdtempSync(join(tmpdir(), 'tallystick-ed25519-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

/** What a page of Chromium says of each. */
async function inPage(edges: readonly Edge[]): Promise<Answers> {
  const script = await bundlePage('test/support/ed25519-page.ts');
  const { promise: report, resolve: done } = Promise.withResolvers<Answers>();
  const server = createServer(async (request, response) => {
    if (request.method === 'POST') {
      done(JSON.parse(await text(request)) as Answers);
      response.end();
    } else if (request.url === '/') {
      response.setHeader('content-type', 'text/html');
      response.end('<!doctype html><meta charset="utf-8"><script type="module" src="page.js"></script>');
    } else if (request.url === '/page.js') response.setHeader('content-type', 'text/javascript').end(script);
    else if (request.url === '/edges.json') response.end(JSON.stringify(edges));
    else response.writeHead(404).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const browser = openPage(`http://localhost:${port}/`, join(folder, 'profile'));
  const answers = await Promise.race([report, browser.ended.then((): Answers => [])]);
  await browser.stop();
  server.closeAllConnections();
  server.close();
  return answers;
}

const skip = CHROMIUM === undefined && 'there is no chromium';
t.test('as strict as noble, and silent about weak keys', { skip }, async (t) => {
  const [bad, weak] = [badEdges(), weakEdges()];
  const answers = await inPage([goodEdge(), ...bad, ...weak]);
  t.equal(answers.length, 1 + bad.length + weak.length);
  t.strictSame(answers[0], [true, true], 'a good one');
  for (const [i, { name }] of bad.entries()) t.equal(answers[1 + i]?.[0], false, name);
  const ofWeak = answers.slice(1 + bad.length);
  t.ok(ofWeak.every(([ours]) => ours === null));
  const bare = answers.slice(1).filter(([, accepts]) => accepts).length;
  t.comment(`this Chromium's WebCrypto alone accepts ${bare} of them`);
  t.ok(bare > 0, 'else the checks are needed no longer');
});
