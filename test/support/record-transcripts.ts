/**
 * Makes spec/transcripts.json: handshakes of real servers, recorded once. Live handshakes are random, so the file is
 * not made again by a test: the tests verify what is in it.
 *
 *     node test/support/record-transcripts.ts > spec/transcripts.json && npx prettier --write spec/transcripts.json
 */
import { execFileSync } from 'node:child_process';
import { digest } from '#src/bytes/brand.ts';
import { challengeOf } from '#src/evidence/challenge.ts';
import { checkByHand } from '#src/evidence/signed-content.ts';
import { parseTranscript, encodeTranscript } from '#src/evidence/transcript.ts';
import { verifyTranscript } from '#src/evidence/verify.ts';
import { REFUSAL_TYPE, verifyRefusal } from '#src/evidence/tls-refusal-record.ts';
import { sshProbe } from '#src/probe/ssh/probe.ts';
import { tlsProbe } from '#src/probe/tls/probe.ts';
import {
  certificate,
  folder,
  hashOf,
  nodeTls,
  opensslServer,
  probeAt,
  sshHostKey,
  sshServer,
  type KeyKind,
  type Target,
} from './e3-targets.ts';
import { factsOf } from './transcript-facts.ts';

const dir = folder();
const hash = (text: string) => digest(Uint8Array.from(hashOf(text)));
const [root, commitment] = [hash('tallystick transcript: root'), hash('tallystick transcript: commitment')];
const nonce = hash('tallystick transcript: nonce').subarray(0, 16);
const challenge = challengeOf(root, commitment, nonce);

const openssl = execFileSync('openssl', ['version'], { encoding: 'utf8' }).split(' ').slice(0, 2).join(' ');
const sshd = 'OpenSSH sshd';

interface Row {
  readonly name: string;
  readonly server: string;
  readonly transcript: Uint8Array;
}

const rows: Row[] = [];

async function tls(
  name: string,
  version: 'TLSv1.3' | 'TLSv1.2',
  server: string,
  target: Target,
): Promise<void> {
  const seen = await probeAt(
    tlsProbe,
    target.port,
    { versions: [version] },
    { challenge: Buffer.from(challenge) },
  );
  await target.stop();
  rows.push({ name, server, transcript: seen.attachments[0]?.data ?? new Uint8Array() });
}

const s_server = (kind: KeyKind, ...args: string[]) => opensslServer(certificate(dir, kind), ...args);
const sslServer = (kind: KeyKind) => nodeTls(certificate(dir, kind));

await tls('tls13-p256', 'TLSv1.3', openssl, await s_server('p256'));
await tls('tls13-ed25519', 'TLSv1.3', openssl, await s_server('ed25519'));
await tls('tls13-ed448', 'TLSv1.3', openssl, await s_server('ed448'));
await tls(
  'tls13-p521',
  'TLSv1.3',
  openssl,
  await s_server('p521', '-ciphersuites', 'TLS_CHACHA20_POLY1305_SHA256'),
);
await tls('tls13-rsa', 'TLSv1.3', openssl, await s_server('rsa', '-ciphersuites', 'TLS_AES_128_GCM_SHA256'));
await tls('tls13-rsa-pss', 'TLSv1.3', openssl, await s_server('pss'));
await tls('tls13-p384-retry', 'TLSv1.3', openssl, await s_server('p384', '-groups', 'P-384'));
await tls('tls13-client-certificate', 'TLSv1.3', openssl, await s_server('p256', '-Verify', '1'));
await tls('tls13-mlkem', 'TLSv1.3', `Node ${process.version}`, await sslServer('p256'));
await tls('tls13-x448', 'TLSv1.3', openssl, await s_server('p256', '-groups', 'X448'));
await tls('tls13-ffdhe2048', 'TLSv1.3', openssl, await s_server('p256', '-groups', 'ffdhe2048'));
await tls(
  'tls13-ccm-8',
  'TLSv1.3',
  openssl,
  await s_server('p256', '-ciphersuites', 'TLS_AES_128_CCM_8_SHA256'),
);
await tls('tls13-brainpool', 'TLSv1.3', `Node ${process.version}`, await sslServer('brainpool'));
await tls('tls12-p256', 'TLSv1.2', openssl, await s_server('p256'));
await tls('tls12-ed25519', 'TLSv1.2', openssl, await s_server('ed25519', '-tls1_2'));
await tls('tls12-rsa-pss', 'TLSv1.2', openssl, await s_server('rsa', '-tls1_2'));
await tls('tls12-rsa-pkcs1', 'TLSv1.2', openssl, await s_server('rsa', '-sigalgs', 'RSA+SHA512'));
await tls(
  'tls12-dhe',
  'TLSv1.2',
  openssl,
  await s_server('rsa', '-cipher', 'DHE-RSA-AES128-GCM-SHA256', '-tls1_2'),
);
await tls(
  'tls12-camellia',
  'TLSv1.2',
  openssl,
  await s_server('rsa', '-cipher', 'ECDHE-RSA-CAMELLIA128-SHA256', '-tls1_2'),
);
await tls(
  'tls12-null',
  'TLSv1.2',
  openssl,
  await s_server('rsa', '-cipher', 'ECDHE-RSA-NULL-SHA:@SECLEVEL=0'),
);
await tls('tls12-brainpool', 'TLSv1.2', openssl, await s_server('brainpool', '-tls1_2'));

