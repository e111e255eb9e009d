/**
 * Signatures and certificates as they are checked here, beside node:crypto: the same answer to every transcript, key, scheme
 * and spoilt signature; and without WebCrypto, as on a page from plain http://, the same or none.
 */
import { spawnSync } from 'node:child_process';
import {
  constants,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  X509Certificate,
  type KeyObject,
} from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import t, { type Test } from 'tap';
import { readCertificate } from '#src/evidence/certificate.ts';
import { DIGEST_LENGTH, pemOf, readSpki, spkiDigest, type Hash } from '#src/evidence/public-key.ts';
import { checkSignature, type Checked, type Signing } from '#src/evidence/signature.ts';
import { isUnread } from '#src/evidence/tls-fields.ts';
import { verifyTranscript } from '#src/evidence/verify.ts';

const spec = JSON.parse(
  readFileSync(resolve(import.meta.dirname, '../../spec/transcripts.json'), 'utf8'),
) as {
  readonly challenge: { readonly challenge: string };
  readonly transcripts: readonly { readonly name: string; readonly transcript: string }[];
};
const challenge = Uint8Array.fromHex(spec.challenge.challenge);

/** Without WebCrypto, until the test is over. */
function withoutWebCrypto(t: Test): void {
  const own = Object.getOwnPropertyDescriptor(globalThis, 'crypto');
  if (own === undefined) throw new Error('there is a crypto');
  const random = globalThis.crypto.getRandomValues.bind(globalThis.crypto);
  Object.defineProperty(globalThis, 'crypto', { value: { getRandomValues: random }, configurable: true });
  t.teardown(() => void Object.defineProperty(globalThis, 'crypto', own));
}

/** What node:crypto says. */
function oracle(
  key: KeyObject,
  { hash, salt, form }: Signing,
  content: Uint8Array,
  signature: Uint8Array,
): boolean {
  const options =
    salt === undefined
      ? { key, dsaEncoding: form === 'der' ? ('der' as const) : ('ieee-p1363' as const) }
      : { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: salt };
  try {
    return verify(hash, content, options, signature);
  } catch {
    return false;
  }
}

type Made = readonly [name: string, pair: { publicKey: KeyObject; privateKey: KeyObject }];
const CURVES = ['P-256', 'P-384', 'P-521', 'brainpoolP256r1', 'brainpoolP384r1', 'brainpoolP512r1'] as const;
const HASHES: readonly Hash[] = ['sha256', 'sha384', 'sha512'];
const rsa = (bits: number, publicExponent = 65_537): Made => [
  `rsa ${bits} e=${publicExponent}`,
  generateKeyPairSync('rsa', { modulusLength: bits, publicExponent }),
];
function pssKey(only: object): Made[1] {
  return generateKeyPairSync('rsa-pss', { modulusLength: 2_048, ...only });
}
const KEYS: readonly Made[] = [
  ...CURVES.map((curve): Made => [curve, generateKeyPairSync('ec', { namedCurve: curve })]),
  ['ed25519', generateKeyPairSync('ed25519')],
  ['ed448', generateKeyPairSync('ed448')],
  rsa(2_048),
  rsa(1_032),
  rsa(2_048, 3),
  ['rsa-pss', pssKey({})],
  [
    'rsa-pss of sha384 alone',
    pssKey({ hashAlgorithm: 'sha384', mgf1HashAlgorithm: 'sha384', saltLength: 40 }),
  ],
];

function signingsOf(key: KeyObject): readonly Signing[] {
  const type = key.asymmetricKeyType ?? '';
  if (type === 'ed25519' || type === 'ed448') return [{ hash: null, form: 'der' }];
  if (type === 'ec')
    return HASHES.flatMap((hash) => [
      { hash, form: 'der' },
      { hash, form: 'compact' },
    ]);
  const pss = HASHES.flatMap((hash): Signing[] =>
    [DIGEST_LENGTH[hash], 20].map((salt) => ({ hash, salt, form: 'der' })),
  );
  return type === 'rsa' ? [...pss, ...HASHES.map((hash): Signing => ({ hash, form: 'der' }))] : pss;
}

function signed(key: KeyObject, { hash, salt, form }: Signing, content: Uint8Array): Uint8Array | undefined {
  const encoding = form === 'der' ? ('der' as const) : ('ieee-p1363' as const);
  const options =
    salt === undefined
      ? { key, dsaEncoding: encoding }
      : { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: salt };
  try {
    return Uint8Array.from(sign(hash, content, options));
  } catch {
    return undefined; // this key does not sign so
  }
}

