/**
 * The probes `tls@1` and `ssh@1` against real servers, and against servers that lie, stall and talk nonsense. What a
 * server did not sign is never E3, and what could not be seen is never a pass.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { createSecureContext, TLSSocket } from 'node:tls';
import t, { type Test } from 'tap';
import { gradeOf, judgeClaim } from '#src/claim/judge.ts';
import type { Observed } from '#src/claim/observed.ts';
import { leavesOf, type ValueMap } from '#src/claim/value.ts';
import { isTranscript, parseTranscript } from '#src/evidence/transcript.ts';
import { REFUSAL_TYPE, verifyRefusal } from '#src/evidence/tls-refusal-record.ts';
import { verifyTranscript } from '#src/evidence/verify.ts';
import { parseAddress } from '#src/evidence/address.ts';
import { makeSshProbe, sshProbe } from '#src/probe/ssh/probe.ts';
import { makeTlsProbe, tlsProbe } from '#src/probe/tls/probe.ts';
import type { Claim } from '#src/statement/commitment.ts';
import {
  certificate,
  folder,
  hashOf,
  KEY_KINDS,
  nginx,
  nodeTls,
  opensslServer,
  postgres,
  probeAt,
  program,
  sshHostKey,
  sshServer,
  tcp,
  type KeyKind,
  type Target,
} from '../support/e3-targets.ts';

const dir = folder();
const challenge = hashOf('a challenge');
const hasty = makeTlsProbe({ handshakeMs: 150 });
const hastySsh = makeSshProbe({ exchangeMs: 150 });

if (program('openssl') === undefined) {
  t.plan(0, 'openssl is not installed: there are no certificates, nothing here was tested');
  process.exit(0);
}

/** A target for the length of a test; undefined, with a comment, where its program is missing. */
async function using(
  t: Test,
  what: string,
  starting: Promise<Target | undefined>,
): Promise<number | undefined> {
  const target = await starting;
  if (target === undefined) t.comment(`${what} is not installed: this part was not tested`);
  else t.teardown(() => target.stop());
  return target?.port;
}

const judge = (expr: string, seen: Observed, minEvidence: Claim['minEvidence'] = 'E1'): string => {
  const probe = expr.includes('o.ssh') ? 'ssh@1' : 'tls@1';
  const claim: Claim = { id: 'c', expr, probe, minEvidence, cadence: 60, severity: 'high' };
  const { verdict, evidence, attachments } = judgeClaim(claim, seen);
  return [verdict, evidence, ...attachments].join(' ');
};
const classOf = (seen: Observed, path: string): string => gradeOf(seen, [{ path, kind: 'whole' }]).evidence;
const part = (seen: Observed, name: string): ValueMap => seen.value[name] as ValueMap;

/** Every attachment verifies; every E3 has one; the value is one that a proof can hold. */
async function sound(t: Test, seen: Observed): Promise<void> {
  for (const { mediaType, data } of seen.attachments)
    await t.resolves(async () =>
      mediaType === REFUSAL_TYPE ? verifyRefusal(data, challenge) : verifyTranscript(data, challenge),
    );
  for (const { path, evidence, attachments } of seen.grades)
    if (evidence !== 'E1')
      t.equal(attachments?.length ?? 0, evidence === 'E3' ? 1 : 0, `${path} ${evidence}`);
  t.ok(leavesOf(seen.value).length > 5);
  t.ok(seen.bytes > 0);
}

