/** src/cose: receipts and transparent statements. */
import t from 'tap';
import { digest, leafIndex, treeSize } from '#src/bytes/brand.ts';
import { decodeCbor, encodeCbor, type CborKey, type CborMap, type CborValue } from '#src/bytes/cbor.ts';
import { keyThumbprint } from '#src/cose/key.ts';
import * as receipts from '#src/cose/receipt.ts';
import { decodeSign1, encodeSign1, sigStructure } from '#src/cose/sign1.ts';
import { decodeStatement } from '#src/cose/statement.ts';
import { attachReceipts, detachReceipts } from '#src/cose/transparent.ts';
import { ALGORITHMS } from '#src/sign/algorithm.ts';
import { hashLeaf, hashNode } from '#src/tree/hash.ts';
import * as example from '../support/cose-example.ts';
import { cborMap, codeOf, hex, message } from '../support/cose-example.ts';
import { seedSigner } from '../support/seed-signer.ts';

const { decodeReceipt, verifyReceipt, verifyConsistencyReceipt } = receipts;
const { entry, receipt, root3, root5, inclusion, consistency } = example;
const logKey = example.log.publicKey;

const protectedBytes = receipts.receiptProtected(
  logKey,
  'https://log.example',
  'urn:example:config:3',
  1763800000,
);
const signature = decodeSign1(receipt).signature;
const log = { log: 'urn:example:config:3', key: logKey };

t.test('the worked receipts', async (t) => {
  const [size, index] = [treeSize(5), leafIndex(3)];
  t.same(await example.log.sign(sigStructure(protectedBytes, root5)), signature);
  t.same(receipts.encodeInclusionReceipt({ protectedBytes, signature }, size, index, inclusion), receipt);
  const read = decodeReceipt(receipt);
  t.match(read, {
    alg: -19,
    kid: keyThumbprint(logKey),
    issuer: 'https://log.example',
    subject: 'urn:example:config:3',
    time: 1763800000,
    inclusion: [{ size, index, path: inclusion }],
    consistency: [],
  });
  t.same(verifyReceipt(read, entry, log), { root: root5, size, index });

  const grown = receipts.encodeConsistencyReceipt(
    { protectedBytes, signature },
    treeSize(3),
    size,
    consistency,
  );
  const readGrown = decodeReceipt(grown);
  t.match(readGrown, { inclusion: [], consistency: [{ from: 3, to: 5, path: consistency }] });
  t.same(verifyConsistencyReceipt(readGrown, root3, root5, log), { from: 3, to: 5 });
  t.throws(() => verifyConsistencyReceipt(readGrown, root5, root5, log), { code: 'proof-failed' });
  t.throws(() => verifyConsistencyReceipt(readGrown, root3, root3, log), { code: 'proof-failed' });
  const other = { log: 'urn:example:config:4', key: logKey };
  t.throws(() => verifyReceipt(read, entry, other), {
    code: 'proof-failed',
    message: /of the log urn:example:config:3, not/,
  });
  t.throws(() => verifyConsistencyReceipt(readGrown, root3, root5, other), { code: 'proof-failed' });
  // They sign the same message (standards A4): neither passes for the other.
  t.throws(() => verifyReceipt(readGrown, entry, log), { code: 'proof-failed' });
  t.throws(() => verifyConsistencyReceipt(read, root3, root5, log), { code: 'proof-failed' });

  const transparent = attachReceipts(entry, [receipt]);
  t.same(detachReceipts(transparent), { statement: entry, receipts: [receipt] });
  const vectors = example.vectors(t)?.receipt;
  if (vectors === undefined) return;
  t.equal(receipt.toHex(), vectors['receipt']);
  t.equal(protectedBytes.toHex(), vectors['protected']);
  t.equal(signature.toHex(), vectors['signature']);
  t.equal(sigStructure(protectedBytes, root5).toHex(), vectors['sig_structure']);
  const proof = encodeCbor([5, 3, inclusion]);
  t.equal(proof.toHex(), vectors['inclusion_proof_cbor']);
  t.equal(encodeCbor([3, 5, consistency]).toHex(), vectors['consistency_proof_cbor']);
  t.equal(grown.toHex(), vectors['consistency_receipt']);
  t.equal(transparent.toHex(), vectors['transparent_statement']);
});

