/**
 * When a version of TLS was refused: the rule over hellos, and the probe against servers that refuse in every way, that
 * break off early, that stop to answer, and that accept what few clients offer.
 */
import { connect, type Socket } from 'node:net';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { digest } from '#src/bytes/brand.ts';
import { Refusal } from '#src/bytes/refusal.ts';
import { judgeClaim } from '#src/claim/judge.ts';
import type { Observed } from '#src/claim/observed.ts';
import type { ValueMap } from '#src/claim/value.ts';
import { refusalFault } from '#src/evidence/weigh.ts';
import { packOf } from '#src/declare/packs.ts';
import { challengeOf } from '#src/evidence/challenge.ts';
import { parseClientHello } from '#src/evidence/tls-hello.ts';
import { isFieldSuite, registeredSuites, TLS_VERSIONS, type TlsVersion } from '#src/evidence/tls-names.ts';
import { encodeRefusal, REFUSAL_TYPE, verifyRefusal } from '#src/evidence/tls-refusal-record.ts';
import { judgeRefusal, type Answer, type AnsweredHello } from '#src/evidence/tls-refusal.ts';
import { REGISTRY_DATE, SUITE_NAMES } from '#src/evidence/tls-registry.ts';
import { fieldPrime, fieldShare } from '#src/probe/fieldshare.ts';
import { makeShare } from '#src/probe/share.ts';
import { makeTlsProbe } from '#src/probe/tls/probe.ts';
import { clientHello, type Offer } from '#src/probe/tls/hello.ts';
import { fullOffers, offersOf } from '#src/probe/tls/offers.ts';
import {
  certificate,
  folder,
  hashOf,
  nodeTls,
  opensslServer,
  probeAt,
  program,
  tcp,
  type Target,
} from '../support/e3-targets.ts';
import { claimOf } from '../support/probe-targets.ts';

t.setTimeout(120_000);

if (program('openssl') === undefined) {
  t.plan(0, 'openssl is not installed: there are no certificates, nothing here was tested');
  process.exit(0);
}

const challenge = hashOf('a challenge');
const dir = folder();
const probe = makeTlsProbe({ handshakeMs: 400 });
const wanted = { suites: new Set(SUITE_NAMES.keys()), serverName: 'shop.test' };
const VERSIONS = Object.keys(TLS_VERSIONS) as TlsVersion[];

const hello = (offer: Offer): Uint8Array =>
  clientHello(challenge, offer, offer.versions.includes('TLSv1.3') ? makeShare(0x1d) : undefined);
const asked = (offers: readonly Offer[], answer: Answer): AnsweredHello[] =>
  offers.map((offer) => ({ hello: hello(offer), answer }));
const NO: readonly Answer[] = [{ alert: 40 }, { alert: 71 }, 'closed', 'older'];

t.test('the rule', async (t) => {
  for (const version of VERSIONS) {
    const full = fullOffers(version, wanted);
    const [first] = offersOf(version, wanted);
    if (first === undefined) throw new Error('there are hellos');
    for (const answer of NO) {
      t.equal(
        judgeRefusal(version, asked(full, answer), true).refused,
        true,
        `${version} ${JSON.stringify(answer)}`,
      );
      t.equal(
        judgeRefusal(version, asked(full, answer), false).refused,
        false,
        'of a server that may be down',
      );
      t.equal(judgeRefusal(version, asked(full.slice(1), answer), true).refused, false, 'one hello less');
      for (const other of VERSIONS.filter((each) => each !== version))
        t.equal(
          judgeRefusal(other, asked(full, answer), true).refused,
          false,
          `${version} says nothing of ${other}`,
        );
    }
    t.equal(
      judgeRefusal(version, asked([first], { alert: 70 }), false).refused,
      true,
      'protocol_version, at once',
    );
    for (const alert of [0, 10, 47, 50, 80, 90, 109, 112, 115, 120])
      t.equal(
        judgeRefusal(version, asked(full, { alert }), true).refused,
        false,
        `alert ${alert} refuses nothing`,
      );
    t.match(judgeRefusal(version, [], true), { refused: false, why: /not offered/ });
    for (const { suites } of full) t.ok(suites.length <= 150, 'wolfSSL takes no more');
  }
  t.ok(fullOffers('TLSv1.2', wanted).length <= 3);
});

