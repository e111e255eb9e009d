/**
 * Transcripts that a target signed (spec/transcripts.md): recorded ones verify, here and with openssl and ssh-keygen;
 * changed, spliced, relabelled and replayed ones do not; and no bytes crash the verifier.
 */
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { digest } from '#src/bytes/brand.ts';
import { encodeCbor } from '#src/bytes/cbor.ts';
import { Refusal } from '#src/bytes/refusal.ts';
import { readCertificate } from '#src/evidence/certificate.ts';
import { challengeOf } from '#src/evidence/challenge.ts';
import { E3_LIMITS } from '#src/evidence/limits.ts';
import { checkByHand } from '#src/evidence/signed-content.ts';
import { parseKexInit, readMpint, openPart, sshMpint } from '#src/evidence/ssh-fields.ts';
import { parseClientHello, parseServerHello } from '#src/evidence/tls-hello.ts';
import { verifyRefusal } from '#src/evidence/tls-refusal-record.ts';
import { encodeTranscript, MAX_TRANSCRIPT_BYTES, parseTranscript } from '#src/evidence/transcript.ts';
import { verifyTranscript, type Verified } from '#src/evidence/verify.ts';
import { sshString } from '#src/bytes/ssh-string.ts';
import { hashOf, program } from '../support/e3-targets.ts';
import { factsOf, signedFacts } from '../support/transcript-facts.ts';

interface Vectors {
  challenge: { root: string; commitment: string; nonce: string; challenge: string };
  transcripts: {
    name: string;
    transcript: string;
    facts: unknown;
    signed: { content: string; signature: string; publicKey: string };
    commands: string[];
  }[];
  refusals: { record: string; version: string; registry: string; alive: string; answers: string[] }[];
  refused: { name: string; code: string; challenge: string; transcript: string }[];
}

