/** Wrong paths, ports and keys are told as what they are, by every verb that takes one. */
import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { run } from '#src/cli/main.ts';
import type { AnyVerb } from '#src/cli/frame/verb.ts';
import { loadVerbs } from '#src/cli/verbs.ts';
import { formatVkey } from '#src/note/key.ts';
import { exchange } from '#src/client/transport.ts';
import { generatePair } from '#src/keys/load.ts';

interface Told {
  readonly code: number;
  readonly err: string;
}

async function told(cwd: string, argv: readonly string[], ask = fetch): Promise<Told> {
  let err = '';
  const code = await run(argv, {
    env: { XDG_STATE_HOME: join(cwd, 'state') },
    cwd,
    fetch: ask,
    now: Date.now,
    sleep: () => Promise.resolve(),
    stdout: { write: () => true },
    stderr: { write: (text) => (err += String(text)) },
  });
  return { code, err };
}

/** Servers that are no log, at ports of this machine. */
async function listening(t: Test, answer: string): Promise<string> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end(answer);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `127.0.0.1:${address.port}`;
}

async function files(t: Test): Promise<{ readonly dir: string; readonly vkey: string }> {
  const dir = t.testdir({ folder: {} });
  const { key } = await generatePair(join(dir, 'k.pem'), 'ed25519');
  const vkey = formatVkey('log.example', 1, key);
  const policy = `log ${vkey}\nquorum none\n`;
  const texts = {
    'log.vkey': `${vkey}\n`,
    'trust.policy': policy,
    'crlf.policy': policy.replaceAll('\n', '\r\n'),
    'claims.yaml': 'claims: []\n',
    'a.txt': 'a',
  };
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(dir, name), text);
  return { dir, vkey };
}

/** An operand of each kind that a verb takes. */
const OPERANDS: Readonly<Record<string, string>> = {
  subject: 'web/shop',
  subjects: 'web/shop',
  'subject|entry': 'web/shop',
  claim: 'x',
  claims: 'x',
  entry: '1',
  leaf: '/x',
  path: '/x',
};

/** Flags without which a verb says first that they are missing. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  waive: ['--owner', 'x', '--reason', 'x', '--until', '7d', '--key', 'k.pem'],
  withdraw: ['--key', 'k.pem'],
  mark: ['--subject', 'web/shop', '--key', 'k.pem'],
  commit: ['a.txt', '--subject', 'web/shop', '--key', 'k.pem'],
  wait: ['--within', '1s'],
  watch: ['--once'],
  prove: ['--subject', 'web/shop'],
  plan: ['--subject', 'web/shop'],
  bundle: ['web/shop', '-o', 'x.zip', '--yes'],
};

/** Verbs that take these settings and write about their own directory, say first that it is not there, or wait for the log. */
const APART = ['witnessed', 'run', 'profile', 'key', 'retain'];

/** Verbs that read a log as a person says: they take a URL and whom to trust. */
async function readers(): Promise<readonly (readonly string[])[]> {
  const found: string[][] = [];
  const walk = (verb: AnyVerb, path: readonly string[]): void => {
    for (const each of verb.verbs ?? []) walk(each, [...path, each.name]);
    const settings = verb.settings ?? [];
    if (APART.includes(verb.name)) return;
    if (
      verb.run === undefined ||
      settings === 'all' ||
      !settings.includes('log') ||
      !settings.includes('vkey')
    )
      return;
    const [operand] = verb.operands ?? [];
    const needed = NEEDED[verb.name];
    const names = (verb.operands ?? []).map(([syntax]) => syntax.replaceAll(/[<>[\].]/g, ''));
    if (needed === undefined && operand !== undefined && names.some((name) => OPERANDS[name] === undefined))
      return;
    const operands = ['commit', 'bundle'].includes(verb.name)
      ? []
      : names.map((name) => OPERANDS[name] ?? '');
    found.push([...path, ...operands, ...(needed ?? [])]);
  };
  for (const [, verbs] of await loadVerbs()) for (const verb of verbs) walk(verb, [verb.name]);
  return found;
}

t.test('every verb that reads a log', async (t) => {
  const { dir, vkey } = await files(t);
  const closed = 'http://127.0.0.1:1';
  const away: typeof fetch = () =>
    Promise.reject(
      new TypeError('fetch failed', { cause: Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }) }),
    );
  const verbs = await readers();
  const names = verbs.map(([verb = '', sub = '']) => `${verb} ${sub}`).join(', ');
  t.ok(verbs.length >= 18, `${verbs.length} verbs: ${names}`);
  for (const argv of verbs) {
    const at = ['--log', closed];
    const says = async (flags: readonly string[], err: RegExp): Promise<void> => {
      const { code, err: heard } = await told(dir, [...argv, ...flags], away);
      t.match(heard, err, `${argv.join(' ')} ${flags.join(' ').slice(0, 40)}`);
      t.ok(code > 0, `exit ${code}`);
    };
    const mistyped = vkey.replace(/.$/, vkey.endsWith('A') ? 'B' : 'A');
    await says([...at, '--vkey', mistyped], /the verifier key of log\.example is mistyped/);
    await says([...at, '--vkey', 'nothere.vkey'], /nothere\.vkey is not there/);
    await says([...at, '--vkey', 'k.pem'], /k\.pem is a private key/);
    await says([...at, '--policy', 'folder'], /folder: it is a folder/);
    await says([...at, '--vkey', vkey], /nothing listens at 127\.0\.0\.1:1 \(ECONNREFUSED\)/);
  }
});