t.test('whatever is left out, nothing is refused', async (t) => {
  const version = fc.constantFrom(...VERSIONS);
  const part = fc.constantFrom('suites' as const, 'groups' as const, 'schemes' as const);
  fc.assert(
    fc.property(version, part, fc.nat(), fc.constantFrom(...NO), (v, of, pick, answer) => {
      const full = fullOffers(v, wanted);
      const codes = of === 'suites' ? registeredSuites(v) : (full[0]?.[of] ?? []);
      const gone = codes[pick % codes.length];
      const less = full.map((offer) => ({ ...offer, [of]: offer[of].filter((code) => code !== gone) }));
      const ruling = judgeRefusal(
        v,
        asked(
          less.filter(({ suites }) => suites.length > 0),
          answer,
        ),
        true,
      );
      return !ruling.refused;
    }),
    { numRuns: 300 },
  );
  // A suite on Diffie-Hellman in a field is offered with the groups of RFC 7919, and without.
  const [without, withGroups, ...rest] = fullOffers('TLSv1.2', wanted);
  if (without === undefined || withGroups === undefined) throw new Error('there are two');
  for (const one of [without, withGroups]) {
    const less = { ...one, suites: one.suites.filter((code) => !isFieldSuite(code)) };
    const others = [without, withGroups].filter((each) => each !== one);
    t.equal(judgeRefusal('TLSv1.2', asked([less, ...others, ...rest], { alert: 40 }), true).refused, false);
  }
});

t.test('the record of a refusal is judged again from its hellos', async (t) => {
  const full = fullOffers('TLSv1.2', wanted);
  const told = asked(full, { alert: 40 });
  const record = (which: readonly AnsweredHello[], alive: TlsVersion | undefined = 'TLSv1.3'): Uint8Array =>
    encodeRefusal('TLSv1.2', which, alive);
  t.match(verifyRefusal(record(told), challenge), { version: 'TLSv1.2', alive: 'TLSv1.3' });
  t.match(verifyRefusal(record(asked(full.slice(0, 1), { alert: 70 }), undefined), challenge), {
    version: 'TLSv1.2',
  });
  const other = asked(fullOffers('TLSv1.1', wanted), { alert: 40 });
  for (const [name, bytes] of [
    ['offered little', record(told.slice(1))],
    ['nothing alive', encodeRefusal('TLSv1.2', told, undefined)],
    ['alive by the very version', record(told, 'TLSv1.2')],
    ['another alert', record(asked(full, { alert: 80 }))],
    ['hellos of another version', record(other)],
    ['hellos of another version too', record([...told, ...other])],
    ['hellos of another version, by its name', encodeRefusal('TLSv1.1', told, 'TLSv1.3')],
  ] as const)
    t.throws(() => verifyRefusal(bytes, challenge), { code: 'proof-failed' }, name);
  t.throws(() => verifyRefusal(record(told), hashOf('another')), { code: 'proof-failed' }, 'replayed');
  const whole = record(told);
  t.throws(() => verifyRefusal(whole.slice(0, -1), challenge), { code: 'malformed-proof' });
  const date = Buffer.from(whole).indexOf(REGISTRY_DATE);
  t.throws(() => verifyRefusal(whole.with(date, 0x33), challenge), {
    code: 'malformed-proof',
    message: /lists of/,
  });
  // Whatever is changed in a hello, it is the same refusal or none: no byte makes a crash.
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      try {
        verifyRefusal(whole.with(at, (whole[at] ?? 0) ^ flip), challenge);
        return true;
      } catch (error) {
        return error instanceof Refusal;
      }
    }),
  );
});

