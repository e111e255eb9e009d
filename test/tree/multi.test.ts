/** One proof for many leaves and earlier roots: against trees hashed slowly, and against every change of it. */
import fc from 'fast-check';
import t from 'tap';
import { digest, leafIndex, treeSize, type Digest } from '../../src/bytes/brand.ts';
import { equalBytes } from '../../src/bytes/compare.ts';
import { emptyEdge, grow } from '../../src/tree/grow.ts';
import { hashLeaf, nobleHasher } from '../../src/tree/hash.ts';
import { nodesForMany, proveMany, verifyMany, type Shown } from '../../src/tree/multi.ts';
import { proveConsistency, proveInclusion, rootAt, type NodeReader } from '../../src/tree/prove.ts';
import { verifyConsistency, verifyInclusion } from '../../src/tree/verify.ts';

const leafAt = (i: number): Digest => hashLeaf(Buffer.from(`leaf ${i}`));

/** A tree of some leaves. */
function treeOf(size: number): { readonly read: NodeReader; readonly root: Digest } {
  const leaves = Buffer.concat(Array.from({ length: size }, (_, i) => leafAt(i)));
  return grow(emptyEdge(), leaves, nobleHasher);
}

const sorted = (list: readonly number[]): number[] => [...new Set(list)].toSorted((a, b) => a - b);
const shown = fc.integer({ min: 1, max: 600 }).chain((size) =>
  fc.record({
    size: fc.constant(treeSize(size)),
    leaves: fc.uniqueArray(fc.nat(size - 1), { maxLength: 40 }).map(sorted),
    sizes:
      size === 1
        ? fc.constant([])
        : fc.uniqueArray(fc.integer({ min: 1, max: size - 1 }), { maxLength: 10 }).map(sorted),
  }),
);
const check = (what: Shown, proof: readonly Digest[], root: Digest): NodeReader =>
  verifyMany(what, (i) => leafAt(what.leaves[i] ?? -1), proof, root);

t.test('what it proves: each leaf, each earlier root, and the consistency between them', async () => {
  fc.assert(
    fc.property(shown, (what) => {
      const { read, root } = treeOf(what.size);
      const known = check(what, proveMany(read, what), root);
      for (const index of what.leaves)
        verifyInclusion(
          leafIndex(index),
          what.size,
          leafAt(index),
          proveInclusion(known, leafIndex(index), what.size),
          root,
        );
      for (const each of what.sizes) {
        const size = treeSize(each);
        const old = rootAt(known, size);
        if (!equalBytes(old, treeOf(each).root)) return false;
        verifyConsistency(size, what.size, proveConsistency(known, size, what.size), old, root);
      }
      return equalBytes(rootAt(known, what.size), root);
    }),
    { numRuns: 150 },
  );
});

t.test(
  'no change of it passes: a hash changed, dropped, doubled, or two exchanged; a leaf or a size moved',
  async () => {
    fc.assert(
      fc.property(shown, fc.nat(), (what, n) => {
        const { read, root } = treeOf(what.size);
        const proof = proveMany(read, what);
        const at = proof.length === 0 ? 0 : n % proof.length;
        const other = digest(
          Uint8Array.from(proof[at] ?? new Uint8Array(32), (b, i) => (i === n % 32 ? b ^ 1 : b)),
        );
        const changes = [
          [...proof, digest(new Uint8Array(32))],
          ...(proof.length === 0
            ? []
            : [proof.with(at, other), proof.toSpliced(at, 1), proof.toSpliced(at, 0, other)]),
          ...(proof.length < 2 ? [] : [proof.with(0, proof[1] ?? other).with(1, proof[0] ?? other)]),
        ];
        return changes.every((each) => refusesProof(() => check(what, each, root)));
      }),
      { numRuns: 100 },
    );
  },
);

t.test('an entry under another index leads to another root', async () => {
  fc.assert(
    fc.property(shown, (what) => {
      const { read, root } = treeOf(what.size);
      const [first] = what.leaves;
      if (first === undefined || what.size === 1) return true;
      const elsewhere = [...Array(what.size).keys()].find((i) => !what.leaves.includes(i));
      if (elsewhere === undefined) return true;
      const moved = { ...what, leaves: sorted([...what.leaves.slice(1), elsewhere]) };
      const proof = proveMany(read, moved);
      return refusesProof(() =>
        verifyMany(
          moved,
          (i) => leafAt(moved.leaves[i] === elsewhere ? first : (moved.leaves[i] ?? 0)),
          proof,
          root,
        ),
      );
    }),
  );
});

t.test('sizes of 2^40 and above are walked without bit operators', async (t) => {
  const size = treeSize(2 ** 52 + 12_345);
  const what = { size, leaves: [0, 2 ** 52, size - 1], sizes: [1, 2 ** 51 + 3] };
  const nodes = nodesForMany(what);
  t.ok(nodes.length < 53 * 5);
  t.ok(nodes.every(({ height, index }) => Number.isSafeInteger(index) && (index + 1) * 2 ** height <= size));
});

t.test('lists that are not ascending, or leave the tree, are a bug of the caller', async (t) => {
  const size = treeSize(9);
  for (const [leaves, sizes] of [
    [[3, 3], []],
    [[4, 3], []],
    [[9], []],
    [[-1], []],
    [[], [0]],
    [[], [9]],
    [[0.5], []],
  ] as const)
    t.throws(() => nodesForMany({ size, leaves, sizes }), RangeError);
});

function refusesProof(run: () => unknown): boolean {
  try {
    run();
    return false;
  } catch (error) {
    return (error as { code?: string }).code === 'proof-failed';
  }
}
