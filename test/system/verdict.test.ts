/**
 * A verdict in a browser: a page in Chromium reads a real log over HTTP, from another origin, and comes to what the command
 * says, PROVEN and VIOLATED at E3; it refuses what is forged, left out or forked. Once from localhost, once from a plain
 * http:// name, where there is no WebCrypto; both under a policy that lets no text become code.
 */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import t, { type Test } from 'tap';
import { openClient } from '#src/client/client.ts';
import { trustPolicy } from '#src/client/trust.ts';
import { encodeProof } from '#src/statement/payload.ts';
import { signOwn } from '#src/statement/sign.ts';
import { bundlePage, CHROMIUM, openPage } from '../support/chromium.ts';
import { certificate, nodeTls, type Pair } from '../support/e3-targets.ts';
import { forgedFor } from '../support/forged-transcript.ts';
import { run, type Ran } from '../support/processes.ts';
import { dataIn, keyIn, serveLog, startLog } from '../support/running-log.ts';
import type { Order, Report } from '../support/verdict-page.ts';

t.setTimeout(180_000);

const ORIGIN = 'verdict.example/log';
const SUBJECT = 'web/shop';
const FORGED = 'web/forged';
/** The one name in the certificates: TLS 1.2 signs none. */
const HOST = 'shop.example';
/** Served from loopback under a name that no browser takes for localhost. */
const PLAIN = 'shop.test';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
const lacks = CHROMIUM === undefined ? 'there is no chromium' : hasOpenssl ? false : 'there is no openssl';

