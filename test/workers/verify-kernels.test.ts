/**
 * src/workers/verify-kernel.ts: libsodium, OpenSSL and noble give one verdict on every signature by a strong
 * key: Wycheproof, mutations, and the edge cases in which strict Ed25519 verifiers are known to differ.
 */
import { readFileSync } from 'node:fs';
import { etc, hash, Point } from '@noble/ed25519';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import {
  ALGORITHMS,
  verifyWithNoble,
  type Algorithm,
  type PublicKey,
  type VerifySignature,
} from '#src/sign/algorithm.ts';
import { chooseVerifier } from '#src/workers/kernels.ts';
import { knowsSignature, quickVerifier } from '#src/workers/sound.ts';
import { knownSignature } from '#src/workers/known-signatures.ts';
import { nodeVerifier, sodiumVerifier } from '#src/workers/verify-kernel.ts';
import { seedSigner } from '../support/seed-signer.ts';

const onNode = nodeVerifier();
const onSodium = sodiumVerifier();
const chosen = chooseVerifier();
const quick = quickVerifier();

/** The kernels that check an algorithm, by name. */
function kernels(algorithm: Algorithm): Record<string, VerifySignature> {
  const all = { noble: verifyWithNoble, node: onNode, chosen, quick };
  return algorithm === 'ed25519' ? { ...all, sodium: onSodium } : all;
}

/** The kernels' common verdict; a disagreement fails the test. */
function verdict(t: Test, key: PublicKey, message: Uint8Array, signature: Uint8Array): boolean {
  const verdicts = Object.entries(kernels(key.algorithm)).map(
    ([name, verify]) => [name, verify(key, message, signature)] as const,
  );
  const good = verdicts.filter(([, ok]) => ok).map(([name]) => name);
  if (good.length > 0 && good.length < verdicts.length) {
    t.fail(`only ${good.join(', ')} accept`, { key: key.bytes.toHex(), signature: signature.toHex() });
  }
  return good.length > 0;
}

interface Wycheproof {
  readonly testGroups: readonly {
    readonly publicKey: string | { readonly pk?: string; readonly uncompressed: string };
    readonly tests: readonly { tcId: number; msg: string; sig: string; ctx?: string; result: string }[];
  }[];
}

t.test('Wycheproof', async (t) => {
  const folder = process.env['TALLYSTICK_VECTORS'];
  if (folder === undefined) {
    t.comment('TALLYSTICK_VECTORS is not set: only the built-in known answers and properties are checked');
    return;
  }
  const files = [
    ['ed25519', 'ed25519', 151],
    ['ecdsa_secp256r1_sha256_p1363', 'ecdsa-p256', 262],
    ['mldsa_44_verify', 'ml-dsa-44', 180],
  ] as const;
  for (const [name, algorithm, size] of files) {
    const file: Wycheproof = JSON.parse(readFileSync(`${folder}/wycheproof-${name}_test.json`, 'utf8'));
    const cases = file.testGroups.flatMap(({ publicKey, tests }) => {
      // An uncompressed point begins with 04.
      const hex =
        typeof publicKey === 'string' ? publicKey : (publicKey.pk ?? publicKey.uncompressed.slice(2));
      return tests.map((test) => ({ ...test, key: { algorithm, bytes: Uint8Array.fromHex(hex) } }));
    });
    t.equal(cases.length, size);
    for (const [kernel, verify] of Object.entries(kernels(algorithm))) {
      const wrong = cases.filter(({ key, msg, sig, ctx, result }) => {
        // What is signed for another context must not count for the empty one.
        const expected = result === 'valid' && (ctx ?? '') === '';
        return verify(key, Uint8Array.fromHex(msg), Uint8Array.fromHex(sig)) !== expected;
      });
      t.same(
        wrong.map(({ tcId }) => tcId),
        [],
        `${name} on ${kernel}`,
      );
    }
  }
});

t.test('known signatures are what seedSigner makes, and tell good from bad verifiers', async (t) => {
  for (const algorithm of ALGORITHMS) {
    const { key, message, signature } = knownSignature(algorithm);
    const signer = seedSigner(algorithm, new Uint8Array(32).fill(1));
    t.same(key, signer.publicKey);
    t.same(signature, await signer.sign(message));
    for (const verify of Object.values(kernels(algorithm))) t.ok(knowsSignature(verify, algorithm));
    t.notOk(knowsSignature(() => true, algorithm));
    t.notOk(knowsSignature(() => false, algorithm));
  }
  t.notOk(knowsSignature(onSodium, 'ml-dsa-44'), 'libsodium checks Ed25519 alone');
  t.equal(chooseVerifier(), chosen, 'chosen once');
});

const flip = (bytes: Uint8Array, at: number): Uint8Array =>
  bytes.map((byte, i) => (i === Math.floor(at / 8) % bytes.length ? byte ^ (1 << (at % 8)) : byte));