t.test('every kind of key, TLS 1.3 and 1.2, with and without a retry', async (t) => {
  for (const kind of Object.keys(KEY_KINDS) as KeyKind[]) {
    // Clients of today do not offer its curve: what it negotiates is another test's (tls-targets).
    if (kind === 'brainpool') continue;
    const pair = certificate(dir, kind);
    const both = await using(t, 'node', nodeTls(pair));
    const seen = await probeAt(tlsProbe, both ?? 0);
    await sound(t, seen);
    t.match(seen.value, {
      accepted: { 'TLSv1.3': true, 'TLSv1.2': true, 'TLSv1.1': false, TLSv1: false },
      why: { 'TLSv1.1': 'alert 70 protocol_version' },
      sentinel: { 'TLSv1.3': 'none', 'TLSv1.2': 'TLSv1.3' },
      negotiated: { version: 'TLSv1.3' },
      certificate: { subject: `O=Tallystick tests, CN=${kind}.test`, coversHost: true, chainLength: 1 },
    });
    for (const path of ['/accepted/TLSv1.3', '/accepted/TLSv1.2', '/suite/TLSv1.3', '/negotiated/version'])
      t.equal(classOf(seen, path), 'E3', `${kind} ${path}`);
    for (const path of ['/accepted/TLSv1.1', '/suite/TLSv1.2', '/certificate/daysLeft', '/why/TLSv1.1'])
      t.equal(classOf(seen, path), 'E1', `${kind} ${path}`);
    const retry = await using(t, 'node', nodeTls({ ...pair, minVersion: 'TLSv1.3', ecdhCurve: 'P-521' }));
    const again = await probeAt(tlsProbe, retry ?? 0, { versions: ['TLSv1.3'] });
    await sound(t, again);
    t.match(again.value, { group: { 'TLSv1.3': 'secp521r1' } });
    const older = await using(t, 'node', nodeTls({ ...pair, maxVersion: 'TLSv1.2' }));
    const old = await probeAt(tlsProbe, older ?? 0);
    await sound(t, old);
    t.match(old.value, {
      accepted: { 'TLSv1.3': false, 'TLSv1.2': true },
      negotiated: { version: 'TLSv1.2' },
    });
    t.equal(classOf(old, '/negotiated/version'), 'E1', 'that TLS 1.3 was offered, TLS 1.2 does not sign');
    t.equal(classOf(old, '/certificate/subject'), 'E1');
    t.equal(classOf(old, '/certificate/spki'), 'E3');
  }
});

t.test('what is not signed is seen, and is E1', async (t) => {
  const rsa = certificate(dir, 'rsa');
  const weak = ['-cipher', 'ALL:@SECLEVEL=0'];
  const old = await using(t, 'openssl', opensslServer(rsa, '-tls1_1', ...weak));
  const eleven = await probeAt(tlsProbe, old ?? 0);
  t.match(eleven.value, { accepted: { 'TLSv1.3': false, 'TLSv1.2': false, 'TLSv1.1': true, TLSv1: false } });
  t.match(part(eleven, 'why')['TLSv1.1'], /SHA-1/);
  t.equal(judge("!o.tls.accepted['TLSv1.1']", eleven), 'VIOLATED E1');
  t.notOk(eleven.attachments.some(({ mediaType }) => isTranscript(mediaType)));
  const fixed = await using(t, 'openssl', opensslServer(rsa, '-tls1_2', '-cipher', 'AES128-SHA'));
  const unsigned = await probeAt(tlsProbe, fixed ?? 0, { versions: ['TLSv1.3', 'TLSv1.2'] });
  t.match(unsigned.value, {
    accepted: { 'TLSv1.2': true },
    suite: { 'TLSv1.2': 'TLS_RSA_WITH_AES_128_CBC_SHA' },
  });
  t.equal(judge("!o.tls.accepted['TLSv1.2']", unsigned), 'VIOLATED E1');
  t.equal(judge("!o.tls.accepted['TLSv1']", unsigned), 'UNKNOWN E0', 'a version that was not tried');
  for (const pass of [
    "!('TLSv1' in o.tls.accepted)",
    "o.tls.accepted['TLSv1'] != true",
    '!has(o.tls.accepted.TLSv1)',
  ])
    t.notMatch(judge(pass, unsigned), /PROVEN/, pass);
  const every = await using(
    t,
    'openssl',
    opensslServer(rsa, '-cipher', 'AES256-SHA256:ECDHE-RSA-AES128-SHA'),
  );
  const all = await probeAt(tlsProbe, every ?? 0, { enumerate: true });
  t.same(part(all, 'suites')['TLSv1.2'], [
    'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA',
    'TLS_RSA_WITH_AES_256_CBC_SHA256',
  ]);
  t.equal((part(all, 'suites')['TLSv1.3'] as unknown[]).length, 3);
  t.equal(classOf(all, '/suites/TLSv1.2/0'), 'E1');
  const one = await probeAt(tlsProbe, every ?? 0, { suites: ['TLS_AES_128_GCM_SHA256'] });
  t.match(one.value, { suite: { 'TLSv1.3': 'TLS_AES_128_GCM_SHA256' }, accepted: { 'TLSv1.2': null } });
  const asks = await using(t, 'openssl', opensslServer(rsa, '-Verify', '1', '-groups', 'P-256'));
  const mutual = await probeAt(tlsProbe, asks ?? 0, { versions: ['TLSv1.3'] });
  await sound(t, mutual);
  t.equal(classOf(mutual, '/accepted/TLSv1.3'), 'E3', 'a server that wants a client certificate');
});