/** A signature, and what may be made of it. */
function spoilt(good: Uint8Array): readonly Uint8Array[] {
  const half = good.length >> 1;
  const flip = (at: number): Uint8Array => good.with(at, (good[at] ?? 0) ^ 1);
  return [
    good,
    flip(0),
    flip(1),
    flip(half),
    flip(good.length - 1),
    good.subarray(1),
    good.subarray(0, -1),
    Uint8Array.from([0, ...good]),
    Uint8Array.from([...good, 0]),
    new Uint8Array(good.length),
    new Uint8Array(good.length).fill(0xff),
    new Uint8Array(),
    // SEQUENCE of 0 and 0, of 1 and 1; a length in its long form.
    Uint8Array.of(0x30, 6, 2, 1, 0, 2, 1, 0),
    Uint8Array.of(0x30, 6, 2, 1, 1, 2, 1, 1),
    Uint8Array.from([0x30, 0x81, ...good.subarray(1)]),
  ];
}

async function everyCase(see: (what: string, found: Checked, expected: boolean) => void): Promise<void> {
  const content = new TextEncoder().encode('what was signed');
  for (const [name, { publicKey, privateKey }] of KEYS) {
    const key = readSpki(publicKey.export({ format: 'der', type: 'spki' }));
    for (const signing of signingsOf(publicKey)) {
      const good = signed(privateKey, signing, content);
      const other = good ?? new Uint8Array(256);
      for (const [i, each] of spoilt(other).entries())
        for (const said of i === 0 ? [content, new Uint8Array(), content.subarray(1)] : [content])
          see(
            `${name} ${JSON.stringify(signing)} ${i} ${said.length}`,
            await checkSignature(key, signing, said, each),
            oracle(publicKey, signing, said, each),
          );
    }
  }
}

t.test('every key, scheme and spoilt signature: as node:crypto says', async (t) => {
  const differs: string[] = [];
  let [good, all] = [0, 0];
  await everyCase((what, found, expected) => {
    if (found !== expected) differs.push(`${what}: ${JSON.stringify(found)}, and ${expected}`);
    if (expected) good += 1;
    all += 1;
  });
  t.strictSame(differs, []);
  t.ok(good > 50 && all > 800, `${good} of ${all} are good`);
});

t.test('without WebCrypto RSA alone is unchecked, and all else is as before', async (t) => {
  withoutWebCrypto(t);
  const differs: string[] = [];
  let unchecked = 0;
  await everyCase((what, found, expected) => {
    if (typeof found !== 'boolean' && what.startsWith('rsa')) unchecked += 1;
    else if (found !== expected) differs.push(`${what}: ${JSON.stringify(found)}, and ${expected}`);
  });
  t.strictSame(differs, []);
  t.ok(unchecked > 100, 'RSA is never good or bad there, but for what no key signs with');
});

t.test('keys are read in their one spelling', async (t) => {
  for (const [name, { publicKey }] of KEYS) {
    const der = Uint8Array.from(publicKey.export({ format: 'der', type: 'spki' }));
    const key = readSpki(der);
    t.strictSame(Buffer.from(key.spki).toString('hex'), Buffer.from(der).toString('hex'), name);
    t.equal(pemOf(key), publicKey.export({ format: 'pem', type: 'spki' }));
    t.equal(key.type, publicKey.asymmetricKeyType);
    if ('n' in key) t.equal(key.bits, publicKey.asymmetricKeyDetails?.modulusLength);
    for (let at = 0; at < der.length; at++) {
      const bent = der.with(at, (der[at] ?? 0) ^ (1 << (at % 8)));
      try {
        const read = readSpki(bent);
        // What is taken is a key of its own, and its digest another.
        t.not(spkiDigest(read), spkiDigest(key), `${name}, byte ${at}`);
      } catch (error) {
        t.match(error, { code: 'malformed-proof' });
      }
    }
  }
  const compressed = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
  const { x = '', y = '' } = compressed.export({ format: 'jwk' });
  const odd = (Buffer.from(y, 'base64url').at(-1) ?? 0) & 1;
  const point = Buffer.concat([Buffer.from([2 + odd]), Buffer.from(x, 'base64url')]);
  const header = Buffer.from('3039301306072a8648ce3d020106082a8648ce3d030107032200', 'hex');
  t.ok(
    createPublicKey({ key: Buffer.concat([header, point]), format: 'der', type: 'spki' }),
    'OpenSSL reads it',
  );
  t.throws(() => readSpki(Buffer.concat([header, point])), { code: 'malformed-proof' });
});

