/** src/cose: COSE_Sign1 and signed statements. */
import t from 'tap';
import { sha256 } from '@noble/hashes/sha2.js';
import { encodeCbor, type CborKey, type CborValue } from '#src/bytes/cbor.ts';
import { algorithmId, algorithmOf } from '#src/cose/algorithm.ts';
import { encodeCoseKey, keyThumbprint } from '#src/cose/key.ts';
import { headerMemo } from '#src/cose/header-memo.ts';
import { decodeSign1, encodeSign1, sigStructure } from '#src/cose/sign1.ts';
import { decodeStatement, entryBytes, signStatement, verifyStatement } from '#src/cose/statement.ts';
import { Refusal } from '#src/bytes/refusal.ts';
import { ALGORITHMS, verifyWithNoble } from '#src/sign/algorithm.ts';
import { hashLeaf } from '#src/tree/hash.ts';
import * as example from '../support/cose-example.ts';
import { cborMap, codeOf, empty, hex, message } from '../support/cose-example.ts';
import { encodeKeySet } from '../support/key-set.ts';
import { seedSigner } from '../support/seed-signer.ts';

const issuerKid = hex('ea8dd05cfa2f22510a774b30bdf360c9bc603774c1a38f2478a62312416f1ccd');

t.test('the worked statement', async (t) => {
  const { entry, issuer } = example;
  t.same(await signStatement(example.headers(3), example.payload(3), issuer), entry, 'signed again');
  const statement = decodeStatement(entry);
  t.match(statement, {
    alg: -19,
    kid: issuerKid,
    issuer: 'https://issuer.example',
    subject: 'urn:example:config:3',
    contentType: undefined,
    hashEnvelope: { alg: -16, preimageContentType: 'application/json', location: undefined },
    confirmation: undefined,
    payload: example.payload(3),
  });
  t.same(entryBytes(statement.sign1), entry);
  verifyStatement(statement, issuer.publicKey);
  t.equal(hashLeaf(entry).toHex(), 'f367355810842d3365f255bfafc5c970a6f11434088f1a730e2ca277a1f80f6c');
  const vectors = example.vectors(t);
  if (vectors === undefined) return;
  const { statement3, cose_keys: keys } = vectors;
  t.equal(entry.toHex(), statement3['entry_bytes']);
  t.equal(sha256(entry).toHex(), statement3['entry_sha256']);
  t.equal(hashLeaf(entry).toHex(), statement3['leaf_hash']);
  t.equal(statement.sign1.protectedBytes.toHex(), statement3['protected']);
  t.equal(statement.sign1.signature.toHex(), statement3['signature']);
  const signed = sigStructure(statement.sign1.protectedBytes, statement.payload);
  t.equal(signed.toHex(), statement3['sig_structure']);
  t.equal(issuer.publicKey.bytes.toHex(), keys['issuer_pub']);
  t.equal(keyThumbprint(issuer.publicKey).toHex(), keys['issuer_kid']);
  t.equal(sha256(hex(keys['issuer_thumb_input'] ?? '')).toHex(), keys['issuer_kid']);
  t.equal(keyThumbprint(example.log.publicKey).toHex(), keys['ts_kid']);
  t.equal(encodeCoseKey(example.log.publicKey).toHex(), keys['ts_cose_key']);
  t.equal(encodeKeySet([example.log.publicKey]).toHex(), keys['ts_key_set']);
});

t.test('no bit of a signed entry can change', async (t) => {
  const survivors: number[] = [];
  for (const [flipped, at] of example.flips(example.entry)) {
    const verdict = codeOf(() =>
      verifyStatement(decodeStatement(flipped), example.issuer.publicKey, example.openssl),
    );
    if (verdict === undefined) survivors.push(at);
  }
  t.same(survivors, []);
});

// RFC 9052 appendix C.2.1; the key is that of appendix C.7.1 with kid '11'.
const rfc9052 = hex(
  'd28443a10126a10442313154546869732069732074686520636f6e74656e742e58408eb33e4ca31d1c465ab05aac34cc6b23' +
    'd58fef5c083106c4d25a91aef0b0117e2af9a291aa32e14ab834dc56ed2a223444547e01f11d3b0916e5a4c345cacb36',
);