t.test('nginx that accepts TLS 1.2 is VIOLATED, with its own signature', async (t) => {
  const pair = certificate(dir, 'p256');
  const lax = await using(t, 'nginx', nginx(folder(), pair, 'ssl_protocols TLSv1.2 TLSv1.3;'));
  if (lax === undefined) return;
  const seen = await probeAt(tlsProbe, lax);
  await sound(t, seen);
  t.equal(judge("!o.tls.accepted['TLSv1.2']", seen), 'VIOLATED E3 1');
  const [, attachment] = seen.attachments;
  t.match(await verifyTranscript(attachment?.data ?? new Uint8Array(), challenge), {
    version: 'TLSv1.2',
    sentinel: 'TLSv1.3',
    certificate: { subject: 'O=Tallystick tests, CN=p256.test' },
  });
  t.equal(judge("o.tls.negotiated.version == 'TLSv1.3'", seen, 'E3'), 'PROVEN E3 0');
  t.equal(judge('o.tls.certificate.daysLeft > 14', seen), 'PROVEN E1', 'by the clock of the agent');
  const usual = await using(t, 'nginx', nginx(folder(), pair, 'ssl_protocols TLSv1 TLSv1.1 TLSv1.2;'));
  const debian = await probeAt(tlsProbe, usual ?? 0);
  // OpenSSL 3 at its security level answers internal_error, whatever suite: enabled and unusable, which is no refusal.
  t.not(part(debian, 'accepted')['TLSv1.1'], true);
  t.notMatch(judge("!o.tls.accepted['TLSv1.1']", debian), /PROVEN E/);
  const strict = await using(t, 'nginx', nginx(folder(), pair, 'ssl_protocols TLSv1.3;'));
  const good = await probeAt(tlsProbe, strict ?? 0);
  t.equal(judge("o.tls.accepted['TLSv1.3'] && !o.tls.accepted['TLSv1.2']", good), 'PROVEN E1 0');
  t.equal(judge("!o.tls.accepted['TLSv1.2']", good, 'E3'), 'UNKNOWN E1', 'a refusal is signed by nobody');
});

t.test('PostgreSQL, through its SSLRequest', async (t) => {
  const pair = certificate(dir, 'rsa');
  const port = await using(t, 'PostgreSQL', postgres(folder(), pair, 'ssl_min_protocol_version=TLSv1.3'));
  if (port !== undefined) {
    const seen = await probeAt(tlsProbe, port, { starttls: 'postgres' });
    await sound(t, seen);
    t.match(seen.value, { accepted: { 'TLSv1.3': true, 'TLSv1.2': false }, starttls: 'postgres' });
    t.equal(classOf(seen, '/accepted/TLSv1.3'), 'E3');
    await t.rejects(
      probeAt(hasty, port),
      { code: 'unavailable' },
      'without the preamble it does not speak TLS',
    );
  }
  const answering = (text: string) => tcp((socket) => socket.once('data', () => socket.write(text)));
  const none = await using(t, 'node', answering('N'));
  const plain = await probeAt(hasty, none ?? 0, { starttls: 'postgres' });
  t.match(plain.value, { accepted: { 'TLSv1.3': false, TLSv1: false } });
  t.match(part(plain, 'why')['TLSv1.3'], /offers no TLS/);
  t.equal(judge("o.tls.accepted['TLSv1.3']", plain), 'VIOLATED E1');
  for (const strange of ['E', 'H', '']) {
    const other = await using(t, 'node', answering(strange));
    await t.rejects(probeAt(hasty, other ?? 0, { starttls: 'postgres' }), { code: 'unavailable' }, strange);
  }
});