t.test('a reader does not believe a refusal that is none', async (t) => {
  const [root, commitment, nonce] = [hashOf('root'), hashOf('commitment'), hashOf('nonce')].map((each) =>
    digest(Uint8Array.from(each)),
  );
  if (root === undefined || commitment === undefined || nonce === undefined) throw new Error('three');
  const own = challengeOf(root, commitment, nonce);
  const told = (offers: readonly Offer[]): Uint8Array =>
    encodeRefusal(
      'TLSv1.2',
      offers.map((offer) => ({ hello: clientHello(own, offer, undefined), answer: { alert: 40 } })),
      'TLSv1.3',
    );
  const claim = packOf('https-tls', new Map()).find(({ id }) => id === 'tls12-refused');
  if (claim === undefined) throw new Error('the pack has it');
  const faultOf = (data: Uint8Array): string | undefined => {
    const attachments = [{ mediaType: REFUSAL_TYPE, data }];
    const proof = { challenge: { root, nonce }, commitment, attachments };
    const result = { claim: claim.id, verdict: 'PROVEN', evidence: 'E1', attachments: [0] } as const;
    return refusalFault({ parsed: { proof } } as never, result);
  };
  t.equal(faultOf(told(fullOffers('TLSv1.2', wanted))), undefined);
  t.match(
    faultOf(told(fullOffers('TLSv1.2', wanted).slice(1))),
    /the refusal that it tells of is none.*not offered/,
  );
  t.match(faultOf(told(offersOf('TLSv1.2', wanted).slice(0, 1))), /not offered/);
});

const is = (data: Buffer, version: TlsVersion): boolean =>
  Math.max(...parseClientHello(data.subarray(5)).versions) === TLS_VERSIONS[version];
const alert = (code: number, level = 2): Buffer => Buffer.from([21, 3, 1, 0, 2, level, code]);

/** A server that hands the hellos of some versions to another, and does with the rest what it likes. */
async function guarded(
  t: Test,
  port: number,
  pass: (data: Buffer, count: number) => boolean,
  refuse: (socket: Socket, data: Buffer) => void,
): Promise<{ readonly port: number; readonly hellos: () => number }> {
  let count = 0;
  const target = await tcp((client) => {
    client.once('data', (data: Buffer) => {
      if (!pass(data, count++)) return refuse(client, data);
      const server = connect(port, '127.0.0.1', () => server.write(data));
      server.pipe(client);
      client.pipe(server);
      server.on('error', () => client.destroy());
    });
  });
  t.teardown(() => target.stop());
  return { port: target.port, hellos: () => count };
}

const real = async (t: Test): Promise<number> => await started(t, nodeTls(certificate(dir, 'p256')));
async function started(t: Test, starting: Promise<Target>): Promise<number> {
  const target = await starting;
  t.teardown(() => target.stop());
  return target.port;
}
const accepted = (seen: Observed): ValueMap => seen.value['accepted'] as ValueMap;
const verdicts = (seen: Observed) =>
  Object.fromEntries(
    packOf('https-tls', new Map())
      .filter(({ id }) => id.endsWith('refused'))
      .map((claim) => [claim.id, judgeClaim(claim, seen).verdict]),
  );

t.test('every way to refuse, of a server that is alive', async (t) => {
  const port = await real(t);
  const ways: readonly (readonly [string, (socket: Socket) => void, boolean | null])[] = [
    ['protocol_version', (socket) => socket.end(alert(70)), false],
    ['handshake_failure', (socket) => socket.end(alert(40)), false],
    ['insufficient_security', (socket) => socket.end(alert(71)), false],
    ['the end', (socket) => socket.end(), false],
    ['a reset', (socket) => socket.resetAndDestroy(), false],
    ['close_notify', (socket) => socket.end(alert(0, 1)), false],
    [
      'a warning, and handshake_failure',
      (socket) => socket.end(Buffer.concat([alert(112, 1), alert(40)])),
      false,
    ],
    ['internal_error', (socket) => socket.end(alert(80)), null],
    ['decode_error', (socket) => socket.end(alert(50)), null],
    ['unrecognized_name', (socket) => socket.end(alert(112)), null],
    ['unknown_psk_identity', (socket) => socket.end(alert(115)), null],
    ['warnings without end', (socket) => socket.end(Buffer.concat(Array(9).fill(alert(112, 1)))), null],
    ['half a message', (socket) => socket.end(Buffer.from([22, 3, 3, 0, 4, 2, 0, 0, 70])), null],
    ['half a record', (socket) => socket.end(Buffer.from([22, 3, 3, 0, 90, 2, 0])), null],
    ['nonsense', (socket) => socket.end('HTTP/1.0 400\r\n\r\n'), null],
    ['silence', () => undefined, null],
  ];
  for (const [name, refuse, want] of ways) {
    const server = await guarded(t, port, (data) => is(data, 'TLSv1.3'), refuse);
    const seen = await probeAt(probe, server.port, {}, { challenge });
    t.equal(accepted(seen)['TLSv1.3'], true, name);
    for (const version of ['TLSv1.2', 'TLSv1.1', 'TLSv1'])
      t.equal(accepted(seen)[version], want, `${name}: ${version}`);
    const verdict = want === null ? 'UNKNOWN' : 'PROVEN';
    t.same(verdicts(seen), { 'tls12-refused': verdict, 'old-tls-refused': verdict }, name);
    t.ok(server.hellos() <= 12, `${name}: ${server.hellos()} hellos`);
  }
});