t.test('COSE_Sign1', async (t) => {
  const sign1 = decodeSign1(rfc9052);
  t.same(encodeSign1(sign1), rfc9052);
  const signed = sigStructure(sign1.protectedBytes, sign1.payload ?? empty);
  t.equal(signed.toHex(), '846a5369676e61747572653143a101264054546869732069732074686520636f6e74656e742e');
  const bytes = hex(
    'bac5b11cad8f99f9c72b05cf4b9e26d244dc189f745228255a219a86d6a09eff' +
      '20138bf82dc1b6d562be0fa54ab7804a3a64b6d72ccfed6b6fb6ed28bbfc117e',
  );
  t.ok(verifyWithNoble({ algorithm: 'ecdsa-p256', bytes }, signed, sign1.signature));
  // RFC 9052 §4.4: an empty protected header is h'' in what is signed, however it came.
  t.same(sigStructure(hex('a0'), hex('01')), sigStructure(empty, hex('01')));
  t.same(decodeSign1(hex('d28441a0a0f640')).headers, new Map());
  t.same(decodeSign1(hex('d28440a0f640')).headers, new Map());
  const shapes: readonly [name: string, bytes: string, code?: string][] = [
    ['no tag', '8440a0f640'],
    ['tag on a map', 'd2a0'],
    ['three elements', 'd28340a0f6'],
    ['five elements', 'd28540a0f64040'],
    ['protected header not wrapped', 'd284a0a0f640'],
    ['protected header an array', 'd2844180a0f640'],
    ['unprotected header an array', 'd2844080f640'],
    ['payload text', 'd28440a06040'],
    ['payload false', 'd28440a0f440'],
    ['signature null', 'd28440a0f6f6'],
    ['label in both headers', 'd28443a10100a10100f640'],
    ['protected header not CBOR', 'd28441a1a0f640', 'malformed-cbor'],
    ['protected header not deterministic', 'd28444a1180100a0f640', 'non-deterministic'],
    ['protected header with a second item', 'd28442a000a0f640', 'malformed-cbor'],
    ['tag in two bytes', 'd8128440a0f640', 'non-deterministic'],
  ];
  for (const [name, bytes, code] of shapes) {
    t.throws(() => decodeSign1(hex(bytes)), { code: code ?? 'malformed-statement' }, name);
    t.throws(() => decodeSign1(hex(bytes), {}, 'receipt'), { code: code ?? 'malformed-receipt' }, name);
  }
});

/** The headers of a good statement with some replaced, or left out where undefined. */
function changed(...changes: readonly [CborKey, CborValue | undefined][]): Map<CborKey, CborValue> {
  const map = cborMap([1, -19], [4, issuerKid], [15, cborMap([1, 'i'], [2, 's'])]);
  for (const [label, value] of changes) {
    if (value === undefined) map.delete(label);
    else map.set(label, value);
  }
  return map;
}

t.test('statements accepted', async (t) => {
  const read = (...changes: [CborKey, CborValue | undefined][]): object =>
    decodeStatement(message(changed(...changes), hex('01')));
  t.match(read([3, 'text/plain']), { contentType: 'text/plain', hashEnvelope: undefined });
  t.match(read([3, 0]), { contentType: 0 });
  t.match(read(['ccf.v1', cborMap()], [-65537, null]), { subject: 's' }, 'unknown labels');
  t.match(read([2, [1, 15]]), { alg: -19 }, 'critical headers that are understood');
  t.match(read([15, cborMap([1, '𐅑'.repeat(8192)], [2, ''])]), { subject: '' }, 'characters, not UTF-16');
  t.match(read([4, new Uint8Array(64)]), { kid: new Uint8Array(64) });
  t.match(read([15, cborMap([1, 'i'], [2, 's'], [8, cborMap([3, hex('01')])])]), { confirmation: undefined });
  for (const [alg, length] of [
    [-16, 32],
    [-43, 48],
    [-44, 64],
  ] as const) {
    const digest = new Uint8Array(length);
    const { hashEnvelope } = decodeStatement(
      message(changed([258, alg], [260, 'https://x.example']), digest),
    );
    t.same(hashEnvelope, { alg, preimageContentType: undefined, location: 'https://x.example' });
  }
  const others = cborMap([33, [hex('01')]], ['x', 1]);
  const carrying = decodeStatement(message(changed(), hex('01'), others));
  t.same(entryBytes(carrying.sign1), message(changed(), hex('01')), 'unprotected headers are not logged');
  const overhead = message(changed(), new Uint8Array(60_000)).length - 60_000;
  const full = message(changed(), new Uint8Array(65_535 - overhead));
  t.equal(full.length, 65_535);
  t.equal(entryBytes(decodeStatement(full).sign1).length, 65_535);
});