t.test('SMTP, through STARTTLS', async (t) => {
  const secureContext = createSecureContext(certificate(dir, 'p256'));
  const smtp = (starttls: string) => (socket: Socket) => {
    socket.write('220-mail.test\r\n220 ready\r\n');
    socket.on('data', function said(data: Buffer) {
      if (data.toString().startsWith('EHLO')) socket.write('250-mail.test\r\n250 STARTTLS\r\n');
      else if (data.toString().startsWith('STARTTLS')) {
        socket.off('data', said);
        socket.write(`${starttls}\r\n`);
        if (starttls.startsWith('2'))
          new TLSSocket(socket, { isServer: true, secureContext }).on('error', () => 0);
      }
    });
  };
  const port = await using(t, 'node', tcp(smtp('220 go on')));
  const seen = await probeAt(tlsProbe, port ?? 0, { starttls: 'smtp', versions: ['TLSv1.3'] });
  await sound(t, seen);
  t.equal(classOf(seen, '/accepted/TLSv1.3'), 'E3');
  const without = await using(t, 'node', tcp(smtp('502 no')));
  const no = await probeAt(tlsProbe, without ?? 0, { starttls: 'smtp' });
  t.match(no.value, { accepted: { 'TLSv1.3': false, 'TLSv1.2': false } });
  const endless = await using(
    t,
    'node',
    tcp((socket) => socket.write('220-more\r\n'.repeat(500))),
  );
  await t.rejects(probeAt(hasty, endless ?? 0, { starttls: 'smtp' }), { code: 'unavailable' });
});

/** A handshake record around a message of a type and a claimed length. */
const record = (type: number, length: number, body: Uint8Array = new Uint8Array()): Buffer => {
  const message = Buffer.from([
    type,
    Math.floor(length / 65_536),
    Math.floor(length / 256) % 256,
    length % 256,
    ...body,
  ]);
  return Buffer.concat([
    Buffer.from([22, 3, 3, Math.floor(message.length / 256), message.length % 256]),
    message,
  ]);
};