t.test('transcripts without WebCrypto: the same, or not read here', async (t) => {
  const before = new Map<string, string>();
  for (const { name, transcript } of spec.transcripts)
    before.set(name, plain(await verifyTranscript(Uint8Array.fromBase64(transcript), challenge)));
  withoutWebCrypto(t);
  let unchecked = 0;
  for (const { name, transcript } of spec.transcripts) {
    const bytes = Uint8Array.fromBase64(transcript);
    try {
      t.equal(plain(await verifyTranscript(bytes, challenge)), before.get(name), name);
      t.notMatch(name, /rsa/);
    } catch (error) {
      t.ok(isUnread(error), `${name}: ${String(error)}`);
      t.match(String(error), /RSA, which a page checks that came over https/);
      unchecked += 1;
    }
  }
  t.ok(unchecked >= 3 && unchecked < spec.transcripts.length, `${unchecked} need WebCrypto`);
});

const plain = (value: unknown): string => JSON.stringify(value);

/** What node:crypto says of a certificate, as the facts are told. */
function expectedFacts(der: Uint8Array) {
  const x509 = new X509Certificate(der);
  const key = x509.publicKey;
  const edwards = { ed25519: 256, ed448: 456 }[String(key.asymmetricKeyType)];
  const { namedCurve, modulusLength } = key.asymmetricKeyDetails ?? {};
  return {
    subject: x509.subject.replaceAll('\n', ', '),
    issuer: x509.issuer.replaceAll('\n', ', '),
    names: x509.subjectAltName?.split(', ') ?? [],
    serial: x509.serialNumber.toLowerCase(),
    notBefore: Math.floor(x509.validFromDate.getTime() / 1000),
    notAfter: Math.floor(x509.validToDate.getTime() / 1000),
    sha256: x509.fingerprint256.replaceAll(':', '').toLowerCase(),
    keyType: key.asymmetricKeyType,
    keyBits: modulusLength ?? edwards ?? Number(/\d{3}/.exec(namedCurve ?? '')?.[0]),
    curve: namedCurve,
  };
}

t.test('facts of certificates: as node:crypto tells them', async (t) => {
  for (const { name, transcript } of spec.transcripts) {
    const verified = await verifyTranscript(Uint8Array.fromBase64(transcript), challenge);
    for (const der of verified.protocol === 'tls' ? verified.chain : [])
      t.match(readCertificate(der).facts, expectedFacts(der), name);
  }
  if (spawnSync('openssl', ['version']).status !== 0) return t.comment('openssl is not installed');
  const dir = mkdtempSync(join(tmpdir(), 'facts-'));
  writeFileSync(join(dir, 'c.cnf'), '[req]\ndistinguished_name=d\n[d]\n');
  const keys: readonly (readonly string[])[] = [
    ['ed25519'],
    ['ed448'],
    ['rsa:3072'],
    ...CURVES.map((curve) => ['ec', '-pkeyopt', `ec_paramgen_curve:${curve}`]),
  ];
  for (const key of keys) {
    const subject = '/C=DE/ST=x/L=y/O=A, "B"/OU=<c>;\\+d/CN= ä #e /emailAddress=a@b.c/DC=example/UID=u';
    const names =
      'DNS:a.example,DNS:*.b.example,IP:::1,IP:2001:db8::ab,IP:192.0.2.1,email:x@y.z,URI:https://a/b?c';
    const args = ['-nodes', '-keyout', 'k.pem', '-out', 'c.der', '-outform', 'DER', '-days', '9', '-utf8'];
    const more = ['-subj', subject, '-addext', `subjectAltName=${names}`, '-config', 'c.cnf'];
    const made = spawnSync('openssl', ['req', '-x509', '-newkey', ...key, ...args, ...more], { cwd: dir });
    t.equal(made.status, 0, String(made.stderr));
    const der = Uint8Array.from(readFileSync(join(dir, 'c.der')));
    const { facts, covers } = readCertificate(der);
    t.strictSame({ ...facts, spki: undefined }, { ...expectedFacts(der), spki: undefined }, key.join(' '));
    const x509 = new X509Certificate(der);
    for (const host of ['a.example', 'A.example', 'x.b.example', 'b.example', 'x.y.b.example', 'c.example'])
      t.equal(covers(host), x509.checkHost(host, { partialWildcards: false }) !== undefined, host);
    for (const ip of ['::1', '2001:db8::ab', '192.0.2.1', '192.0.2.2'])
      t.equal(covers(ip), x509.checkIP(ip) !== undefined, ip);
  }
});
