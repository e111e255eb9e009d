/** One comparison of heads for every watcher, and one id for what each of them sees. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { treeSize, type TreeSize } from '../../src/bytes/brand.ts';
import { concatBytes } from '../../src/bytes/compare.ts';
import { refuse } from '../../src/bytes/refusal.ts';
import { encodeUtf8 } from '../../src/bytes/text.ts';
import { compareHeads, type ComparedTrees } from '../../src/client/compare.ts';
import { prefixOf, type NodeSource, type NotedHead } from '../../src/client/history.ts';
import { incidentId } from '../../src/incident/incident.ts';
import { emptyEdge, grow } from '../../src/tree/grow.ts';
import { hashLeaf, nobleHasher } from '../../src/tree/hash.ts';

/** A tree whose leaves from `fork` on are others, and its head as a note of words. */
function tree(size: number, fork = Infinity) {
  const leaves = Array.from({ length: size }, (_, i) =>
    hashLeaf(encodeUtf8(i < fork ? `${i}` : `other ${i}`)),
  );
  const grown = grow(emptyEdge(), concatBytes(...leaves), nobleHasher);
  const head = { size: treeSize(size), root: grown.root };
  const nodes: NodeSource = { nodes: async () => grown.read };
  return { noted: { note: encodeUtf8(`${size} ${fork}`), head } satisfies NotedHead, nodes };
}

const gone = refuse('not-found', 'gone');

/** `nodes`: of the larger tree; undefined when nobody serves it. */
function trees(nodes: NodeSource | undefined, served: boolean): ComparedTrees {
  return {
    prefix: async (size: TreeSize, head: NotedHead) => {
      if (nodes === undefined) throw gone;
      return { head, prefix: await prefixOf(nodes, size, head.head) };
    },
    isGone: async () => !served,
    saysGone: (error) => error === gone,
  };
}

t.test('what a served head is to one that was seen', async (t) => {
  const [five, nine, forked5, forked9] = [tree(5), tree(9), tree(5, 3), tree(9, 3)];
  const table = [
    ['the same', five, five, 'same', undefined, true],
    ['newer', five, nine, 'newer', nine.nodes, true],
    ['older, out of a cache', nine, five, 'older', nine.nodes, true],
    ['two roots of one size', five, forked5, 'split-view', undefined, true],
    ['a larger tree that begins otherwise', five, forked9, 'split-view', forked9.nodes, true],
    ['a smaller tree that the larger does not begin with', nine, forked5, 'split-view', nine.nodes, true],
    ['gone back', nine, five, 'rollback', nine.nodes, false],
    ['gone back, and nothing to compare with', nine, five, 'rollback', undefined, false],
  ] as const;
  for (const [name, seen, served, kind, nodes, isServed] of table) {
    const verdict = await compareHeads(seen.noted, served.noted, trees(nodes, isServed));
    t.equal(verdict.kind === 'conflict' ? verdict.evidence.kind : verdict.kind, kind, name);
  }
  await t.rejects(
    compareHeads(nine.noted, five.noted, trees(undefined, true)),
    { code: 'not-found' },
    'what is only not given now proves nothing',
  );
  await t.rejects(compareHeads(five.noted, nine.noted, trees(undefined, false)), { code: 'not-found' });
});

t.test('the same conflict has one id, whoever sees it and at whatever size', async (t) => {
  const size = fc.integer({ min: 2, max: 40 });
  await fc.assert(
    fc.asyncProperty(size, size, fc.integer({ min: 0, max: 40 }), async (a, b, at) => {
      const [small, large] = [Math.min(a, b), Math.max(a, b)];
      const [one, other] = [tree(small), tree(large, Math.min(at, small - 1))];
      const seenFirst = await compareHeads(one.noted, other.noted, trees(other.nodes, true));
      const seenLast = await compareHeads(other.noted, one.noted, trees(other.nodes, true));
      if (seenFirst.kind !== 'conflict' || seenLast.kind !== 'conflict')
        throw new Error('a split view is missed');
      t.equal(seenFirst.about, seenLast.about);
      if (small < large) t.strictSame(seenFirst.evidence, seenLast.evidence);
      if (small < 3) return;
      const fall = [tree(1), tree(2)].map((back) =>
        compareHeads(one.noted, back.noted, trees(one.nodes, false)),
      );
      const ids = (await Promise.all(fall)).map((each) =>
        each.kind === 'conflict' ? incidentId(each.evidence.kind, 'log.example', each.about) : 'none',
      );
      t.equal(new Set(ids).size, 1, 'the same fall, seen at two sizes');
      t.not(ids[0], 'none');
    }),
    { numRuns: 50 },
  );
});

t.test('nobody but the one place says what a conflict of heads is about', async (t) => {
  const src = join(import.meta.dirname, '../../src');
  const callers = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(
    (path) =>
      path.endsWith('.ts') && /\babout(?:Split|Rollback)\(/.test(readFileSync(join(src, path), 'utf8')),
  );
  t.strictSame(callers.map((path) => path.replaceAll('\\', '/')).toSorted(), [
    'client/compare.ts',
    'incident/about.ts',
    'witness/incidents.ts',
  ]);
});