t.test('never more than twelve hellos, and nothing is refused by a server that refuses all', async (t) => {
  for (const refuse of [
    (socket: Socket) => socket.end(alert(40)),
    (socket: Socket) => socket.end(),
    (socket: Socket) => socket.end(alert(80)),
  ]) {
    const server = await guarded(t, 1, () => false, refuse);
    await t.rejects(probeAt(probe, server.port, {}, { challenge }), { code: 'unavailable' });
    t.ok(server.hellos() <= 12, `${server.hellos()} hellos`);
  }
  const server = await guarded(
    t,
    1,
    () => false,
    (socket) => socket.end(alert(70)),
  );
  const seen = await probeAt(probe, server.port, {}, { challenge });
  t.same(accepted(seen), { 'TLSv1.3': false, 'TLSv1.2': false, 'TLSv1.1': false, TLSv1: false });
});

t.test('a server that stops to answer has refused nothing', async (t) => {
  const port = await real(t);
  const closes = (socket: Socket): void => void socket.end();
  const server = await guarded(t, port, (_, count) => count === 0, closes);
  const seen = await probeAt(probe, server.port, {}, { challenge });
  t.same(accepted(seen), { 'TLSv1.3': true, 'TLSv1.2': null, 'TLSv1.1': null, TLSv1: null });
  const comesBack = await guarded(
    t,
    port,
    (data, count) => count === 0 || (count > 7 && is(data, 'TLSv1.3')),
    closes,
  );
  const back = await probeAt(probe, comesBack.port, {}, { challenge });
  t.same(accepted(back), { 'TLSv1.3': true, 'TLSv1.2': false, 'TLSv1.1': false, TLSv1: false });
});

t.test('what is not clear is said, and hides no violation', async (t) => {
  const port = await real(t);
  const internal = await guarded(
    t,
    port,
    (data) => is(data, 'TLSv1.3'),
    (socket) => socket.end(alert(80)),
  );
  const seen = await probeAt(probe, internal.port, {}, { challenge });
  const judge = (expr: string, observed: Observed) => judgeClaim(claimOf(probe, expr, 'E1'), observed);
  const old = "!o.tls.accepted['TLSv1.1'] && !o.tls.accepted['TLSv1']";
  t.match(judge(old, seen), {
    verdict: 'UNKNOWN',
    explain: /^whether TLSv1\.1 is refused is not known: alert 80 internal_error.*turn the version off$/,
  });
  const half = { ...seen, value: { ...seen.value, accepted: { 'TLSv1.1': null, TLSv1: true } } };
  t.match(judge(old, half), { verdict: 'VIOLATED' });
  t.match(judge("o.tls.accepted['TLSv1.3'] || !o.tls.accepted['TLSv1.1']", seen), { verdict: 'PROVEN' });
});

t.test(
  'suites that the claim names are all that is offered: then only protocol_version refuses',
  async (t) => {
    const port = await real(t);
    const params = { suites: ['TLS_AES_256_GCM_SHA384', 'TLS_RSA_WITH_NULL_SHA'] };
    const failing = await guarded(
      t,
      port,
      (data) => is(data, 'TLSv1.3'),
      (socket) => socket.end(alert(40)),
    );
    const seen = await probeAt(probe, failing.port, params, { challenge });
    t.same(accepted(seen), { 'TLSv1.3': true, 'TLSv1.2': null, 'TLSv1.1': null, TLSv1: null });
    t.match(
      (seen.value['why'] as ValueMap)['TLSv1.2'],
      /alert 40.*not offered.*345 of the 346 suites of TLSv1.2/,
    );
  },
);