const ROOT = join(import.meta.dirname, '../..');
const vectors = JSON.parse(readFileSync(join(ROOT, 'spec/transcripts.json'), 'utf8')) as Vectors;
const hex = (text: string): Uint8Array => Uint8Array.fromHex(text);
const challenge = hex(vectors.challenge.challenge);
const bytesOf = (name: string): Uint8Array => {
  const found = vectors.transcripts.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no vector ${name}`);
  return Uint8Array.fromBase64(found.transcript);
};
const messagesOf = (name: string): Uint8Array[] => {
  const parsed = parseTranscript(bytesOf(name));
  if (parsed.kind !== 'tls') throw new Error('not TLS');
  return [...parsed.messages];
};
const sshOf = (name: string) => {
  const parsed = parseTranscript(bytesOf(name));
  if (parsed.kind !== 'ssh') throw new Error('not SSH');
  return parsed;
};
const tls = (...messages: Uint8Array[]): Uint8Array => encodeTranscript({ kind: 'tls', messages });
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** The refusal of a transcript; any other outcome than a refusal of ours is a failure. */
async function refusal(transcript: Uint8Array, asked: Uint8Array = challenge): Promise<string> {
  try {
    await verifyTranscript(transcript, asked);
    return 'verified';
  } catch (error) {
    if (error instanceof Refusal && ['malformed-proof', 'proof-failed'].includes(error.code))
      return error.code;
    throw error;
  }
}

t.test('the challenge is made of the checkpoint, the commitment and the nonce', async (t) => {
  const { root, commitment, nonce } = vectors.challenge;
  t.same(challengeOf(digest(hex(root)), digest(hex(commitment)), hex(nonce)), challenge);
  t.notSame(challengeOf(digest(hex(commitment)), digest(hex(root)), hex(nonce)), challenge);
  t.equal(await refusal(bytesOf('tls13-p256'), challenge.subarray(1)), 'malformed-proof');
});

t.test('recorded transcripts verify, with these facts', async (t) => {
  t.ok(vectors.transcripts.length >= 19);
  for (const { name, transcript, facts, signed, commands } of vectors.transcripts) {
    const verified = await verifyTranscript(Uint8Array.fromBase64(transcript), challenge);
    t.same(plain(factsOf(verified)), facts, name);
    t.equal(verified.proof.content.toHex(), signed.content, `${name}: what is signed`);
    t.equal(verified.proof.signature.toHex(), signed.signature);
    t.equal(verified.proof.publicKey, signed.publicKey);
    t.same(checkByHand(verified).commands, commands);
  }
});

t.test('recorded refusals are refusals, of this challenge', async (t) => {
  t.ok(vectors.refusals.length >= 2);
  for (const { record, version, registry, alive, answers } of vectors.refusals) {
    const found = verifyRefusal(Uint8Array.fromBase64(record), challenge);
    t.match(found, { version, registry, alive });
    t.same(
      found.asked.map(({ answer }) => answer),
      answers,
    );
    t.throws(() => verifyRefusal(Uint8Array.fromBase64(record), hashOf('another')), { code: 'proof-failed' });
  }
});

t.test('the limits are stated where the program takes them from', async (t) => {
  const page = readFileSync(join(ROOT, 'spec/transcripts.md'), 'utf8').replaceAll(/\s+/g, ' ');
  for (const line of E3_LIMITS) t.ok(page.includes(`- ${line}`), line);
});

t.test('openssl and ssh-keygen come to the same opinion', async (t) => {
  for (const name of ['openssl', 'ssh-keygen'])
    if (program(name) === undefined) return t.comment(`${name} is not installed: this part was not tested`);
  const page = readFileSync(join(ROOT, 'spec/transcripts.md'), 'utf8');
  const dir = t.testdir();
  const run = (command: string, cwd: string) => {
    const [file = '', ...args] = command.split(' ');
    return spawnSync(file, args, { cwd, encoding: 'utf8' });
  };
  for (const { name } of vectors.transcripts) {
    const verified = await verifyTranscript(bytesOf(name), challenge);
    const { files, ties, commands } = checkByHand(verified);
    const cwd = join(dir, name);
    mkdirSync(cwd);
    for (const [file, bytes] of files) writeFileSync(join(cwd, file), bytes);
    for (const command of commands) {
      t.ok(page.includes(command), `the page gives: ${command}`);
      const { status, stdout, stderr } = run(command, cwd);
      t.equal(status, 0, `${name}: ${command}\n${stderr}`);
      if (command.startsWith('ssh-keygen') && verified.protocol === 'ssh')
        t.ok(stdout.startsWith(`${verified.keyBits} ${verified.fingerprint} `), stdout);
    }
    // What was signed is made of this challenge, and of no other.
    const tied = (nonce: Uint8Array): boolean => {
      writeFileSync(join(cwd, 'nonce.bin'), nonce);
      const script = ['set -e', ...ties].join('\n');
      return spawnSync('sh', ['-c', script], { cwd }).status === 0;
    };
    writeFileSync(join(cwd, 'root.bin'), hex(vectors.challenge.root));
    writeFileSync(join(cwd, 'commitment.bin'), hex(vectors.challenge.commitment));
    for (const tie of ties) t.ok(page.includes(tie), `the page gives: ${tie}`);
    t.ok(tied(hex(vectors.challenge.nonce)), `${name}: of the challenge`);
    t.notOk(tied(hashOf('another nonce')), `${name}: and of no other`);

    const signed = files.get('signed.bin') ?? new Uint8Array();
    writeFileSync(join(cwd, 'signed.bin'), signed.with(signed.length - 1, (signed.at(-1) ?? 0) ^ 1));
    t.not(run(commands.at(-1) ?? '', cwd).status, 0, `${name}: and not of other bytes`);
  }
});

t.test('what must not verify does not, for the right reason', async (t) => {
  for (const { name, code, challenge, transcript } of vectors.refused)
    t.equal(await refusal(Uint8Array.fromBase64(transcript), hex(challenge)), code, name);
  for (const { name } of vectors.transcripts) {
    t.equal(
      await refusal(bytesOf(name), hashOf('replayed for another slot')),
      'proof-failed',
      `${name}: replayed`,
    );
    t.equal(await refusal(bytesOf(name).slice(0, -1)), 'malformed-proof', `${name}: cut short`);
  }
});

t.test('a flipped byte never verifies with the same facts', async (t) => {
  for (const { name } of vectors.transcripts) {
    const bytes = bytesOf(name);
    const verified = await verifyTranscript(bytes, challenge);
    const step = bytes.length < 1_000 ? 1 : 11;
    const survivors = new Set<number>();
    for (let at = 0; at < bytes.length; at += step) {
      const copy = bytes.with(at, (bytes[at] ?? 0) ^ (1 << (at % 8)));
      let found: Verified;
      try {
        found = await verifyTranscript(copy, challenge);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        continue;
      }
      survivors.add(at);
      t.same(signedFacts(found), signedFacts(verified), `${name}: byte ${at} changes nothing that is signed`);
    }
    const is12 = verified.protocol === 'tls' && verified.version === 'TLSv1.2';
    if (is12)
      t.same(
        signedBytes(name).filter((at) => survivors.has(at)),
        [],
        `${name}: nothing signed survives`,
      );
    else t.same([...survivors], [], `${name}: no flip survives`);
  }
});

/** Positions in a TLS 1.2 transcript of what its signature covers: randoms, key exchange, key. */
function signedBytes(name: string): readonly number[] {
  const whole = Buffer.from(bytesOf(name));
  const [client, server, certificate, exchange] = messagesOf(name).map((each) => Buffer.from(each));
  const { spki } = readCertificate(Uint8Array.from(certificate?.subarray(10) ?? [])).key;
  return [client?.subarray(6, 38), server?.subarray(6, 38), exchange, spki].flatMap((part) => {
    const start = part === undefined ? -1 : whole.indexOf(part);
    if (part === undefined || start < 0) throw new Error('the part is in the transcript');
    return Array.from(part, (_, i) => start + i);
  });
}

t.test('spliced, reordered and relabelled TLS transcripts', async (t) => {
  const [hello, answer, ...flight] = messagesOf('tls13-p256') as [Uint8Array, Uint8Array, ...Uint8Array[]];
  const [, , ...others] = messagesOf('tls13-client-certificate');
  t.equal(await refusal(tls(hello, answer, ...others)), 'proof-failed', 'a flight of another session');
  t.equal(await refusal(tls(hello, answer, ...flight.toReversed())), 'malformed-proof', 'reordered');
  t.equal(await refusal(tls(hello, answer, ...flight, ...flight.slice(-1))), 'malformed-proof', 'doubled');
  t.equal(await refusal(tls(hello, answer, ...flight.slice(0, -1), hello)), 'malformed-proof', 'unsigned');
  const retry = messagesOf('tls13-p384-retry');
  t.equal(await refusal(tls(...retry.slice(2))), 'proof-failed', 'the retry left out');
  const [a, b, c, d, ...e] = retry as [Uint8Array, Uint8Array, Uint8Array, Uint8Array, ...Uint8Array[]];
  t.equal(await refusal(tls(c, b, a, d, ...e)), 'proof-failed', 'the two hellos exchanged');
  t.equal(await refusal(tls(a, b, a, d, ...e)), 'proof-failed', 'the first hello twice');
  t.equal(await refusal(tls(a, b, c, b, ...e)), 'malformed-proof', 'a second retry');
  const old = messagesOf('tls12-p256') as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  t.equal(await refusal(tls(old[0], old[1], ...flight.slice(1))), 'malformed-proof', 'TLS 1.3 as TLS 1.2');
  t.equal(await refusal(tls(hello, answer, old[2], old[3])), 'malformed-proof', 'TLS 1.2 as TLS 1.3');
  t.equal(
    await refusal(tls(hello, old[1], old[2], old[3])),
    'malformed-proof',
    'a version that was not offered',
  );
  // The suite of TLS 1.2 is not signed: another one verifies, and is not called signed.
  const suite = 4 + 2 + 32 + 1 + (old[1][38] ?? 0);
  const relabelled = await verifyTranscript(
    tls(old[0], old[1].with(suite + 1, 0x2b), old[2], old[3]),
    challenge,
  );
  t.match(relabelled, { suite: 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256' });
  t.notOk(relabelled.protocol === 'tls' && relabelled.signed.includes('suite'));
  t.equal(
    await refusal(tls(old[0], old[1].with(suite + 1, 0x30), old[2], old[3])),
    'malformed-proof',
    'RSA, with an ECDSA key',
  );
  t.throws(() => tls(hello, answer, new Uint8Array(MAX_TRANSCRIPT_BYTES), old[2]), { code: 'too-large' });
});

t.test('an SSH transcript holds to its challenge, its offer and its key', async (t) => {
  const whole = sshOf('ssh-ed25519');
  const other = sshOf('ssh-p521');
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
  const stronger = Uint8Array.from(
    Buffer.from(text(whole.serverInit).replace('hmac-sha1', 'hmac-sha9'), 'latin1'),
  );
  for (const [what, change, code] of [
    ['an algorithm renamed', { serverInit: stronger }, 'proof-failed'],
    ['the offer of another server', { serverInit: other.serverInit }, 'malformed-proof'],
    ['the key of another server', { hostKey: other.hostKey }, 'malformed-proof'],
    ['the signature of another server', { signature: other.signature }, 'malformed-proof'],
    ['another secret', { secret: new Uint8Array(32) }, 'proof-failed'],
    ['another version', { serverVersion: Buffer.from('SSH-2.0-OpenSSH_99') }, 'proof-failed'],
    ['no version', { serverVersion: Buffer.from('SMTP') }, 'malformed-proof'],
    ['another client', { clientVersion: Buffer.from('SSH-2.0-other') }, 'proof-failed'],
    ['another cookie', { clientInit: whole.clientInit.with(3, 0) }, 'proof-failed'],
    ['a short point', { clientPublic: new Uint8Array(31) }, 'malformed-proof'],
  ] as const)
    t.equal(await refusal(encodeTranscript({ ...whole, ...change })), code, what);
  const half = Uint8Array.from([...challenge.subarray(0, 16), ...new Uint8Array(16)]);
  t.equal(await refusal(bytesOf('ssh-ed25519'), half), 'proof-failed', 'half of a challenge is not enough');
});

t.test('whom a certificate is made out to', async (t) => {
  const verified = await verifyTranscript(bytesOf('tls13-p256'), challenge);
  if (verified.protocol !== 'tls') throw new Error('TLS');
  for (const name of ['p256.test', '127.0.0.1', 'localhost']) t.ok(verified.covers(name), name);
  for (const name of ['p384.test', '127.0.0.2', 'x.test']) t.notOk(verified.covers(name), name);
  t.throws(() => readCertificate(Buffer.from(verified.proof.publicKey)), { code: 'malformed-proof' });
  const der = verified.chain[0] ?? new Uint8Array();
  t.throws(
    () => readCertificate(Uint8Array.from([...der, 0])),
    { code: 'malformed-proof' },
    'bytes after it',
  );
});

t.test('no signature but one of the very scheme counts', async (t) => {
  const [hello, answer, encrypted, certificate, verify] = messagesOf('tls13-rsa') as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const scheme = (high: number, low: number): Uint8Array =>
    tls(hello, answer, encrypted, certificate, verify.with(4, high).with(5, low));
  t.equal(await refusal(scheme(0x08, 0x04)), 'verified', 'rsa_pss_rsae_sha256, as it is');
  t.equal(await refusal(scheme(0x08, 0x09)), 'proof-failed', 'rsa_pss_pss_sha256 needs another kind of key');
  t.equal(await refusal(scheme(0x04, 0x01)), 'proof-failed', 'PKCS #1 is not of TLS 1.3');
  t.equal(await refusal(scheme(0x02, 0x01)), 'malformed-proof', 'SHA-1 is not read');
  t.equal(await refusal(scheme(0x04, 0x03)), 'proof-failed', 'ECDSA with an RSA key');
  const own = await verifyTranscript(bytesOf('tls13-p256'), challenge);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const forged = sign('sha256', own.proof.content, privateKey);
  const body = Uint8Array.from([4, 3, 0, forged.length, ...forged]);
  const message = Uint8Array.from([15, 0, 0, body.length, ...body]);
  const parts = messagesOf('tls13-p256').slice(0, -1);
  t.equal(await refusal(tls(...parts, message)), 'proof-failed', 'signed by another key');
});

t.test('no bytes crash a parser', async (t) => {
  const refuses = async (read: () => unknown): Promise<boolean> => {
    try {
      await read();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    }
    return true;
  };
  const bytes = fc.uint8Array({ maxLength: 300 });
  const messages = fc.array(fc.uint8Array({ minLength: 4, maxLength: 80 }), { minLength: 4, maxLength: 8 });
  const real = fc.constantFrom(...vectors.transcripts.map(({ name }) => bytesOf(name)));
  await fc.assert(fc.asyncProperty(bytes, (b) => refuses(() => verifyTranscript(b, challenge))));
  await fc.assert(fc.asyncProperty(messages, (m) => refuses(() => verifyTranscript(tls(...m), challenge))));
  await fc.assert(
    fc.asyncProperty(bytes, (b) =>
      refuses(() => parseClientHello(Uint8Array.from([1, 0, 0, b.length % 256, ...b]))),
    ),
  );
  await fc.assert(
    fc.asyncProperty(bytes, (b) =>
      refuses(() => parseServerHello(Uint8Array.from([2, 0, 0, b.length % 256, ...b]))),
    ),
  );
  await fc.assert(fc.asyncProperty(bytes, (b) => refuses(() => parseKexInit(Uint8Array.from([20, ...b])))));
  await fc.assert(fc.asyncProperty(bytes, (b) => refuses(() => readCertificate(b))));
  await fc.assert(
    fc.asyncProperty(real, fc.nat(), fc.nat(), bytes, (whole, from, length, junk) => {
      const at = from % whole.length;
      const spliced = [...whole.subarray(0, at), ...junk, ...whole.subarray(at + (length % 64))];
      return refuses(() => verifyTranscript(Uint8Array.from(spliced), challenge));
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), (b) => {
      const number = b.with(0, (b[0] ?? 0) | 1);
      return Buffer.from(readMpint(openPart(sshMpint(number)))).equals(Buffer.from(number));
    }),
  );
  for (const bad of [[], [0], [0, 1], [0x80]])
    t.throws(() => readMpint(openPart(sshString(Uint8Array.from(bad)))), { code: 'malformed-proof' });
  for (const strange of [null, 1, 'tls', [], new Map([['kind', 'dns']]), new Map([['kind', 'tls']])])
    t.equal(await refusal(encodeCbor(strange as never)), 'malformed-proof');
});
