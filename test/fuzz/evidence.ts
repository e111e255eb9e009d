/** What targets sign and owners hold: transcripts, certificates, keys, CloudTrail's digests, what an agent stored. */
import { generateKeyPairSync } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { decodeObserved, encodeObserved } from '../../src/agent/observed.ts';
import { Refusal } from '../../src/bytes/refusal.ts';
import { readSshString, sshString } from '../../src/bytes/ssh-string.ts';
import { addressBytes, parseAddress } from '../../src/evidence/address.ts';
import { readCertificate } from '../../src/evidence/certificate.ts';
import { parseTrailDigest } from '../../src/evidence/cloudtrail-digest.ts';
import { readTrailKeys } from '../../src/evidence/cloudtrail-key.ts';
import { encodeDigests, parseDigests, parseSignature, verifyDigests } from '../../src/evidence/cloudtrail.ts';
import { readPss, readSpki } from '../../src/evidence/public-key.ts';
import { openPart, parseKexInit, readMpint } from '../../src/evidence/ssh-fields.ts';
import { HOST_KEY_ALGORITHMS, readHostKey, readSignature } from '../../src/evidence/ssh-key.ts';
import { parseExtensions } from '../../src/evidence/tls-fields.ts';
import { parseClientHello, parseServerHello } from '../../src/evidence/tls-hello.ts';
import { encodeTranscript, parseTranscript } from '../../src/evidence/transcript.ts';
import { verifyTranscript } from '../../src/evidence/verify.ts';
import { formatPrivateKey, parsePrivateKey } from '../../src/keys/load.ts';
import { parseOpenSshKey } from '../../src/keys/openssh.ts';
import { parsePublicKey, readPublicKey } from '../../src/keys/public.ts';
import { parseEd25519Blob } from '../../src/keys/sshwire.ts';
import { parseDelegation } from '../../src/statement/delegation.ts';
import { saltedTree, leafSalt } from '../../src/statement/saltedleaf.ts';
import { readCollected } from '../../src/probe/exec/collected.ts';
import { DELEGATIONS } from '../support/statement-arbitraries.ts';
import { mutate, mutateCbor, type Random } from './random.ts';
import { asText, hex, json, text, type Json, type Target } from './target.ts';

const recorded = json('spec/transcripts.json');
const challenge = hex(recorded.challenge.challenge);
const transcripts: Uint8Array[] = [...recorded.transcripts, ...recorded.refused].map((each: Json) =>
  Buffer.from(each.transcript, 'base64'),
);
const parsed = transcripts.flatMap((each) => {
  try {
    return [parseTranscript(each)];
  } catch {
    return [];
  }
});
const messages = parsed.flatMap((each) => (each.kind === 'tls' ? each.messages : []));
const ofType = (type: number): Uint8Array[] => messages.filter(([first]) => first === type);
const sshParts = parsed.flatMap((each) =>
  each.kind === 'ssh' ? Object.values(each).filter((part) => part instanceof Uint8Array) : [],
);
const kexInits = sshParts.filter(([first]) => first === 20);
const vectors = json('spec/vectors.json');
const either = (random: Random, seeds: readonly Uint8Array[]) =>
  random.below(2) === 0 ? mutate(random, seeds) : mutateCbor(random, seeds);

const ed25519 = generateKeyPairSync('ed25519');
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = text(formatPrivateKey(ed25519.privateKey));
const publicPem = text(ed25519.publicKey.export({ format: 'pem', type: 'spki' }));
const rsaPem = rsa.publicKey.export({ format: 'pem', type: 'pkcs1' });
const rsaDer = rsa.publicKey.export({ format: 'der', type: 'pkcs1' }).toString('base64');
const digestName =
  'AWSLogs/111122223333/CloudTrail-Digest/eu-central-1/2027/01/31/111122223333_CloudTrail-Digest_eu-central-1_trail_eu-central-1_20270131T120000Z.json.gz';