const claims = (...rows: [CborKey, CborValue][]): [CborKey, CborValue] => [15, cborMap(...rows)];

t.test('statements refused', async (t) => {
  const envelope: [CborKey, CborValue] = [258, -16];
  const digest = new Uint8Array(32);
  const cases: readonly [string, ...[CborKey, CborValue | undefined][]][] = [
    ['no alg', [1, undefined]],
    ['no kid', [4, undefined]],
    ['text kid', [4, 'key-1']],
    ['empty kid', [4, empty]],
    ['kid of 65 bytes', [4, new Uint8Array(65)]],
    ['no claims', [15, undefined]],
    ['claims an array', [15, []]],
    ['no issuer', claims([2, 's'])],
    ['empty issuer', claims([1, ''], [2, 's'])],
    ['long issuer', claims([1, 'i'.repeat(8193)], [2, 's'])],
    ['issuer a number', claims([1, 1], [2, 's'])],
    ['no subject', claims([1, 'i'])],
    ['subject bytes', claims([1, 'i'], [2, hex('01')])],
    ['cnf text', claims([1, 'i'], [2, 's'], [8, 'key'])],
    ['content type bytes', [3, hex('01')]],
    ['content type negative', [3, -1]],
    ['crit empty', [2, []]],
    ['crit a number', [2, 1]],
    ['crit unknown', [2, [99]], [99, 0]],
    ['crit names what only receipts understand', [2, [395]], [395, 1]],
    ['crit names bytes', [2, [hex('01')]]],
    ['crit names what is missing', [2, [258]]],
    ['hash envelope with content type', envelope, [3, 'text/plain']],
    ['unknown hash', [258, -15]],
    ['SHA-512 with 32 bytes', [258, -44]],
    ['preimage content type alone', [259, 'text/plain']],
    ['location alone', [260, 'https://x.example']],
    ['preimage content type null', envelope, [259, null]],
    ['location a number', envelope, [260, 1]],
  ];
  for (const [name, ...changes] of cases) {
    t.throws(
      () => decodeStatement(message(changed(...changes), digest)),
      { code: 'malformed-statement' },
      name,
    );
  }
  const unprotected: readonly [string, Map<CborKey, CborValue>, ...[CborKey, CborValue | undefined][]][] = [
    ['alg in both', cborMap([1, -19])],
    ['alg unprotected alone', cborMap([1, -19]), [1, undefined]],
    ['kid unprotected alone', cborMap([4, issuerKid]), [4, undefined]],
    ['claims unprotected alone', cborMap([15, cborMap([1, 'i'], [2, 's'])]), [15, undefined]],
    ['crit unprotected', cborMap([2, [1]])],
    ['258 unprotected', cborMap(envelope)],
    ['259 unprotected', cborMap([259, 'text/plain']), envelope],
    ['260 unprotected', cborMap([260, 'https://x.example']), envelope],
    ['content type unprotected beside a hash envelope', cborMap([3, 'text/plain']), envelope],
  ];
  for (const [name, extra, ...changes] of unprotected) {
    const bytes = message(changed(...changes), digest, extra);
    t.throws(() => decodeStatement(bytes), { code: 'malformed-statement' }, name);
  }
  for (const alg of [-257, -35, 0, 'EdDSA', 2n ** 63n]) {
    t.throws(() => decodeStatement(message(changed([1, alg]), digest)), { code: 'unsupported-algorithm' });
  }
  t.throws(() => decodeStatement(message(changed(), null)), { code: 'payload-missing' });
  t.throws(() => decodeStatement(message(changed(), new Uint8Array(65_500))), { code: 'too-large' });
  const cnf = claims([1, 'i'], [2, 's'], [8, cborMap([1, encodeCoseKey(example.log.publicKey)])]);
  t.throws(() => decodeStatement(message(changed(cnf), digest)), { code: 'malformed-key' }, 'a wrapped key');
});

