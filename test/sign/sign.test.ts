/** src/sign: Wycheproof, RFC 8032, keys of small order, signatures on which verifiers would disagree. */
import { readFileSync } from 'node:fs';
import { etc, hash, hashes, Point } from '@noble/ed25519';
import { sha512 } from '@noble/hashes/sha2.js';
import t, { type Test } from 'tap';
import { ALGORITHMS, assertStrongKey, PUBLIC_KEY_LENGTH, SIGNATURE_LENGTH } from '#src/sign/algorithm.ts';
import { verifyWithNoble, type Algorithm, type PublicKey } from '#src/sign/algorithm.ts';
import { seedSigner } from '../support/seed-signer.ts';

// The sources set it in their own copy, which is another one on the bundles (test/system/lean-build.test.ts).
hashes.sha512 ??= sha512;

const hex = (text: string): Uint8Array => Uint8Array.fromHex(text);
const ed25519 = (text: string): PublicKey => ({ algorithm: 'ed25519', bytes: hex(text) });
const empty = new Uint8Array(0);

interface Wycheproof {
  readonly testGroups: readonly {
    readonly publicKey: string | { readonly pk: string; readonly uncompressed: string };
    readonly tests: readonly { tcId: number; msg: string; sig: string; ctx?: string; result: string }[];
  }[];
}

function wycheproof(t: Test, name: string, algorithm: Algorithm, size: number): void {
  const folder = process.env['TALLYSTICK_VECTORS'];
  if (folder === undefined) {
    t.comment(`TALLYSTICK_VECTORS is not set: no Wycheproof ${name}`);
    return;
  }
  const file: Wycheproof = JSON.parse(readFileSync(`${folder}/wycheproof-${name}_test.json`, 'utf8'));
  const wrong: number[] = [];
  let seen = 0;
  for (const { publicKey, tests } of file.testGroups) {
    const key = typeof publicKey === 'string' ? publicKey : (publicKey.pk ?? publicKey.uncompressed.slice(2)); // 0x04
    for (const { tcId, msg, sig, ctx, result } of tests) {
      // What is signed for another context must not count for the empty one.
      const expected = result === 'valid' && (ctx ?? '') === '';
      if (verifyWithNoble({ algorithm, bytes: hex(key) }, hex(msg), hex(sig)) !== expected) wrong.push(tcId);
      seen++;
    }
  }
  t.same(wrong, [], `${name}: every verdict agrees`);
  t.equal(seen, size);
}

t.test('Wycheproof', async (t) => {
  wycheproof(t, 'ed25519', 'ed25519', 151);
  wycheproof(t, 'ecdsa_secp256r1_sha256_p1363', 'ecdsa-p256', 262);
  wycheproof(t, 'mldsa_44_verify', 'ml-dsa-44', 180);
});

t.test('RFC 8032 §7.1, test 1', async (t) => {
  const signer = seedSigner(
    'ed25519',
    hex('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60'),
  );
  t.same(signer.publicKey, ed25519('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a'));
  t.equal(
    (await signer.sign(empty)).toHex(),
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  );
});

t.test('each algorithm signs, deterministically, and refuses every change', async (t) => {
  const message = new TextEncoder().encode('tally');
  for (const algorithm of ALGORITHMS) {
    const signer = seedSigner(algorithm, new Uint8Array(32).fill(3));
    const { publicKey } = signer;
    const signature = await signer.sign(message);
    assertStrongKey(publicKey);
    t.equal(publicKey.bytes.length, PUBLIC_KEY_LENGTH[algorithm]);
    t.equal(signature.length, SIGNATURE_LENGTH[algorithm]);
    t.same(await signer.sign(message), signature, `${algorithm}: one message, one signature`);
    t.ok(verifyWithNoble(publicKey, message, signature));
    t.notOk(verifyWithNoble(publicKey, empty, signature), 'another message');
    for (const at of [0, 1, 31, 32, 33, 63]) {
      const bad = new Uint8Array(signature);
      bad[at] = (bad[at] ?? 0) ^ 1;
      t.notOk(verifyWithNoble(publicKey, message, bad), `${algorithm}: byte ${at} flipped`);
    }
    for (const bad of [
      empty,
      signature.subarray(1),
      new Uint8Array(signature.length),
      new Uint8Array([...signature, 0]),
    ]) {
      t.notOk(verifyWithNoble(publicKey, message, bad), `${algorithm}: signature of ${bad.length} bytes`);
    }
    for (const other of ALGORITHMS) {
      if (other === algorithm) continue;
      const renamed = { algorithm: other, bytes: publicKey.bytes };
      t.notOk(verifyWithNoble(renamed, message, signature), `${algorithm} signature under ${other}`);
    }
    t.throws(() => assertStrongKey({ algorithm, bytes: publicKey.bytes.subarray(1) }), { code: 'weak-key' });
    t.throws(() => seedSigner(algorithm, new Uint8Array(31)), RangeError);
  }
  t.throws(() => seedSigner('ecdsa-p256', new Uint8Array(32)), RangeError);
  t.throws(() => seedSigner('ecdsa-p256', new Uint8Array(32).fill(255)), RangeError);
});

/** A point of order 8. */
const TORSION = Point.fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05');

t.test('weak keys', async (t) => {
  const strong = Point.BASE.multiply(5n);
  const weak = [
    '0100000000000000000000000000000000000000000000000000000000000000', // the neutral element
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', // order 2
    '0000000000000000000000000000000000000000000000000000000000000000', // order 4
    TORSION.toHex(),
    strong.add(TORSION).toHex(),
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', // y = p: not canonical
    '0200000000000000000000000000000000000000000000000000000000000000', // not on the curve
  ];
  for (const key of weak) t.throws(() => assertStrongKey(ed25519(key)), { code: 'weak-key' }, key);
  t.doesNotThrow(() => assertStrongKey(ed25519(strong.toHex())));
  const offCurve: PublicKey = { algorithm: 'ecdsa-p256', bytes: new Uint8Array(64).fill(1) };
  t.throws(() => assertStrongKey(offCurve), { code: 'weak-key' });
});

t.test('a signature whose R is not of prime order is refused, as OpenSSL and libsodium do', async (t) => {
  // a, r: any scalars. R + torsion satisfies the cofactored equation and no other.
  const [a, r, message] = [1234n, 98765n, new TextEncoder().encode('hi')];
  const key = Point.BASE.multiply(a);
  const forge = (R: Point, r: bigint): Uint8Array => {
    const k = BigInt(
      `0x${hash(etc.concatBytes(R.toBytes(), key.toBytes(), message))
        .toReversed()
        .toHex()}`,
    );
    const s = etc.mod(r + k * a, Point.CURVE().n);
    return etc.concatBytes(R.toBytes(), hex(s.toString(16).padStart(64, '0')).toReversed());
  };
  const verify = (signature: Uint8Array): boolean =>
    verifyWithNoble(ed25519(key.toHex()), message, signature);
  const R = Point.BASE.multiply(r);
  t.ok(verify(forge(R, r)));
  t.notOk(verify(forge(R.add(TORSION), r)));
  t.notOk(verify(forge(R.add(TORSION.clearCofactor().add(TORSION.double().double())), r)));
  t.notOk(verify(forge(TORSION, 0n)));
  t.notOk(verify(forge(Point.ZERO, 0n)));
});