const digest = JSON.stringify({
  awsAccountId: '111122223333',
  digestStartTime: '2027-01-31T11:00:00Z',
  digestEndTime: '2027-01-31T12:00:00Z',
  digestS3Bucket: 'bucket',
  digestS3Object: digestName,
  digestPublicKeyFingerprint: '31e8b5433410dfb61a9dc45cc65b22ff',
  digestSignatureAlgorithm: 'SHA256withRSA',
  newestEventTime: null,
  oldestEventTime: null,
  previousDigestS3Bucket: 'bucket',
  previousDigestS3Object: digestName,
  previousDigestHashValue: 'ab'.repeat(32),
  previousDigestHashAlgorithm: 'SHA-256',
  previousDigestSignature: 'ab'.repeat(256),
  logFiles: [
    {
      s3Bucket: 'bucket',
      s3Object: 'a.json.gz',
      hashValue: 'cd'.repeat(32),
      hashAlgorithm: 'SHA-256',
      newestEventTime: '2027-01-31T11:30:00Z',
      oldestEventTime: '2027-01-31T11:10:00Z',
    },
  ],
});
const seed = ed25519.privateKey.export({ format: 'raw-private' });
const point = ed25519.publicKey.export({ format: 'raw-public' });
const blob = Buffer.concat([sshString(text('ssh-ed25519')), sshString(point)]);
const secret = Buffer.concat([
  Buffer.alloc(8),
  blob,
  sshString(Buffer.concat([seed, point])),
  sshString(text('c')),
]);
const padding = Buffer.from([1, 2, 3, 4, 5, 6, 7, 8].slice(0, (8 - (secret.length % 8)) % 8));
const openSsh = Buffer.concat([
  Buffer.from('openssh-key-v1\0'),
  ...['none', 'none', ''].map((part) => sshString(text(part))),
  Buffer.of(0, 0, 0, 1),
  sshString(blob),
  sshString(Buffer.concat([secret, padding])),
]);

const sshLine = text(`ssh-ed25519 ${blob.toString('base64')} somebody@somewhere\n`);

/** Whatever the algorithm says the blob is. */
const eachAlgorithm = (read: (algorithm: string) => unknown): void => {
  for (const algorithm of HOST_KEY_ALGORITHMS.keys()) {
    try {
      read(algorithm);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    }
  }
};

const certificateSeeds = parsed.flatMap((each) => {
  // A certificate message of TLS 1.2 or 1.3 holds DER that begins with a long SEQUENCE.
  const found = each.kind === 'tls' ? each.messages.filter(([type]) => type === 11) : [];
  return found.flatMap((message) => {
    const at = Buffer.from(message).indexOf(Buffer.of(0x30, 0x82));
    if (at < 0) return [];
    return [
      Uint8Array.from(message.subarray(at, at + 4 + (message[at + 2] ?? 0) * 256 + (message[at + 3] ?? 0))),
    ];
  });
});

const tree = saltedTree([
  { salt: leafSalt(new Uint8Array(32), 0), path: '/a', value: text('1') },
  { salt: leafSalt(new Uint8Array(32), 1), path: '/b', value: text('2') },
]);

const publicKeys = [
  generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  generateKeyPairSync('ec', { namedCurve: 'brainpoolP512r1' }),
  generateKeyPairSync('ed25519'),
  generateKeyPairSync('ed448'),
  generateKeyPairSync('rsa', { modulusLength: 1_024 }),
].map(({ publicKey }) => publicKey);

/** SHA-256 and a salt of 32 bytes; SHA-512 and one of 64; nothing, which is SHA-1 and not read. */
const PSS_PARAMETERS = [
  '3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120',
  '3034a00f300d06096086480165030402030500a11c301a06092a864886f70d010108300d06096086480165030402030500a203020140',
  '3000',
];

const COLLECTED = JSON.stringify({
  schema: 'tallystick.collected.v1',
  value: { a: 1, b: ['x', true, null], c: { d: 'e' } },
  grades: [{ path: '/a', evidence: 'E0' }],
  contradictions: [{ paths: ['/a', '/b'], explain: 'they differ' }],
  transcripts: [],
});