t.test('hostile TLS servers end in a refusal, in bounded time and memory', async (t) => {
  const hostile: Readonly<Record<string, (socket: Socket) => void>> = {
    silence: () => undefined,
    'a byte now and then': (socket) => {
      const answer = record(2, 16_000);
      let at = 0;
      const drip = setInterval(() => socket.write(answer.subarray(at, ++at)), 20);
      socket.on('close', () => clearInterval(drip));
    },
    'closes at once': (socket) => socket.destroy(),
    'HTTP instead': (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
    garbage: (socket) => socket.write(createHash('sha256').update('noise').digest()),
    'records without end': (socket) => {
      const flood = (): void => {
        while (socket.writable && socket.write(Buffer.from([20, 3, 3, 0, 1, 1])));
        if (socket.writable) socket.once('drain', flood);
      };
      flood();
    },
    'a message of 16 MB': (socket) => socket.write(record(2, 16_777_215)),
    'a record of 64 kB': (socket) => socket.write(Buffer.from([22, 3, 3, 255, 255])),
    'an empty record': (socket) => socket.write(Buffer.from([22, 3, 3, 0, 0])),
    'a hello of nothing': (socket) => socket.write(record(2, 0)),
    'a short hello': (socket) => socket.write(record(2, 2, Buffer.from([3, 3]))),
    'a broken alert': (socket) => socket.write(Buffer.from([21, 3, 3, 0, 1, 2])),
    'an internal error': (socket) => socket.write(Buffer.from([21, 3, 3, 0, 2, 2, 80])),
    'an unknown name': (socket) => socket.write(Buffer.from([21, 3, 3, 0, 2, 2, 112])),
  };
  for (const [name, talk] of Object.entries(hostile)) {
    const port = await using(
      t,
      'node',
      tcp((socket) => void socket.once('data', () => talk(socket))),
    );
    await t.rejects(probeAt(hasty, port ?? 0), { code: 'unavailable' }, name);
  }
  const closed = await tcp(() => undefined);
  await closed.stop();
  await t.rejects(probeAt(hasty, closed.port), { code: 'unavailable', message: /ECONNREFUSED/ });
});

/** A TLS 1.2 server behind a relay that may change what the server says, or drop the client. */
async function relay(
  port: number,
  change: (data: Buffer, toServer: boolean) => Buffer | undefined,
): Promise<Target> {
  return await tcp((client) => {
    const server = connect(port, '127.0.0.1');
    const pass = (from: Socket, to: Socket, toServer: boolean): void => {
      from.on('data', (data: Buffer) => {
        const out = change(data, toServer);
        if (out === undefined) client.destroy();
        else to.write(out);
      });
      from.on('error', () => undefined).on('close', () => to.destroy());
    };
    pass(client, server, true);
    pass(server, client, false);
  });
}

t.test('a signature that does not verify is neither a pass nor a violation', async (t) => {
  const old = await using(t, 'node', nodeTls({ ...certificate(dir, 'rsa'), maxVersion: 'TLSv1.2' }));
  // The server's first flight of TLS 1.2 ends with the signature and the nine bytes of ServerHelloDone.
  const forging = (data: Buffer, toServer: boolean): Buffer => {
    const at = data.length - 10;
    if (!toServer && data.length > 300) data[at] = (data[at] ?? 0) ^ 1;
    return data;
  };
  const forged = await using(t, 'node', relay(old ?? 0, forging));
  const seen = await probeAt(tlsProbe, forged ?? 0);
  t.match(seen.value, { accepted: { 'TLSv1.3': false, 'TLSv1.2': null } });
  t.match(part(seen, 'why')['TLSv1.2'], /does not verify/);
  t.equal(seen.attachments.length, 0);
  for (const expr of [
    "!o.tls.accepted['TLSv1.2']",
    "o.tls.accepted['TLSv1.2']",
    "o.tls.accepted['TLSv1.2'] != true",
  ])
    t.match(judge(expr, seen), /^UNKNOWN/, expr);
});

t.test('an alert after its hello refuses no version', async (t) => {
  const file = JSON.parse(readFileSync(join(import.meta.dirname, '../../spec/transcripts.json'), 'utf8'));
  const { transcript } = file.transcripts.find(({ name }: { name: string }) => name === 'tls12-p256');
  const recorded = parseTranscript(Uint8Array.fromBase64(transcript));
  const hello = recorded.kind === 'tls' ? recorded.messages[1] : undefined;
  const answer = record(2, (hello?.length ?? 4) - 4, hello?.subarray(4));
  const alert = Buffer.from([21, 3, 3, 0, 2, 2, 40]);
  const port = await using(
    t,
    'node',
    tcp((socket) => void socket.write(Buffer.concat([answer, alert]))),
  );
  const running = probeAt(hasty, port ?? 0, { versions: ['TLSv1.2'] });
  await t.rejects(running, { code: 'unavailable', message: /after its hello: alert 40/ });
});

t.test('a connection that just closes is a refusal only of a server that is alive', async (t) => {
  const real = await using(t, 'node', nodeTls(certificate(dir, 'p256')));
  const is13 = (data: Buffer): boolean =>
    data.includes(Buffer.from([0, 43, 0])) && data.includes(Buffer.from([3, 4]));
  let hellos = 0;
  const drops = await using(
    t,
    'node',
    relay(real ?? 0, (data, toServer) => {
      if (toServer) hellos++;
      return !toServer || is13(data) ? data : undefined;
    }),
  );
  const seen = await probeAt(tlsProbe, drops ?? 0, { versions: ['TLSv1.3', 'TLSv1.2'] });
  t.match(seen.value, { accepted: { 'TLSv1.3': true, 'TLSv1.2': false } });
  t.match(part(seen, 'why')['TLSv1.2'], /closed the connection/);
  t.ok(hellos <= 9, `${hellos} hellos, one of which asks for a certificate of another kind of key`);
  const one = await probeAt(tlsProbe, drops ?? 0, { versions: ['TLSv1.2'] });
  t.match(one.value, { accepted: { 'TLSv1.2': false } }, 'alive, as a hello of TLS 1.3 shows');
  const dead = await using(
    t,
    'node',
    relay(real ?? 0, (data, toServer) => (toServer ? undefined : data)),
  );
  await t.rejects(probeAt(tlsProbe, dead ?? 0, { versions: ['TLSv1.2'] }), { code: 'unavailable' });
});

t.test('a chain that fits no proof is E1', async (t) => {
  const { cert, key } = certificate(dir, 'rsa');
  const long = await using(t, 'node', nodeTls({ cert: cert.repeat(15), key }));
  const fits = await probeAt(tlsProbe, long ?? 0, { versions: ['TLSv1.3'] });
  t.match(fits.value, { certificate: { chainLength: 15 } });
  const longer = await using(t, 'node', nodeTls({ cert: cert.repeat(60), key }));
  const seen = await probeAt(tlsProbe, longer ?? 0, { versions: ['TLSv1.3', 'TLSv1.1'] });
  t.not(classOf(seen, '/accepted/TLSv1.3'), 'E3');
  t.equal(seen.attachments.length, 0);
});

t.test('a probe stops when it is told to, and takes no nonsense', async (t) => {
  const silent = await using(
    t,
    'node',
    tcp(() => undefined),
  );
  for (const probe of [tlsProbe, sshProbe]) {
    const abort = new AbortController();
    const running = probeAt(probe, silent ?? 0, {}, { signal: abort.signal });
    abort.abort();
    await t.rejects(running, { code: 'unavailable', message: /stopped/ });
    await t.rejects(probeAt(probe, 1, {}, { signal: abort.signal }), {
      code: 'unavailable',
      message: /stopped/,
    });
  }
  for (const params of [
    { starttls: 'imap' },
    { versions: ['SSLv3'] },
    { versions: [] },
    { versions: ['TLSv1', 'TLSv1'] },
    { versions: 'TLSv1' },
    { suites: ['TLS_NULL'] },
    { suites: [] },
    { servername: 'a b' },
    { servername: 1 },
  ])
    await t.rejects(probeAt(tlsProbe, 1, params), { code: 'config-invalid' }, JSON.stringify(params));
  await t.rejects(probeAt(sshProbe, 1, { hostkeys: ['ssh-rsa'] }), { code: 'config-invalid' });
  t.same(parseAddress('db.example:5432', 1), { host: 'db.example', port: 5432 });
  t.same(parseAddress('db.example', 1), { host: 'db.example', port: 1 });
  t.same(parseAddress('[2001:db8::1]:443', 1), { host: '2001:db8::1', port: 443 });
  t.same(parseAddress('https://shop.example/path?x', 1), { host: 'shop.example', port: 443 });
  t.same(parseAddress('postgres://u:p@db:6432/x', 1), { host: 'db', port: 6432 });
  for (const bad of [
    '',
    ':443',
    'a b:1',
    'host:0',
    'host:99999',
    'host/path',
    'user@host:1',
    '-x:1',
    'http://',
  ])
    t.throws(() => parseAddress(bad, 443), { code: 'config-invalid' }, bad);
});

t.test('OpenSSH signs what it offers', async (t) => {
  if (program('sshd') === undefined) return t.comment('sshd is not installed: this part was not tested');
  for (const [type, bits, kex, algorithm] of [
    ['ed25519', undefined, 'curve25519-sha256', 'ssh-ed25519'],
    ['ecdsa', 256, 'ecdh-sha2-nistp256', 'ecdsa-sha2-nistp256'],
    ['ecdsa', 384, 'curve25519-sha256@libssh.org', 'ecdsa-sha2-nistp384'],
    ['ecdsa', 521, 'curve25519-sha256', 'ecdsa-sha2-nistp521'],
    ['rsa', 2048, 'curve25519-sha256', 'rsa-sha2-512'],
  ] as const) {
    const config = [`KexAlgorithms ${kex}`, 'Ciphers aes256-gcm@openssh.com', 'MACs hmac-sha2-512'];
    const port = await using(t, 'sshd', sshServer(dir, [sshHostKey(dir, type, bits)], ...config));
    const seen = await probeAt(sshProbe, port ?? 0);
    await sound(t, seen);
    t.match(seen.value, { kex: [kex], ciphers: ['aes256-gcm@openssh.com'], macs: ['hmac-sha2-512'] });
    t.match(seen.value, { hostKey: { fingerprint: /^SHA256:/ }, negotiated: { kex, hostKey: algorithm } });
    t.equal(
      judge("o.ssh.ciphers.all(c, !c.contains('cbc')) && o.ssh.macs.all(m, !m.contains('sha1'))", seen, 'E3'),
      'PROVEN E3 0',
    );
    t.equal(judge("o.ssh.kex.exists(k, k == 'diffie-hellman-group1-sha1')", seen, 'E3'), 'VIOLATED E3 0');
  }
  const rsa = sshHostKey(dir, 'rsa', 2048);
  const port = await using(t, 'sshd', sshServer(dir, [rsa, sshHostKey(dir, 'ed25519')]));
  const chosen = await probeAt(sshProbe, port ?? 0, { hostkeys: ['rsa-sha2-256'] });
  t.match(chosen.value, {
    hostKey: { type: 'ssh-rsa', bits: 2048 },
    negotiated: { hostKey: 'rsa-sha2-256' },
  });
  const only = await using(t, 'sshd', sshServer(dir, [rsa], 'KexAlgorithms diffie-hellman-group16-sha512'));
  const unsigned = await probeAt(sshProbe, only ?? 0);
  t.match(unsigned.value, { kex: ['diffie-hellman-group16-sha512'], unsigned: /none of curve25519-sha256/ });
  t.equal(unsigned.attachments.length, 0);
  t.equal(classOf(unsigned, '/kex/0'), 'E1');
  t.match(judge("o.ssh.hostKey.type == 'ssh-rsa'", unsigned), /UNKNOWN/);
});

t.test('hostile SSH servers', async (t) => {
  const packet = (...payload: number[]): Buffer => {
    const padding = 4;
    return Buffer.from([0, 0, 0, payload.length + padding + 1, padding, ...payload, 0, 0, 0, 0]);
  };
  const greeting = 'SSH-2.0-hostile\r\n';
  const hostile: Readonly<Record<string, (socket: Socket) => void>> = {
    silence: () => undefined,
    'closes at once': (socket) => socket.destroy(),
    'a greeting and no more': (socket) => socket.write(greeting),
    'SSH 1': (socket) => socket.write('SSH-1.5-old\r\n'),
    'banner without end': (socket) => socket.write('x\r\n'.repeat(10_000)),
    'a line without end': (socket) => socket.write('x'.repeat(100_000)),
    'a packet of 4 GB': (socket) =>
      socket.write(Buffer.concat([Buffer.from(greeting), Buffer.from([255, 255, 255, 255])])),
    'a packet of nothing': (socket) =>
      socket.write(Buffer.concat([Buffer.from(greeting), Buffer.from([0, 0, 0, 0])])),
    'padding beyond the packet': (socket) =>
      socket.write(Buffer.concat([Buffer.from(greeting), Buffer.from([0, 0, 0, 6, 99, 20, 0, 0, 0, 0])])),
    'a short KEXINIT': (socket) => socket.write(Buffer.concat([Buffer.from(greeting), packet(20, 1, 2)])),
    'another message': (socket) => socket.write(Buffer.concat([Buffer.from(greeting), packet(50)])),
    'a goodbye': (socket) =>
      socket.write(Buffer.concat([Buffer.from(greeting), packet(1, 0, 0, 0, 2, 0, 0, 0, 1, 27)])),
    'debug without end': (socket) => {
      socket.write(greeting);
      const flood = (): void => {
        while (socket.writable && socket.write(packet(4)));
        if (socket.writable) socket.once('drain', flood);
      };
      flood();
    },
  };
  for (const [name, talk] of Object.entries(hostile)) {
    const port = await using(
      t,
      'node',
      tcp((socket) => talk(socket)),
    );
    await t.rejects(probeAt(hastySsh, port ?? 0), { code: 'unavailable' }, name);
  }
  if (program('sshd') === undefined) return t.comment('sshd is not installed: the rest was not tested');
  const real = await using(t, 'sshd', sshServer(dir, [sshHostKey(dir, 'ed25519')]));
  /** Flips a byte of the offer, which the signature covers, or of the signature itself. */
  for (const place of ['offer', 'signature']) {
    const forged = await using(
      t,
      'node',
      relay(real ?? 0, (data, toServer) => {
        const offered = data.indexOf('hmac-sha1');
        const signature = data.lastIndexOf('ssh-ed25519');
        if (!toServer && place === 'offer' && offered > 0) data[offered + 8] = 0x39;
        if (!toServer && place === 'signature' && offered < 0 && signature > 100)
          data[signature + 30] = (data[signature + 30] ?? 0) ^ 1;
        return data;
      }),
    );
    const outcome = probeAt(makeSshProbe({ exchangeMs: 3_000 }), forged ?? 0);
    const said = await outcome.catch((error: unknown) => error);
    t.match(said, { code: 'unavailable', message: /does not verify/ }, place);
  }
});