t.test('keys and policies, one for the other', async (t) => {
  const { dir, vkey } = await files(t);
  const status = (...flags: readonly string[]) =>
    told(dir, ['status', 'web/shop', '--log', 'http://127.0.0.1:1', ...flags]);
  for (const [flags, err] of [
    [['--vkey', 'k.pub'], /k\.pub is the public key of somebody who signs statements/],
    [
      ['--vkey', 'trust.policy'],
      /trust\.policy is a trust policy and no list of verifier keys: give it as one \(--policy\)/,
    ],
    [
      ['--policy', 'log.vkey'],
      /line 1: this is a verifier key and no trust policy: give it as one \(--vkey\)/,
    ],
    [['--policy', 'k.pem'], /this is a PEM file/],
    [['--policy', 'crlf.policy'], /its lines end as on Windows \(CRLF\)/],
    [['--vkey', vkey.slice(0, -1)], /mistyped, or was cut: what stands after the second "\+" is not base64/],
    [['--vkey', `x${vkey}`], /the verifier key of xlog\.example is mistyped.*checksum/],
    [['--vkey', vkey.replace(/\+[0-9a-f]{8}\+/, '+00000000+')], /its checksum 00000000 does not fit/],
    [['--vkey', 'a.txt/x'], /a part of its path is a file/],
  ] as const)
    t.match((await status(...flags)).err, err, flags.join(' '));
  const commit = (key: string) =>
    told(dir, [
      'commit',
      'a.txt',
      '--subject',
      'x',
      '--vkey',
      vkey,
      '--log',
      'http://127.0.0.1:1',
      '--key',
      key,
    ]);
  chmodSync(join(dir, 'k.pub'), 0o600);
  for (const [key, err] of [
    ['k.pub', /is a public key, which cannot sign/],
    ['log.vkey', /holds no private key/],
    ['claims.yaml', /holds no private key/],
    ['folder', /is a folder; name the key file itself/],
    ['nothere.pem', /nothere\.pem does not exist/],
  ] as const)
    t.match((await commit(key)).err, err, key);
  const enrol = (key: string) =>
    told(dir, [
      'policy',
      'enrol',
      key,
      '--name',
      'x',
      '--role',
      'author',
      '--vkey',
      vkey,
      '--log',
      'http://127.0.0.1:1',
    ]);
  for (const [key, err] of [
    ['nothere.pub', /nothere\.pub is not there/],
    ['./nothere', /nothere is not there/],
    ['log.vkey', /holds the verifier key of a log or a witness/],
    ['claims.yaml', /is no public key/],
    ['pQEB', /is no public key/],
  ] as const)
    t.match((await enrol(key)).err, err, key);
});

t.test('what answers at the URL is no log', async (t) => {
  const { dir, vkey } = await files(t);
  const at = (url: string) => told(dir, ['status', 'web/shop', '--vkey', vkey, '--log', url]);
  const ssh = await listening(t, 'SSH-2.0-OpenSSH_9.2\r\n');
  const nginx = await listening(
    t,
    'HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-type: text/html\r\n\r\n<h1>400</h1>The plain HTTP request was sent to HTTPS port',
  );
  const witness = await listening(
    t,
    'HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: application/json\r\n\r\n{"name":"w.example/1"}',
  );
  for (const [url, err] of [
    [`http://${ssh}`, /does not speak HTTP \(.*\), so it is another server/],
    [`https://${ssh}`, new RegExp(`${ssh} does not speak TLS .*write http://${ssh}`)],
    [`http://${nginx}`, new RegExp(`${nginx} speaks TLS; write https://${nginx}`)],
    ['127.0.0.1:6962', /for a server write its URL: http:\/\/127\.0\.0\.1:6962/],
    ['ftp://x', /expected an http:\/\/ or https:\/\/ URL/],
    ['./nothere', /there is no directory/],
  ] as const)
    t.match((await at(url)).err, err, url);
  const nobody: typeof fetch = () =>
    Promise.reject(
      new TypeError('fetch failed', { cause: Object.assign(new Error('no'), { code: 'ENOTFOUND' }) }),
    );
  const unnamed = await told(
    dir,
    ['status', 'web/shop', '--vkey', vkey, '--log', 'http://nosuch.example'],
    nobody,
  );
  t.match(unnamed.err, /there is no host nosuch\.example \(ENOTFOUND\)/);
  const closing: typeof fetch = () =>
    Promise.reject(
      new TypeError('fetch failed', { cause: Object.assign(new Error('no'), { code: 'UND_ERR_SOCKET' }) }),
    );
  await t.rejects(
    exchange({ fetch: closing, now: Date.now }, new URL('http://a.example:8443/checkpoint'), {
      accept: '*/*',
      maxBytes: 9,
    }),
    { code: 'unavailable', message: /if it speaks TLS, write https:\/\/a\.example:8443/ },
  );
  const asWitness: typeof fetch = (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    return url.pathname === '/v1/witness'
      ? fetch(`http://${witness}/`, init)
      : Promise.resolve(new Response('no', { status: 404 }));
  };
  const seen = await told(
    dir,
    ['status', 'web/shop', '--vkey', vkey, '--log', 'http://127.0.0.1:1'],
    asWitness,
  );
  t.match(seen.err, /http:\/\/127\.0\.0\.1:1 is the witness w\.example\/1, .*name the URL of the log/);
});