/** Where the bytes of `part` are in `whole`. */
const find = (whole: Uint8Array, part: Uint8Array): number => Buffer.from(whole).indexOf(part);

t.test('no bit of a receipt can change, but for the size, which is not signed', async (t) => {
  const size = find(receipt, encodeCbor([5, 3, inclusion])) + 1;
  const survivors: string[] = [];
  for (const [flipped, at, bit] of example.flips(receipt)) {
    const verdict = codeOf(() => verifyReceipt(decodeReceipt(flipped), entry, log, example.openssl));
    if (typeof verdict !== 'string') survivors.push(`${at - size}.${bit}`);
  }
  // 5 → 7: leaf 3 has the same path in trees of 5, 6, 7 and 8 (standards A3).
  t.same(survivors, ['0.1']);
});

/** A receipt with any protected header and proofs, unsigned. */
function crafted(
  changes: readonly [CborKey, CborValue | undefined][],
  vdp: CborValue,
  payload: Uint8Array | null = null,
): Uint8Array {
  const map = new Map<CborKey, CborValue>(decodeCbor(protectedBytes) as CborMap);
  for (const [label, value] of changes) {
    if (value === undefined) map.delete(label);
    else map.set(label, value);
  }
  return message(map, payload, cborMap([396, vdp]));
}

const good = encodeCbor([5, 3, inclusion]);

const claims = (...rows: [CborKey, CborValue][]): [CborKey, CborValue] => [15, cborMap(...rows)];

const proof = (value: CborValue): CborValue => cborMap([-1, [encodeCbor(value)]]);

const loose = (digits: string): CborValue => cborMap([-1, [hex(digits)]]);

t.test('receipts refused', async (t) => {
  const vdp = cborMap([-1, [good]]);
  t.match(decodeReceipt(crafted([], vdp)), { inclusion: [{ index: 3 }] }, 'as it stands it is read');
  t.match(decodeReceipt(crafted([claims([1, 'i'], [2, 's'])], vdp)), { time: undefined });
  const headers: readonly [string, ...[CborKey, CborValue | undefined][]][] = [
    ['no alg', [1, undefined]],
    ['no kid', [4, undefined]],
    ['text kid (as the drafts print it)', [4, 'kid']],
    ['no vds', [395, undefined]],
    ['no claims', [15, undefined]],
    ['no subject', claims([1, 'i'])],
    ['time a text', claims([1, 'i'], [2, 's'], [6, 'now'])],
    ['time negative', claims([1, 'i'], [2, 's'], [6, -1])],
    ['vdp protected', [396, vdp]],
    ['a critical header of statements', [2, [258]], [258, -16]],
  ];
  for (const [name, ...changes] of headers) {
    t.throws(() => decodeReceipt(crafted(changes, vdp)), { code: 'malformed-receipt' }, name);
  }
  const other = (...changes: [CborKey, CborValue][]): unknown => decodeReceipt(crafted(changes, vdp));
  t.throws(() => other([395, 2]), { code: 'unsupported-algorithm' }, 'the CCF ledger');
  t.throws(() => other([395, '1']), { code: 'unsupported-algorithm' });
  t.throws(() => other([1, -257]), { code: 'unsupported-algorithm' });
  t.throws(() => decodeReceipt(crafted([], vdp, root5)), { code: 'malformed-receipt' }, 'an attached root');
  t.throws(() => decodeReceipt(message(cborMap(), null)), { code: 'malformed-receipt' });

  const hash = new Uint8Array(32);
  const proofs: readonly [string, CborValue][] = [
    ['flattened path', proof([5, 3, ...inclusion])],
    ['proof not wrapped', cborMap([-1, [[5, 3, inclusion]]])],
    ['one proof without its list', cborMap([-1, good])],
    ['no proofs', cborMap([-1, []])],
    ['17 proofs', cborMap([-1, Array.from({ length: 17 }, () => good)])],
    ['no kind', cborMap()],
    ['both kinds', cborMap([-1, [good]], [-2, [good]])],
    ['unknown kind', cborMap([-3, [good]])],
    ['text kind', cborMap(['-1', [good]])],
    ['proofs in an array', [[good]]],
    ['a proof that is a map', proof(cborMap())],
    ['a proof of two', proof([5, 3])],
    ['a proof of four', proof([5, 3, inclusion, 0])],
    ['a size beyond 2^53', proof([2n ** 53n, 3, inclusion])],
    ['a negative index', proof([5, -1, inclusion])],
    ['a text size', proof(['5', 3, inclusion])],
    ['no path', proof([5, 3, null])],
    ['an empty path in a tree of 5', proof([5, 3, []])],
    ['an empty path in a tree of 0', proof([0, 0, []])],
    ['a hash of 31 bytes', proof([5, 3, [hash.subarray(1)]])],
    ['a hash of 33 bytes', proof([5, 3, [new Uint8Array(33)]])],
    ['a text hash', proof([5, 3, ['hash']])],
    ['64 hashes', proof([5, 3, Array.from({ length: 64 }, () => hash)])],
    ['an empty consistency path', cborMap([-2, [encodeCbor([5, 5, []])]])],
  ];
  for (const [name, vdp] of proofs) {
    t.throws(() => decodeReceipt(crafted([], vdp)), { code: 'malformed-receipt' }, name);
  }
  t.throws(() => decodeReceipt(crafted([], loose('83 1805 03 80'))), { code: 'non-deterministic' });
  t.throws(() => decodeReceipt(crafted([], loose('83 f94500 03 80'))), { code: 'malformed-cbor' }, '5.0');
  t.throws(
    () => decodeReceipt(crafted([], loose('83 c24105 03 80'))),
    { code: 'malformed-cbor' },
    'a bignum',
  );
});

