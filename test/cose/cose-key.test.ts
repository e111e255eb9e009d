/** src/cose: keys, key sets, thumbprints; and every parser of the folder against mutants. */
import fc from 'fast-check';
import t from 'tap';
import { encodeCbor, type CborKey, type CborValue } from '#src/bytes/cbor.ts';
import { decodeCoseKey, decodeKeySet, encodeCoseKey, keyThumbprint } from '#src/cose/key.ts';
import { decodeReceipt } from '#src/cose/receipt.ts';
import { decodeSign1 } from '#src/cose/sign1.ts';
import { decodeStatement } from '#src/cose/statement.ts';
import { attachReceipts, detachReceipts } from '#src/cose/transparent.ts';
import { ALGORITHMS, type PublicKey } from '#src/sign/algorithm.ts';
import { cborMap, codeOf, empty, entry, hex, log, receipt } from '../support/cose-example.ts';
import { encodeKeySet } from '../support/key-set.ts';
import { seedSigner } from '../support/seed-signer.ts';

// The same cases in every run.
fc.configureGlobal({ seed: 20_261_122 });

const logKey = log.publicKey;

const p256 = (x: string, y: string): PublicKey => ({ algorithm: 'ecdsa-p256', bytes: hex(x + y) });

t.test('COSE keys', async (t) => {
  const rfc9679 = p256(
    '65eda5a12577c2bae829437fe338701a10aaa375e1bb5b5de108de439c08551d',
    '1e52ed75701163f7f9e40ddf9f341b3dc9ba860af7e0ca7ca7e9eecd0084d19c',
  );
  t.equal(
    keyThumbprint(rfc9679).toHex(),
    '496bd8afadf307e5b08c64b0421bf9dc01528a344a43bda88fadd1669da253ec',
    'RFC 9679 §6',
  );
  const keys = ALGORITHMS.map((name) => seedSigner(name, new Uint8Array(32).fill(4)).publicKey);
  for (const key of keys) {
    t.same(decodeCoseKey(encodeCoseKey(key)), { key, kid: keyThumbprint(key) });
    t.not(keyThumbprint(key).toHex(), keyThumbprint(rfc9679).toHex());
  }
  const [x, y, pub] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2), new Uint8Array(1312)];
  const okp = [
    [1, 1],
    [-1, 6],
    [-2, x],
  ] as const;
  const ec2 = [
    [1, 2],
    [-1, 1],
    [-2, x],
    [-3, y],
  ] as const;
  t.same(decodeCoseKey(cborMap(...okp)), { key: { algorithm: 'ed25519', bytes: x }, kid: undefined });
  t.match(decodeCoseKey(cborMap(...okp, [3, -8], [4, [2]])), { key: { bytes: x } }, 'key_ops are ignored');
  t.match(decodeCoseKey(cborMap(...ec2, [3, -7], [2, hex('01')])), {
    key: { bytes: new Uint8Array([...x, ...y]) },
  });
  const bad: readonly (readonly (readonly [CborKey, CborValue])[])[] = [
    [],
    [[1, 3]],
    [...okp, [-4, x]],
    [...ec2, [-4, x]],
    [
      [1, 7],
      [3, -48],
      [-1, pub],
      [-2, x],
    ],
    [
      [1, 7],
      [-1, pub],
    ],
    [
      [1, 7],
      [3, -49],
      [-1, pub],
    ],
    [
      [1, 7],
      [3, -48],
      [-1, x],
    ],
    [
      [1, 1],
      [-1, 7],
      [-2, x],
    ],
    [
      [1, 1],
      [-1, 6],
    ],
    [
      [1, 1],
      [-1, 6],
      [-2, x.subarray(1)],
    ],
    [
      [1, 2],
      [-1, 1],
      [-2, x],
      [-3, true],
    ],
    [
      [1, 2],
      [-1, 2],
      [-2, x],
      [-3, y],
    ],
    [...okp, [3, -9]],
    [...okp, [3, 'EdDSA']],
    [...okp, [2, 'kid']],
    [...okp, [2, empty]],
  ];
  for (const rows of bad) t.throws(() => decodeCoseKey(cborMap(...rows)), { code: 'malformed-key' });
  t.throws(() => decodeCoseKey([]), { code: 'malformed-key' });
  t.same(
    decodeKeySet(encodeKeySet(keys)).map((each) => each.key),
    keys,
  );
  const mixed = encodeCbor([cborMap(), encodeCoseKey(rfc9679), cborMap(...okp)]);
  t.match(decodeKeySet(mixed), [{ key: { algorithm: 'ed25519' } }], 'the others stand (RFC 9052 §7)');
  for (const set of ['80', 'a0', '00']) t.throws(() => decodeKeySet(hex(set)), { code: 'malformed-key' });
});

t.test('whatever comes, the answer is a value or a refusal', async (t) => {
  const parsers = [decodeSign1, decodeStatement, decodeReceipt, detachReceipts, decodeCoseKey, decodeKeySet];
  const seeds = [
    entry,
    receipt,
    attachReceipts(entry, [receipt]),
    encodeCoseKey(logKey),
    encodeKeySet([logKey]),
  ];
  const edits = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 });
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.tuple(fc.constantFrom(...seeds), edits).map(([seed, changes]) => {
      const mutant = new Uint8Array(seed);
      for (const [at, byte] of changes) mutant[at % mutant.length] = byte;
      return mutant;
    }),
  );
  fc.assert(
    fc.property(bytes, (b) => {
      for (const parse of parsers) codeOf<unknown>(() => parse(b));
    }),
    { numRuns: 1000 },
  );
  t.pass();
});
