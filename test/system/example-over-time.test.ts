/** examples/over-time.js and rotation.yaml: 36 days of looks at a real TLS server that end an hour ago, read by the program. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { parseClaims } from '#src/declare/claims.ts';
import { canonicalPolicy } from '#src/note/trust-text.ts';
import { tlsProbe } from '#src/probe/tls/probe.ts';
import { storyTrust } from '../support/bundle-raw.ts';
import { makeCertificate, SERVER_AUTH } from '../support/certificates.ts';
import { nodeTls, type Target } from '../support/e3-targets.ts';
import { BOTH_WITNESSES, DAY, HOUR, PastStory } from '../support/past-story.ts';
import { realLook } from '../support/real-looks.ts';
import { BASE } from '../support/served-log.ts';
import { storyReader, type StoryReader } from '../support/story-reader.ts';
import { policyDocumentOf } from '../support/world.ts';

const EXAMPLES = resolve(import.meta.dirname, '../../examples');
const DAYS = 36;

async function relay(
  { fetch: ask }: StoryReader,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const answer = await ask(new URL(request.url ?? '/', BASE));
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  response.end(new Uint8Array(await answer.arrayBuffer()));
}

t.test('a key that is replaced, and a setting that was never off', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tallystick-over-time-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  const last = Math.floor(Date.now() / 1000) - HOUR;
  const lookAt = (day: number): number => last - (DAYS - day) * DAY;
  const ca = await makeCertificate({
    name: 'CA',
    ca: true,
    usage: 0x04,
    from: lookAt(0),
    to: last + 90 * DAY,
  });
  const server = async (): Promise<Target> => {
    const made = await makeCertificate({
      name: 'localhost',
      by: ca,
      hosts: ['localhost'],
      usage: 0x80,
      purposes: [SERVER_AUTH],
      from: lookAt(0),
      to: last + 90 * DAY,
    });
    const target = await nodeTls({ key: made.keyPem, cert: made.certPem });
    t.teardown(() => target.stop());
    return target;
  };
  const [old, fresh] = [await server(), await server()];
  const { claims, tier } = parseClaims(readFileSync(join(EXAMPLES, 'rotation.yaml'), 'utf8'));
  const story = await PastStory.start(lookAt(1) - 3 * HOUR, { keys: policyDocumentOf().keys });
  const commitment = await story.at(lookAt(1) - 2 * HOUR).commit(claims, {
    ...(tier !== undefined && { tier }),
    target: {
      authorities: [ca.der],
      locators: [{ at: 'localhost:443', identity: [{ ca: 0, host: 'localhost' }] }],
    },
  });
  const look = async (at: number, target: Target): Promise<void> => {
    await story.at(at - 600).witness();
    await realLook(story.at(at), commitment, tlsProbe, target.port);
    await story.at(at + 600).witness();
  };
  for (let day = 1; day <= DAYS; day++) await look(lookAt(day), day < 20 ? old : fresh);

  const policy = join(folder, 'trust.policy');
  writeFileSync(policy, canonicalPolicy(BOTH_WITNESSES));
  const read = async (): Promise<{ readonly code: number; readonly out: string }> => {
    const reader = storyReader(story, storyTrust);
    reader.now = Math.floor(Date.now() / 1000);
    const served = createServer((request, response) => void relay(reader, request, response));
    served.listen(0, '127.0.0.1');
    await once(served, 'listening');
    const { port } = served.address() as AddressInfo;
    const args = [join(EXAMPLES, 'over-time.js'), `http://127.0.0.1:${port}`, policy, story.subject];
    const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
    const [out, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    served.closeAllConnections();
    served.close();
    return { code: Number(code), out };
  };

  const green = await read();
  t.match(green.out, /^speaks-tls13: PROVEN\n/);
  t.match(green.out, /^speaks-tls13-no-gap: PROVEN\n {2}35 earlier looks, 34 days covered\n/m);
  t.match(green.out, /^key-rotation: PROVEN\n {2}35 earlier looks, 34 days covered\n/m);
  t.equal(green.code, 0);

  await look(last + 1800, old);
  const red = await read();
  t.match(red.out, /^key-rotation: VIOLATED {2}it was seen before: in entry \d+, logged not after/m);
  t.match(red.out, /^ {2}decides: first seen not after \d{4}-\d\d-\d\d, last in entry \d+$/m);
  t.equal(red.code, 3);
});