/** A ServerHello that chooses a suite, and nothing after it. */
function serverHello(version: number, suite: number, extensions: Buffer = Buffer.alloc(0)): Buffer {
  const u16 = (n: number): Buffer => Buffer.from([n >> 8, n & 255]);
  const tail = extensions.length === 0 ? [] : [u16(extensions.length), extensions];
  const body = Buffer.concat([
    u16(version),
    hashOf('random'),
    Buffer.of(0),
    u16(suite),
    Buffer.of(0),
    ...tail,
  ]);
  const message = Buffer.concat([Buffer.of(2, 0), u16(body.length), body]);
  return Buffer.concat([Buffer.of(22, 3, 3), u16(message.length), message]);
}

t.test('a ServerHello is acceptance, whatever the server says then', async (t) => {
  const port = await real(t);
  // Suites that nothing is signed with: NULL, export, anonymous, CAMELLIA, PSK, CCM, GOST, SRP.
  for (const suite of [
    0x0000 + 0x0001,
    0x0003,
    0x0018,
    0x0041,
    0x008c,
    0x00ae,
    0xc0a0,
    0xc100,
    0xc01a,
    0xc019,
  ]) {
    const choose = (socket: Socket, data: Buffer): void =>
      void socket.end(
        parseClientHello(data.subarray(5)).suites.includes(suite) ? serverHello(0x0303, suite) : alert(40),
      );
    const server = await guarded(t, port, (data) => !is(data, 'TLSv1.2'), choose);
    const seen = await probeAt(probe, server.port, { versions: ['TLSv1.3', 'TLSv1.2'] }, { challenge });
    t.match(accepted(seen), { 'TLSv1.3': true, 'TLSv1.2': true }, SUITE_NAMES.get(suite) ?? '');
    t.match(verdicts(seen), { 'tls12-refused': 'VIOLATED' });
    t.equal((seen.value['suite'] as ValueMap)['TLSv1.2'], SUITE_NAMES.get(suite));
  }
});

t.test('a retry for a group that is not read here is acceptance of TLS 1.3', async (t) => {
  const answer = serverHello(0x0303, 0x1301, Buffer.from('002b00020304003300026399', 'hex'));
  Buffer.from('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c', 'hex').copy(answer, 11);
  const server = await guarded(
    t,
    1,
    () => false,
    (socket, data) => {
      const kyber = parseClientHello(data.subarray(5)).groups.includes(0x6399);
      socket.end(kyber ? answer : alert(40));
    },
  );
  const seen = await probeAt(probe, server.port, {}, { challenge });
  t.same(accepted(seen), { 'TLSv1.3': true, 'TLSv1.2': false, 'TLSv1.1': false, TLSv1: false });
  t.match((seen.value['why'] as ValueMap)['TLSv1.3'], /X25519Kyber768Draft00 is not read here/);
  const [claim] = packOf('https-tls', new Map());
  if (claim === undefined) throw new Error('the pack has claims');
  t.equal(
    judgeClaim(claim, seen).verdict,
    'UNKNOWN',
    'accepted, and not signed: no pass of class E3, and no violation',
  );
});

t.test('records in every shape', async (t) => {
  const port = await started(t, nodeTls({ ...certificate(dir, 'rsa'), maxVersion: 'TLSv1.2' }));
  const shapes: Readonly<Record<string, (flight: Buffer) => readonly Buffer[]>> = {
    'one byte a record': (flight) => Array.from(flight, (byte) => Buffer.of(byte)),
    'all in one record': (flight) => [flight],
    'a message over two records': (flight) => [flight.subarray(0, 70), flight.subarray(70)],
  };
  for (const [name, shape] of Object.entries(shapes)) {
    const target = await tcp((client) => {
      const server = connect(port, '127.0.0.1');
      client.pipe(server);
      let held = Buffer.alloc(0);
      server.on('data', (data: Buffer) => {
        held = Buffer.concat([held, data]);
        const content = contentOf(held);
        if (content === undefined) return;
        const records = shape(content).map((part) =>
          Buffer.concat([Buffer.of(22, 3, 3, part.length >> 8, part.length & 255), part]),
        );
        // A change of cipher spec before it, and a warning: middleboxes and old servers send them.
        client.write(Buffer.concat([Buffer.of(20, 3, 3, 0, 1, 1), alert(112, 1), ...records]));
      });
      server.on('error', () => client.destroy());
    });
    t.teardown(() => target.stop());
    const seen = await probeAt(probe, target.port, { versions: ['TLSv1.2'] }, { challenge });
    t.match(accepted(seen), { 'TLSv1.2': true }, name);
    t.equal(seen.attachments.length, 1, `${name}: signed`);
  }
});