export const EVIDENCE: readonly Target[] = [
  {
    name: 'transcript',
    covers: ['parseTranscript'],
    seeds: transcripts,
    make: either,
    run: (b) => encodeTranscript(parseTranscript(b)),
  },
  {
    name: 'verified transcript',
    covers: [
      'verifyTranscript',
      'verifyTls',
      'verifySsh',
      'verifyRefusal',
      'verifyHostKey',
      'verifyScheme',
      'readChain',
      'openMessage',
      'readIssued',
    ],
    seeds: transcripts,
    make: either,
    run: async (b) => void (await verifyTranscript(b, challenge)),
  },
  {
    name: 'certificate',
    covers: ['readCertificate', 'parseCertificate'],
    seeds: certificateSeeds,
    run: (b) => void readCertificate(b),
  },
  {
    name: 'SubjectPublicKeyInfo',
    covers: ['readSpki', 'readPkcs1', 'readDer', 'readDerInteger', 'readDerBits', 'readTagged', 'openDer'],
    seeds: publicKeys.map((key) => Uint8Array.from(key.export({ format: 'der', type: 'spki' }))),
    run: (b) => readSpki(b).spki,
  },
  {
    name: 'parameters of RSASSA-PSS',
    covers: ['readPss'],
    seeds: PSS_PARAMETERS.map(hex),
    run: (b) => void readPss(b),
  },
  {
    name: 'client hello',
    covers: ['parseClientHello'],
    seeds: ofType(1),
    run: (b) => void parseClientHello(b),
  },
  {
    name: 'server hello',
    covers: ['parseServerHello'],
    seeds: ofType(2),
    run: (b) => void parseServerHello(b),
  },
  {
    name: 'extensions',
    covers: ['parseExtensions'],
    seeds: ofType(8).map((each) => each.subarray(6)),
    run: (b) => void parseExtensions(b),
  },
  { name: 'kexinit', covers: ['parseKexInit'], seeds: kexInits, run: (b) => void parseKexInit(b) },
  {
    name: 'ssh fields',
    covers: ['openPart', 'readSshString', 'readMpint'],
    seeds: [sshString(text('name')), ...sshParts],
    run: (b) => {
      const cursor = openPart(b);
      readMpint(cursor);
      readSshString(cursor);
    },
  },
  {
    name: 'host key',
    covers: ['readHostKey', 'readSignature'],
    seeds: sshParts,
    run: (b) => {
      eachAlgorithm((algorithm) => readHostKey(b, algorithm));
      eachAlgorithm((algorithm) => readSignature(b, algorithm));
    },
  },
  {
    name: 'address',
    covers: ['parseAddress'],
    seeds: ['db.example:5432', '[2001:db8::1]:443', 'https://user@web.example/a?b', '1.2.3.4'].map(text),
    run: (b) => {
      addressBytes(asText(b));
      parseAddress(asText(b), 443);
    },
  },
  {
    name: 'trail digest',
    covers: ['parseTrailDigest', 'parseDigestName'],
    seeds: [text(digest)],
    run: (b) => void parseTrailDigest(asText(b), 'ab'.repeat(32)),
  },
  {
    name: 'digests',
    covers: ['parseDigests', 'verifyDigests', 'verifyDigest'],
    seeds: [encodeDigests([{ file: gzipSync(digest), signature: new Uint8Array(256) }])],
    make: either,
    run: async (b) => {
      const digests = parseDigests(b);
      try {
        await verifyDigests([b], []);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
      }
      return encodeDigests(digests);
    },
  },
  {
    name: 'trail signature',
    covers: ['parseSignature'],
    seeds: [text('ab'.repeat(256))],
    run: (b) => void parseSignature(asText(b)),
  },
  {
    name: 'trail key',
    covers: ['readTrailKey', 'readTrailKeys'],
    seeds: [text(rsaPem), text(rsaDer), text(JSON.stringify({ PublicKeyList: [{ Value: rsaDer }] }))],
    run: (b) => void readTrailKeys(asText(b)),
  },
  {
    name: 'private key',
    covers: ['parsePrivateKey'],
    seeds: [pem],
    run: (b) => void parsePrivateKey(b, 'key.pem'),
  },
  {
    name: 'OpenSSH key',
    covers: ['parseOpenSshKey'],
    seeds: [openSsh],
    run: (b) => void parseOpenSshKey(b, 'id'),
  },
  {
    name: 'public key file',
    covers: ['readPublicKey'],
    seeds: [publicPem, sshLine],
    run: (b) => void readPublicKey(b, 'key'),
  },
  {
    name: 'delegation',
    covers: ['parseDelegation'],
    seeds: DELEGATIONS.map(({ bytes }) => bytes),
    make: either,
    run: (b) => parseDelegation(b).bytes,
  },
  {
    name: 'public key',
    covers: ['parsePublicKey'],
    seeds: vectors.keys.flatMap((each: Json) => [text(each.coseKey), text(hex(each.coseKey).toBase64())]),
    run: (b) => void parsePublicKey(asText(b), 'key'),
  },
  {
    name: 'ssh-ed25519 blob',
    covers: ['parseEd25519Blob', 'readSshString'],
    seeds: [Buffer.concat([sshString(text('ssh-ed25519')), sshString(new Uint8Array(32))])],
    run: (b) => void parseEd25519Blob(b),
  },
  {
    name: 'observed',
    covers: ['decodeObserved'],
    seeds: [encodeObserved(new Uint8Array(32), tree)],
    make: either,
    run: (b) => void decodeObserved(b),
  },
  {
    name: 'output of a program',
    covers: ['readCollected'],
    seeds: [text(COLLECTED)],
    run: async (b) => void (await readCollected(asText(b), new Uint8Array(32), 4096)),
  },
];