/** Records of refusals (spec/transcripts.md §7.2): this server answers old versions with handshake_failure. */
async function refusals() {
  const target = await s_server('rsa', '-cipher', 'ECDHE-RSA-CAMELLIA128-SHA256');
  const seen = await probeAt(tlsProbe, target.port, {}, { challenge: Buffer.from(challenge) });
  await target.stop();
  return seen.attachments
    .filter(({ mediaType }) => mediaType === REFUSAL_TYPE)
    .map(({ data }) => {
      const { version, registry, alive, asked } = verifyRefusal(data, challenge);
      const answers = asked.map(({ answer }) => answer);
      return { server: openssl, record: base64(data), version, registry, alive, answers };
    });
}

for (const [name, type, bits, kex] of [
  ['ssh-ed25519', 'ed25519', undefined, 'curve25519-sha256'],
  ['ssh-p256', 'ecdsa', 256, 'ecdh-sha2-nistp256'],
  ['ssh-p384', 'ecdsa', 384, 'curve25519-sha256@libssh.org'],
  ['ssh-p521', 'ecdsa', 521, 'curve25519-sha256'],
  ['ssh-rsa-sha2-512', 'rsa', 2048, 'curve25519-sha256'],
] as const) {
  const target = await sshServer(dir, [sshHostKey(dir, type, bits)], `KexAlgorithms ${kex}`);
  if (target === undefined) throw new Error('sshd is needed: apt-get install openssh-server');
  const seen = await probeAt(sshProbe, target.port, {}, { challenge: Buffer.from(challenge) });
  await target.stop();
  rows.push({ name, server: sshd, transcript: seen.attachments[0]?.data ?? new Uint8Array() });
}

const hex = (bytes: Uint8Array): string => bytes.toHex();
const base64 = (bytes: Uint8Array): string => bytes.toBase64();
const messagesOf = (name: string): readonly Uint8Array[] => {
  const row = rows.find((each) => each.name === name);
  const parsed = parseTranscript(row?.transcript ?? new Uint8Array());
  if (parsed.kind !== 'tls') throw new Error('not TLS');
  return parsed.messages;
};
const changed = (message: Uint8Array | undefined, at: number, to: number): Uint8Array => {
  const copy = Uint8Array.from(message ?? []);
  copy[at] = to;
  return copy;
};

/** Transcripts that a verifier must not accept. */
function refused() {
  const [ch13, sh13, ...rest13] = messagesOf('tls13-p256');
  const [ch12, sh12, ...rest12] = messagesOf('tls12-p256');
  const other = messagesOf('tls12-ed25519');
  const none = new Uint8Array();
  const tls = (...messages: (Uint8Array | undefined)[]) =>
    encodeTranscript({ kind: 'tls', messages: messages.map((each) => each ?? none) });
  // suite: after version, random and the empty session id (TLS 1.3), or one of 32 bytes
  const suiteAt = (sh: Uint8Array | undefined): number => 4 + 2 + 32 + 1 + (sh?.[38] ?? 0);
  return [
    ['another challenge', 'proof-failed', rows[0]?.transcript, hashOf('another')],
    [
      'TLS 1.3 with another suite',
      'proof-failed',
      tls(ch13, changed(sh13, suiteAt(sh13) + 1, 0x01), ...rest13),
    ],
    ['TLS 1.3 without EncryptedExtensions', 'malformed-proof', tls(ch13, sh13, ...rest13.slice(1))],
    ['TLS 1.2 relabelled as TLS 1.1', 'malformed-proof', tls(ch12, changed(sh12, 5, 2), ...rest12)],
    ['TLS 1.2 with the parameters of another session', 'proof-failed', tls(ch12, sh12, other[2], other[3])],
    ['TLS 1.2 with the ServerHello of another session', 'proof-failed', tls(ch12, other[1], ...rest12)],
    ['TLS 1.3 passed off as TLS 1.2', 'malformed-proof', tls(ch12, sh12, ...rest13.slice(-2))],
    [
      'TLS 1.2 that claims static RSA',
      'malformed-proof',
      tls(ch12, changed(changed(sh12, suiteAt(sh12), 0), suiteAt(sh12) + 1, 0x2f), ...rest12),
    ],
    ['a byte too many', 'malformed-proof', Uint8Array.from([...(rows[0]?.transcript ?? []), 0])],
  ].map(([name, code, transcript, asked]) => ({
    name: String(name),
    code: String(code),
    challenge: hex((asked as Uint8Array | undefined) ?? challenge),
    transcript: base64(transcript as Uint8Array),
  }));
}

const vectors = {
  about:
    'Test vectors of spec/transcripts.md: handshakes of real servers, recorded by test/support/record-transcripts.ts. The keys guard nothing.',
  challenge: { root: hex(root), commitment: hex(commitment), nonce: hex(nonce), challenge: hex(challenge) },
  transcripts: await Promise.all(
    rows.map(async ({ name, server, transcript }) => {
      const verified = await verifyTranscript(transcript, challenge);
      const { content, signature, publicKey } = verified.proof;
      return {
        name,
        server,
        transcript: base64(transcript),
        facts: factsOf(verified),
        signed: { content: hex(content), signature: hex(signature), publicKey },
        commands: checkByHand(verified).commands,
      };
    }),
  ),
  refusals: await refusals(),
  refused: refused(),
};
process.stdout.write(`${JSON.stringify(vectors, null, 2)}\n`);