/** The content of the handshake records of a whole first flight of TLS 1.2, which ends with ServerHelloDone. */
function contentOf(records: Buffer): Buffer | undefined {
  const parts: Buffer[] = [];
  for (let at = 0; at + 5 <= records.length;) {
    const length = records.readUInt16BE(at + 3);
    parts.push(records.subarray(at + 5, at + 5 + length));
    at += 5 + length;
  }
  const content = Buffer.concat(parts);
  return content.subarray(-4).equals(Buffer.of(14, 0, 0, 0)) ? content : undefined;
}

t.test('a list of suites that was cut short is withheld', async (t) => {
  const port = await started(
    t,
    opensslServer(
      certificate(dir, 'rsa'),
      '-tls1_2',
      '-cipher',
      'ECDHE-RSA-AES128-GCM-SHA256:AES128-SHA:NULL-SHA256:@SECLEVEL=0',
    ),
  );
  const claim = {
    id: 'c',
    expr: "o.tls.suites['TLSv1.2'].all(s, s.contains('AES'))",
    probe: 'tls@1',
    minEvidence: 'E1',
    cadence: 60,
    severity: 'high',
  } as const;
  const params = { versions: ['TLSv1.2'], enumerate: true };
  const seen = await probeAt(probe, port, params, { challenge });
  t.same(seen.value['suites'], {
    'TLSv1.2': [
      'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
      'TLS_RSA_WITH_AES_128_CBC_SHA',
      'TLS_RSA_WITH_NULL_SHA256',
    ],
  });
  t.equal(judgeClaim(claim, seen).verdict, 'VIOLATED');
  for (const breaks of [(socket: Socket) => socket.end(), (socket: Socket) => socket.end(alert(80))]) {
    const cut = await guarded(t, port, (_, count) => count < 2, breaks);
    const short = await probeAt(probe, cut.port, params, { challenge });
    t.ok(((short.value['suites'] as ValueMap)['TLSv1.2'] as unknown[]).length < 3);
    t.equal(judgeClaim(claim, short).verdict, 'UNKNOWN');
  }
});

t.test('shares of every group', async (t) => {
  for (const [group, bits] of [
    [0x100, 2048],
    [0x101, 3072],
    [0x104, 8192],
  ] as const) {
    const prime = Buffer.from(fieldPrime(group) ?? []);
    t.equal(prime.length * 8, bits);
    t.match(
      prime.toString('hex'),
      /^ffffffffffffffffadf85458a2bb4a9a.*ffffffffffffffff$/,
      'RFC 7919, appendix A',
    );
  }
  // A share that begins with zeros is as long as any other, and so is the secret.
  const ours = fieldShare(0x100);
  if (ours === undefined) throw new Error('ffdhe2048');
  for (let i = 0; i < 40; i++) {
    const theirs = fieldShare(0x100);
    t.same(theirs?.secret(ours.public), ours.secret(theirs?.public ?? new Uint8Array()));
  }
  for (const bad of [new Uint8Array(256), new Uint8Array(255), new Uint8Array(256).fill(255)])
    t.throws(() => ours.secret(bad), /does not belong to its group/);
  const small = new Uint8Array(256);
  small[255] = 2;
  t.equal(ours.secret(small).length, 256, 'a share of 2 is in the group');
  for (const group of [0x17, 0x18, 0x19, 0x1d, 0x1e, 0x1f, 0x20, 0x21]) {
    const [a, b] = [makeShare(group), makeShare(group)];
    t.same(a?.secret(b?.public ?? new Uint8Array()), b?.secret(a?.public ?? new Uint8Array()), String(group));
  }
  t.equal(makeShare(0x6399), undefined);
});