/** The worked receipt with other proofs. */
const signed = (...proofs: CborValue[]): receipts.Receipt => {
  const unprotected = cborMap([396, cborMap([-1, proofs.map(encodeCbor)])]);
  return decodeReceipt(encodeSign1({ protectedBytes, unprotected, payload: null, signature }));
};

t.test('proofs that do not prove', async (t) => {
  const verify = (r: receipts.Receipt): unknown => verifyReceipt(r, entry, log, example.openssl);
  t.match(verify(signed([5, 3, inclusion], [5, 3, inclusion])), { root: root5 });
  const [a, b, c] = inclusion;
  if (a === undefined || b === undefined || c === undefined) throw new Error('three hashes');
  t.throws(
    () => verify(signed([5, 3, inclusion], [5, 3, [a, b, a]])),
    { code: 'proof-failed' },
    'the second fails',
  );
  t.throws(() => verify(signed([5, 5, inclusion])), { code: 'proof-failed' }, 'not in the tree');
  t.throws(() => verify(signed([5, 3, [a, b]])), { code: 'proof-failed' }, 'too short');
  t.throws(() => verify(signed([5, 3, [a, b, c, c]])), { code: 'proof-failed' }, 'too long');
  t.throws(() => verify(signed([5, 3, [b, a, c]])), { code: 'bad-signature' }, 'another order');
  t.throws(() => verify(signed([5, 2, inclusion])), { code: 'bad-signature' }, 'another index');
  const otherEntry = entry.subarray(1);
  t.throws(() => verifyReceipt(signed([5, 3, inclusion]), otherEntry, log), { code: 'bad-signature' });
  const wrongKey = seedSigner('ed25519', new Uint8Array(32)).publicKey;
  t.throws(() => verifyReceipt(signed([5, 3, inclusion]), entry, { ...log, key: wrongKey }), {
    code: 'bad-signature',
  });
  const wrongKind = seedSigner('ecdsa-p256', new Uint8Array(32).fill(1)).publicKey;
  t.throws(() => verifyReceipt(signed([5, 3, inclusion]), entry, { ...log, key: wrongKind }), {
    code: 'unsupported-algorithm',
  });
});