const folder = mkdtempSync(join(tmpdir(), 'tallystick-verdict-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));

const tally = (...argv: readonly string[]): Promise<Ran> => run(folder, ...argv);

async function serve(t: Test, listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => (server.closeAllConnections(), server.close()));
  return (server.address() as AddressInfo).port;
}

/** A server that takes TLS 1.2 and 1.3. */
async function target(t: Test, { key, cert }: Pair): Promise<string> {
  const server = await nodeTls({ key, cert, minVersion: 'TLSv1.2' });
  t.teardown(() => server.stop());
  return `127.0.0.1:${server.port}`;
}

/** `rsa`: the same of a server whose key is one of RSA. */
function claimsAbout(place: string, rsa: string): string {
  const claim = (id: string, at: string, expr: string, evidence: string): string =>
    `  - { id: ${id}, probe: tls@1, params: { target: "${at}", servername: ${HOST} }, expr: "${expr}", minEvidence: ${evidence}, cadence: 1h, severity: critical }`;
  return [
    `target: { owner: web, locators: ["${place}", "${rsa}"] }`,
    'tier: background',
    'claims:',
    claim('speaks-tls13', place, "o.tls.accepted['TLSv1.3']", 'E3'),
    claim('refuses-tls12', place, "!o.tls.accepted['TLSv1.2']", 'E1'),
    // A pattern is matched by re2js.
    claim('strong-suite', place, "o.tls.suite['TLSv1.3'].matches('^TLS_(AES|CHACHA20)_')", 'E3'),
    claim('rsa-speaks-tls13', rsa, "o.tls.accepted['TLSv1.3']", 'E3'),
    claim('rsa-is-there', rsa, "o.tls.accepted['TLSv1.3'] && o.tls.accepted['TLSv1.2']", 'E1'),
    '',
  ].join('\n');
}

/** The log as it is, but that its search does not name the entry at an index. */
function leavingOut(log: string, hidden: number): RequestListener {
  return async (request, response) => {
    const answer = await fetch(log + (request.url ?? ''));
    let body: Uint8Array | string = new Uint8Array(await answer.arrayBuffer());
    if (request.url?.startsWith('/v1/search') === true) {
      const page = JSON.parse(Buffer.from(body).toString()) as { readonly entries: { index: number }[] };
      body = JSON.stringify({ ...page, entries: page.entries.filter(({ index }) => index !== hidden) });
    }
    response.writeHead(answer.status, {
      'access-control-allow-origin': '*',
      'content-type': answer.headers.get('content-type') ?? '',
    });
    response.end(body);
  };
}

/** A log with a subject that was proven and violated, and one of which an agent made up the transcripts. */
async function world(t: Test): Promise<{ readonly order: Order; readonly command: unknown }> {
  t.equal((await tally('init', '--origin', ORIGIN)).code, 0);
  const [data, fork] = [dataIn(folder), join(folder, 'fork')];
  // The same keys sign two histories.
  cpSync(data, fork, { recursive: true });
  const running = await startLog(t, data, ORIGIN);
  const log = await serveLog(t, running);
  const other = await startLog(t, fork, ORIGIN);
  const forked = await serveLog(t, other);
  const places = [
    await target(t, certificate(folder, 'p256', `DNS:${HOST}`)),
    await target(t, certificate(folder, 'rsa', `DNS:${HOST}`)),
  ] as const;
  writeFileSync(join(folder, 'claims.yaml'), claimsAbout(...places));
  writeFileSync(join(folder, 'shop.conf'), 'ssl_protocols TLSv1.3;\n');
  const commit = ['commit', 'shop.conf', '--claims', 'claims.yaml', '--pin', '--subject'];
  for (const subject of [SUBJECT, FORGED]) {
    const { code, err } = await tally(...commit, subject, '--log', log);
    t.equal(code, 0, err);
  }
  const enrolled = places.flatMap((place) => ['--target', place]);
  const proven = await tally('prove', '--subject', SUBJECT, ...enrolled, '--log', log);
  t.equal(proven.code, 3, proven.err + proven.out);

  const policy = readFileSync(join(data, 'trust.policy'), 'utf8');
  const reader = openClient({
    log,
    trust: trustPolicy(Buffer.from(policy)),
    fetch,
    now: Date.now,
  });
  const snapshot = await reader.snapshot();
  const proof = (await snapshot.subject(SUBJECT)).entries.find(({ parsed }) => parsed.kind === 'proof');
  const declared = (await snapshot.subject(FORGED)).entries.find(
    ({ parsed }) => parsed.kind === 'commitment',
  );
  if (proof?.parsed.kind !== 'proof' || declared === undefined) throw new Error('they were logged');
  const payload = encodeProof(forgedFor(Uint8Array.fromHex(declared.id), proof.parsed.proof));
  const headers = {
    kind: 'proof',
    log: ORIGIN,
    issuer: proof.parsed.issuer,
    subject: FORGED,
    confirm: true,
  } as const;
  const statement = await signOwn(headers, payload, keyIn(join(data, 'keys', 'agent.pem')));
  const [admitted] = await running.submit([statement]);
  t.match(admitted, { index: 4 }, 'a log looks into no transcript');

  // The other history is as long, and of something else.
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) {
    writeFileSync(join(folder, 'other.conf'), name);
    const made = await tally(
      'commit',
      'other.conf',
      '--subject',
      name,
      '--log',
      forked,
      '--state-dir',
      'other',
    );
    t.equal(made.code, 0, made.err);
  }
  const told = await tally('status', SUBJECT, '--json', '--log', log);
  t.equal(told.code, 3, told.err);
  const status = JSON.parse(told.out);
  const hiding = `http://127.0.0.1:${await serve(t, leavingOut(log, proof.index))}`;
  const now = status.time * 1000;
  return {
    order: { log, hiding, forked, policy, now, subject: SUBJECT, forgedSubject: FORGED },
    command: status,
  };
}

const SECURITY = "default-src 'none'; script-src 'self'; connect-src *";