t.test('kernels agree on good and changed signatures', async (t) => {
  for (const algorithm of ALGORITHMS) {
    for (const [n, length] of [0, 1, 300, 70_000].entries()) {
      const signer = seedSigner(algorithm, new Uint8Array(32).fill(n + 2));
      const key = signer.publicKey;
      const message = new Uint8Array(length).map((_, i) => i % 251);
      const signature = await signer.sign(message);
      t.ok(verdict(t, key, message, signature), `${algorithm}: ${length} bytes`);
      const bad = [
        signature.subarray(1),
        new Uint8Array([...signature, 0]),
        new Uint8Array(0),
        new Uint8Array(signature.length),
      ];
      for (const other of bad) t.notOk(verdict(t, key, message, other), `${other.length} bytes of signature`);
      for (const bytes of [key.bytes.subarray(1), new Uint8Array([...key.bytes, 0]), new Uint8Array(0)]) {
        t.notOk(verdict(t, { algorithm, bytes }, message, signature), `${bytes.length} bytes of key`);
      }
      for (const other of ALGORITHMS) {
        if (other !== algorithm)
          t.notOk(verdict(t, { algorithm: other, bytes: key.bytes }, message, signature));
      }
      fc.assert(
        fc.property(fc.nat(1e6), fc.constantFrom('signature', 'message'), (at, part) => {
          if (part === 'signature') return !verdict(t, key, message, flip(signature, at));
          return length === 0 || !verdict(t, key, flip(message, at), signature);
        }),
        { seed: 5, numRuns: algorithm === 'ml-dsa-44' ? 10 : 40 },
      );
    }
  }
});

const number = (n: bigint): Uint8Array => Uint8Array.fromHex(n.toString(16).padStart(64, '0'));
const joined = (...halves: bigint[]): Uint8Array => new Uint8Array(halves.flatMap((n) => [...number(n)]));

t.test('ECDSA: both halves of s are good, the edges of r and s are not', async (t) => {
  const { key, message, signature } = knownSignature('ecdsa-p256');
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const [r, s] = [0, 32].map((at) => BigInt(`0x${signature.subarray(at, at + 32).toHex()}`));
  if (r === undefined || s === undefined) throw new Error('a signature has two halves');
  t.ok(verdict(t, key, message, joined(r, s)));
  t.ok(verdict(t, key, message, joined(r, order - s)), 'high s');
  for (const edge of [0n, order, order + 1n, 2n ** 256n - 1n]) {
    t.notOk(verdict(t, key, message, joined(edge, s)));
    t.notOk(verdict(t, key, message, joined(r, edge)));
  }
  if (s + order < 2n ** 256n) t.notOk(verdict(t, key, message, joined(r, s + order)));
});

/** A point of order 8, and the order of the prime-order group (RFC 8032 §5.1). */
const TORSION = Point.fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05');
const ORDER = Point.CURVE().n;

function littleEndian(n: bigint): Uint8Array {
  return number(n).toReversed();
}

/** A signature with the R of the signer's own choice: S = r + k·a (RFC 8032 §5.1.6). */
function signWith(a: bigint, r: bigint, R: Point, message: Uint8Array): Uint8Array {
  const A = Point.BASE.multiply(a).toBytes();
  const k = hash(etc.concatBytes(R.toBytes(), A, message))
    .toReversed()
    .toHex();
  return etc.concatBytes(R.toBytes(), littleEndian(etc.mod(r + BigInt(`0x${k}`) * a, ORDER)));
}

t.test('Ed25519: what strict verifiers differ on', async (t) => {
  const [a, r] = [123_456_789n, 987_654_321n];
  const key: PublicKey = { algorithm: 'ed25519', bytes: Point.BASE.multiply(a).toBytes() };
  const message = new TextEncoder().encode('tally');
  const good = signWith(a, r, Point.BASE.multiply(r), message);
  t.ok(verdict(t, key, message, good));
  for (let n = 1n; n < 8n; n++) {
    const R = Point.BASE.multiply(r).add(TORSION.multiply(n));
    t.notOk(verdict(t, key, message, signWith(a, r, R, message)), `R with a part of small order, ${n}`);
    t.notOk(
      verdict(t, key, message, signWith(a, 0n, TORSION.multiply(n), message)),
      `R of small order, ${n}`,
    );
  }
  t.notOk(verdict(t, key, message, signWith(a, 0n, Point.ZERO, message)), 'R = 0');
  const S = BigInt(`0x${good.subarray(32).toReversed().toHex()}`);
  t.notOk(verdict(t, key, message, etc.concatBytes(good.subarray(0, 32), littleEndian(S + ORDER))), 'S + L');
});

t.test('many keys: the oldest imported ones are forgotten, and come back', async (t) => {
  const { message, signature, key } = knownSignature('ed25519');
  for (let n = 1n; n < 600n; n++) {
    onNode({ algorithm: 'ed25519', bytes: Point.BASE.multiply(n).toBytes() }, message, signature);
  }
  t.ok(onNode(key, message, signature));
});

function shared(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length + 3)).subarray(3);
  copy.set(bytes);
  return copy;
}

t.test('shared memory', async (t) => {
  for (const algorithm of ALGORITHMS) {
    const { key, message, signature } = knownSignature(algorithm);
    t.ok(verdict(t, { algorithm, bytes: shared(key.bytes) }, shared(message), shared(signature)), algorithm);
  }
});