const sign = (extra: object, body = hex('01')): Promise<Uint8Array> =>
  signStatement({ issuer: 'i', subject: 's', ...extra }, body, example.issuer);

t.test('a memo of headers changes nothing', async (t) => {
  const { entry } = example;
  const readHeaders = headerMemo();
  const first = decodeStatement(entry, undefined, readHeaders);
  t.same(first, decodeStatement(entry), 'a header not seen before');
  const again = decodeStatement(entry, undefined, readHeaders);
  t.same(again, first);
  t.equal(again.claims, first.claims, 'read once');
  const header = first.sign1.protectedBytes;
  for (let bit = 0; bit < 8 * header.length; bit++) {
    const changed = Uint8Array.from(entry);
    const at = header.byteOffset - first.sign1.message.byteOffset + Math.floor(bit / 8);
    changed[at] = (changed[at] ?? 0) ^ (1 << (bit % 8));
    const plain = attempt(() => decodeStatement(changed));
    for (const time of ['first', 'second'])
      t.same(
        attempt(() => decodeStatement(changed, undefined, readHeaders)),
        plain,
        `bit ${bit}, ${time}`,
      );
  }
});

/** What a call gave, or the refusal it threw. */
function attempt(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error instanceof Refusal ? `${error.code}: ${error.message}` : error;
  }
}

t.test('a message in a Buffer is read like any other', async (t) => {
  const pooled = Buffer.from(example.entry);
  const { sign1 } = decodeStatement(pooled);
  t.same(entryBytes(sign1), example.entry);
  t.equal(Object.getPrototypeOf(sign1.payload), Uint8Array.prototype, 'slices of it are copies');
});

t.test('signing statements with each algorithm', async (t) => {
  for (const algorithm of ALGORITHMS) {
    const signer = seedSigner(algorithm, new Uint8Array(32).fill(9));
    const claims = cborMap([6, 1763800000], ['tier', 'prod']);
    const bytes = await signStatement(
      { issuer: 'i', subject: 's', contentType: 'text/plain', claims, confirm: true },
      hex('0102'),
      signer,
    );
    const statement = decodeStatement(bytes);
    t.same(statement.confirmation, signer.publicKey);
    t.same(statement.kid, keyThumbprint(signer.publicKey));
    t.equal(statement.alg, algorithmId(algorithm));
    t.equal(statement.claims.get('tier'), 'prod');
    verifyStatement(statement, signer.publicKey);
    t.throws(() => verifyStatement(statement, seedSigner(algorithm, new Uint8Array(32).fill(8)).publicKey), {
      code: 'bad-signature',
    });
    const other = ALGORITHMS.find((name) => name !== algorithm) ?? algorithm;
    const otherKey = seedSigner(other, new Uint8Array(32).fill(9)).publicKey;
    t.throws(() => verifyStatement(statement, otherKey), { code: 'unsupported-algorithm' });
  }
  await t.rejects(sign({ issuer: '' }), { code: 'malformed-statement' });
  await t.rejects(sign({ hashEnvelope: {} }), { code: 'malformed-statement' }, 'the payload is no digest');
  await t.rejects(sign({ hashEnvelope: {}, contentType: 'a/b' }, sha256(empty)), {
    code: 'malformed-statement',
  });
  await t.rejects(sign({}, new Uint8Array(65_535)), { code: 'too-large' });
  await t.rejects(sign({ claims: cborMap([1, 'x']) }), RangeError);
});

t.test('the older algorithm numbers are read, with the key they belong to', async (t) => {
  for (const [alg, algorithm] of [
    [-8, 'ed25519'],
    [-7, 'ecdsa-p256'],
  ] as const) {
    const signer = seedSigner(algorithm, new Uint8Array(32).fill(9));
    const protectedBytes = encodeCbor(changed([1, alg]));
    const signature = await signer.sign(sigStructure(protectedBytes, hex('01')));
    const bytes = encodeSign1({ protectedBytes, unprotected: new Map(), payload: hex('01'), signature });
    verifyStatement(decodeStatement(bytes), signer.publicKey);
    t.throws(() => verifyStatement(decodeStatement(bytes), { algorithm: 'ml-dsa-44', bytes: empty }), {
      code: 'unsupported-algorithm',
    });
    t.equal(algorithmOf(alg), algorithm);
    t.not(algorithmId(algorithm), alg, 'and never written');
  }
});