/** What the page reports, by the host that it came from. */
async function reports(t: Test, order: Order): Promise<ReadonlyMap<string, Report>> {
  const script = await bundlePage('test/support/verdict-page.ts');
  const found = new Map<string, Report>();
  const { promise: all, resolve: done } = Promise.withResolvers<void>();
  const port = await serve(t, async (request, response) => {
    const host = (request.headers.host ?? '').replace(/:\d+$/, '');
    if (request.method === 'POST') {
      found.set(host, JSON.parse(await text(request)) as Report);
      if (found.size === 2) done();
      response.end();
    } else if (request.url === '/') {
      response.setHeader('content-type', 'text/html');
      const frames = ['localhost', PLAIN].map(
        (name) => `<iframe src="http://${name}:${port}/page"></iframe>`,
      );
      response.end(frames.join(''));
    } else if (request.url === '/page') {
      response.setHeader('content-type', 'text/html').setHeader('content-security-policy', SECURITY);
      response.end('<!doctype html><meta charset="utf-8"><script type="module" src="page.js"></script>');
    } else if (request.url === '/page.js') {
      response.setHeader('content-type', 'text/javascript');
      response.end(script);
    } else if (request.url === '/order.json') response.end(JSON.stringify(order));
    else response.writeHead(404).end();
  });
  const browser = openPage(`http://localhost:${port}/`, join(folder, 'profile'), [
    `--host-resolver-rules=MAP ${PLAIN} 127.0.0.1`,
  ]);
  await Promise.race([all, browser.ended]);
  await browser.stop();
  return found;
}

t.test('a page says what the command says', { skip: lacks }, async (t) => {
  const { order, command: expected } = await world(t);
  const found = await reports(t, order);
  const [here, plain] = [found.get('localhost'), found.get(PLAIN)];
  t.match(here, { isSecure: true, hasWebCrypto: true, evaluates: false });
  t.match(plain, { isSecure: false, hasWebCrypto: false, evaluates: false });

  t.match(expected, {
    subjects: [
      {
        claims: [
          { claim: 'speaks-tls13', verdict: 'PROVEN', evidence: 'E3' },
          { claim: 'refuses-tls12', verdict: 'VIOLATED', evidence: 'E3' },
          { claim: 'strong-suite', verdict: 'PROVEN', evidence: 'E3' },
          { claim: 'rsa-speaks-tls13', verdict: 'PROVEN', evidence: 'E3' },
          { claim: 'rsa-is-there', verdict: 'PROVEN', evidence: 'E3' },
        ],
      },
    ],
  });
  const { schema, exit_code: code, unreadable, ...same } = expected as Record<string, unknown>;
  t.match({ schema, code, unreadable }, { schema: 'tallystick.status-subjects.v1', code: 3, unreadable: [] });
  t.strictSame(here?.status, same, 'the same, member by member');
  const unchecked = /E3 on the agent's word alone: .*RSA, which a page checks that came over https/;
  t.match(
    plain?.status,
    {
      ...same,
      subjects: [
        {
          claims: [
            { claim: 'speaks-tls13', verdict: 'PROVEN', evidence: 'E3' },
            { claim: 'refuses-tls12', verdict: 'VIOLATED', evidence: 'E3' },
            { claim: 'strong-suite', verdict: 'PROVEN', evidence: 'E3' },
            { claim: 'rsa-speaks-tls13', verdict: 'UNKNOWN', evidence: 'E1', explain: unchecked },
            { claim: 'rsa-is-there', verdict: 'PROVEN', evidence: 'E1', explain: unchecked },
          ],
        },
      ],
    },
    'what cannot be checked there is E1 and named',
  );

  for (const page of [here, plain]) {
    t.match(page?.forged, {
      subjects: [
        {
          claims: [
            {
              claim: 'speaks-tls13',
              verdict: 'UNKNOWN',
              evidence: null,
              explain: /does not hold: .*does not verify/,
            },
            { claim: 'refuses-tls12', verdict: 'UNKNOWN', evidence: null },
          ],
        },
      ],
    });
    t.match(page?.leftOut, { code: 'proof-failed', message: /leaves out entry 3 about "web\/shop"/ });
    t.match(page?.fork, { code: 'inconsistent' });
  }
});