const write = (size: number, index: number, path: typeof inclusion): unknown =>
  receipts.encodeInclusionReceipt({ protectedBytes, signature }, treeSize(size), leafIndex(index), path);

t.test('receipts of every algorithm, of the only leaf, and of deep trees', async (t) => {
  const leaf = hashLeaf(entry);
  const cases = [
    { size: treeSize(1), index: leafIndex(0), path: [] },
    {
      size: treeSize(2 ** 40),
      index: leafIndex(0),
      path: Array.from({ length: 40 }, (_, i) => digest(new Uint8Array(32).fill(i))),
    },
  ];
  for (const algorithm of ALGORITHMS) {
    const signer = seedSigner(algorithm, new Uint8Array(32).fill(7));
    const header = receipts.receiptProtected(signer.publicKey, 'i', 's', 1);
    for (const { size, index, path } of cases) {
      // Leaf 0 is always the left child.
      const root = path.reduce((node, sibling) => hashNode(node, sibling), leaf);
      const seal = await signer.sign(sigStructure(header, root));
      const bytes = receipts.encodeInclusionReceipt(
        { protectedBytes: header, signature: seal },
        size,
        index,
        path,
      );
      const unprotected = cborMap([396, cborMap([-1, [encodeCbor([size, index, path])]])]);
      t.same(bytes, encodeSign1({ protectedBytes: header, unprotected, payload: null, signature: seal }));
      const own = { log: 's', key: signer.publicKey };
      t.same(verifyReceipt(decodeReceipt(bytes), entry, own), { root, size, index });
      const another = { log: 'another', key: signer.publicKey };
      t.throws(
        () => verifyReceipt(decodeReceipt(bytes), entry, another),
        { code: 'proof-failed' },
        'whose it is',
      );
    }
  }
  t.throws(() => write(5, 5, inclusion), RangeError);
  t.throws(() => write(5, 3, []), RangeError);
  t.throws(
    () =>
      write(
        5,
        3,
        Array.from({ length: 64 }, () => root5),
      ),
    RangeError,
  );
  t.throws(
    () => receipts.encodeConsistencyReceipt({ protectedBytes, signature }, treeSize(5), treeSize(5), []),
    RangeError,
  );
});

t.test('transparent statements', async (t) => {
  const carrying = attachReceipts(
    encodeSign1({ ...decodeSign1(entry), unprotected: cborMap([33, hex('01')]) }),
    [receipt],
  );
  t.same([...decodeSign1(carrying).unprotected.keys()], [33, 394], 'other labels stay');
  const foreign = message(cborMap([395, 2]), null);
  const both = attachReceipts(carrying, [foreign]);
  t.same(detachReceipts(both), { statement: entry, receipts: [receipt, foreign] }, 'in order');
  t.equal(decodeStatement(both).subject, 'urn:example:config:3');
  t.throws(() => attachReceipts(entry, []), RangeError);
  t.throws(() => attachReceipts(entry, [entry.subarray(1)]), { code: 'malformed-receipt' });
  t.throws(() => attachReceipts(entry, [hex('80')]), { code: 'malformed-receipt' });
  const many = Array.from({ length: 16 }, () => receipt);
  t.equal(detachReceipts(attachReceipts(entry, many)).receipts.length, 16);
  t.throws(() => attachReceipts(carrying, many), { code: 'too-large' });
  const holding = (value: CborValue): Uint8Array =>
    encodeSign1({ ...decodeSign1(entry), unprotected: cborMap([394, value]) });
  for (const bad of [
    null,
    [],
    [[1]],
    receipt,
    cborMap([1, receipt]),
    Array.from({ length: 17 }, () => receipt),
  ]) {
    t.throws(() => detachReceipts(holding(bad)), { code: 'malformed-statement' });
  }
  t.throws(() => detachReceipts(entry), { code: 'malformed-statement' }, 'none');
});
