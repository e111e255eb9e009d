/** Tiles, bundles and growth (C2SP tlog-tiles): paths, shapes, hostile bytes, and trees grown in any batches. */
import fc from 'fast-check';
import t from 'tap';
import { digest, leafIndex, treeSize, type Digest } from '../../src/bytes/brand.ts';
import { decodeBundle, encodeBundle, MAX_ENTRY_LENGTH } from '../../src/tree/bundle.ts';
import { emptyEdge, grow, loadEdge, readEdge, type Edge, type Growth } from '../../src/tree/grow.ts';
import { EMPTY_ROOT, nobleHasher } from '../../src/tree/hash.ts';
import { batchProver, nodesForInclusion, rootAt } from '../../src/tree/prove.ts';
import {
  bundlePath,
  checkTile,
  parseTilePath,
  rightEdge,
  TILE_WIDTH,
  tileOfNode,
  tilePath,
  tileWidthAt,
  type TileId,
} from '../../src/tree/tile.ts';
import { readTiles, TileNodes } from '../../src/tree/tilenodes.ts';
import { verifyInclusion } from '../../src/tree/verify.ts';
import { countingHasher, sameHashes, slowLeaf, slowNode, SlowTree } from '../support/slow-tree.ts';

const HUGE = Number.MAX_SAFE_INTEGER;
const malformed = { code: 'malformed-tile' };
const hasher = countingHasher();

const leafAt = (i: number): Digest => slowLeaf(Buffer.from(`leaf ${i}`));
const flat = (hashes: readonly Uint8Array[]): Uint8Array => Buffer.concat(hashes);
const leavesOf = (from: number, to: number): Uint8Array =>
  flat(Array.from({ length: to - from }, (_, i) => leafAt(from + i)));
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
/** Any index or size: small, near a power of two, or whatever there is. */
const number = fc.oneof(
  fc.nat(700),
  fc
    .tuple(fc.integer({ min: 7, max: 53 }), fc.integer({ min: -2, max: 2 }))
    .map(([p, d]) => Math.min(HUGE, 2 ** p + d)),
  fc.nat(HUGE),
);

t.test('paths: one for each tile, and back', (t) => {
  const known: [string, string, number, number, number][] = [
    ['tile/0/000', 'tile', 0, 0, 256],
    ['tile/0/x001/234.p/5', 'tile', 0, 1234, 5],
    ['tile/1/x001/x234/067', 'tile', 1, 1234067, 256],
    ['tile/63/999.p/255', 'tile', 63, 999, 255],
    ['tile/entries/000.p/1', 'bundle', 0, 0, 1],
    ['tile/entries/x009/x007/x199/x254/x740/991', 'bundle', 0, HUGE, 256],
  ];
  for (const [path, kind, level, index, width] of known) {
    t.same(parseTilePath(path), { kind, level, index, width }, path);
    t.equal(kind === 'tile' ? tilePath(level, index, width) : bundlePath(index, width), path);
  }
  fc.assert(
    fc.property(fc.nat(63), number, fc.integer({ min: 1, max: 256 }), (level, index, width) =>
      same(
        [parseTilePath(tilePath(level, index, width)), parseTilePath(bundlePath(index, width))],
        [
          { kind: 'tile', level, index, width },
          { kind: 'bundle', level: 0, index, width },
        ],
      ),
    ),
  );
  const wrong = [
    '',
    'tile',
    '/tile/0/000',
    'tile/0/000/',
    'tile/0/00',
    'tile/0/0000',
    'tile/00/000',
    'tile/64/000',
  ];
  wrong.push(
    'tile/-1/000',
    'tile/0/x000/001',
    'tile/0/001/000',
    'tile/0/x001',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
  );
  wrong.push(
    'tile/0/000.p/05',
    'tile/0/000.p/',
    'tile/0/000.p',
    'tile/0/000.P/5',
    'tile/0/ 00',
    'tile/0/٠٠٠',
    'tile/data/000',
  );
  wrong.push(
    'tile/0/x009/x007/x199/x254/x740/992',
    'tile/0/x999/x999/x999/x999/x999/x999/999',
    'tile/0/000\n',
    'tile/entries/000.p/1.p/1',
  );
  for (const path of wrong) t.throws(() => parseTilePath(path), malformed, JSON.stringify(path));
  const piece = fc.constantFrom('tile', '/', 'x', '0', '1', '00', '001', '255', '.p/', 'entries', '9');
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(piece).map((p) => p.join('')),
        fc.string(),
      ),
      (path) => {
        try {
          const { kind, level, index, width } = parseTilePath(path);
          return path === (kind === 'tile' ? tilePath(level, index, width) : bundlePath(index, width));
        } catch (error) {
          return (error as { code?: string }).code === 'malformed-tile';
        }
      },
    ),
  );
  for (const bad of [-1, 0.5, NaN, 2 ** 53]) t.throws(() => tilePath(0, bad, 1), RangeError, `index ${bad}`);
  for (const bad of [-1, 0, 257, 1.5]) t.throws(() => bundlePath(0, bad), RangeError, `width ${bad}`);
  for (const bad of [-1, 64, 0.5]) t.throws(() => tilePath(bad, 0, 1), RangeError, `level ${bad}`);
  t.end();
});

const key = (tile: TileId): string => `${tile.level}/${tile.index}/${tile.width}`;

/** Every tile of a tree, from the definition of the width alone. */
function tilesOf(size: number): TileId[] {
  const tiles: TileId[] = [];
  for (let level = 0; level < 4; level++) {
    for (let index = 0, left = Math.floor(size / 256 ** level); left > 0; index++, left -= 256) {
      tiles.push({ level, index, width: Math.min(256, left) });
    }
  }
  return tiles;
}

/** The tiles that growth from one size to another makes or widens, as they are at the new size, level by level. */
function* tilesBetween(from: number, to: number): Generator<TileId, void, undefined> {
  for (let level = 0, old = from, now = to; now > old; level++) {
    const full = Math.floor(now / 256);
    const first = Math.floor(old / 256);
    for (let index = first; index < full; index++) yield { level, index, width: 256 };
    if (now % 256 > 0) yield { level, index: full, width: now % 256 };
    old = first;
    now = full;
  }
}

t.test('which tiles a tree has, ends with, and gains', (t) => {
  t.same(rightEdge(70_000), [
    { level: 0, index: 273, width: 112 },
    { level: 1, index: 1, width: 17 },
    { level: 2, index: 0, width: 1 },
  ]);
  t.same(rightEdge(256), [{ level: 1, index: 0, width: 1 }]);
  t.same(rightEdge(0), []);
  t.same(
    rightEdge(HUGE).map(({ level, width }) => [level, width]),
    [...[0, 1, 2, 3, 4, 5].map((level) => [level, 255]), [6, 31]],
  );
  const size = fc.oneof(fc.nat(600), fc.integer({ min: 65_000, max: 67_000 }), fc.nat(140_000));
  fc.assert(
    fc.property(size, size, (a, b) => {
      const [from, to] = [Math.min(a, b), Math.max(a, b)];
      const [old, now] = [new Set(tilesOf(from).map(key)), tilesOf(to)];
      return (
        same(
          [...tilesBetween(from, to)],
          now.filter((tile) => !old.has(key(tile))),
        ) &&
        same(
          rightEdge(to),
          now.filter((tile) => tile.width < 256),
        ) &&
        now.every((tile) => tileWidthAt(tile.level, tile.index, to) === tile.width)
      );
    }),
    { numRuns: 40 },
  );
  t.equal(tileWidthAt(0, 1, 256), 0);
  t.equal(tileWidthAt(6, 0, HUGE), 31);
  t.equal(tileWidthAt(63, 0, HUGE), 0);
  t.equal(tileWidthAt(0, HUGE, HUGE), 0);
  // A stranger may name any sizes: the tiles come one by one.
  t.same(tilesBetween(0, HUGE).next().value, { level: 0, index: 0, width: 256 });
  t.same([...tilesBetween(HUGE - 1, HUGE)], rightEdge(HUGE).slice(0, 1));
  t.same([...tilesBetween(5, 5)], []);
  fc.assert(
    fc.property(number, fc.integer({ min: 1, max: HUGE }), (i, n) => {
      const size = treeSize(n);
      for (const { height, index } of nodesForInclusion(leafIndex(i % n), size)) {
        const tile = tileOfNode(height, index);
        if (tile.width < 1 || tile.width > tileWidthAt(tile.level, tile.index, n)) return false;
      }
      return true;
    }),
  );
  t.same(checkTile(new Uint8Array(64), 2).length, 64);
  t.throws(() => checkTile(new Uint8Array(63), 2), malformed);
  t.end();
});

t.test('bundles: entries in, the same entries out, and nothing else', (t) => {
  const entries = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 256 });
  fc.assert(
    fc.property(entries, (entries) => {
      const bundle = encodeBundle(entries);
      const again = decodeBundle(bundle, entries.length);
      return (
        again.length === entries.length && again.every((entry, i) => Buffer.compare(entry, entries[i]!) === 0)
      );
    }),
  );
  // Whatever bytes: refused, or exactly the bytes that their entries make.
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.uint8Array({ maxLength: 600 }).map((bytes) => bytes.map((byte, i) => (i % 3 === 0 ? 0 : byte % 3))),
  );
  fc.assert(
    fc.property(bytes, (bytes) => {
      try {
        return Buffer.compare(encodeBundle(decodeBundle(bytes)), bytes) === 0;
      } catch (error) {
        return (error as { code?: string }).code === 'malformed-tile';
      }
    }),
    { numRuns: 300 },
  );
  const three = encodeBundle([Uint8Array.of(1, 2), new Uint8Array(0), Uint8Array.of(3)]);
  t.equal(three.toHex(), '000201020000000103');
  for (let cut = 0; cut < three.length; cut++) {
    if (cut !== 4 && cut !== 6)
      t.throws(() => decodeBundle(three.subarray(0, cut)), malformed, `cut at ${cut}`);
    t.throws(() => decodeBundle(three.subarray(0, cut), 3), malformed, `cut at ${cut}, 3 wanted`);
  }
  t.equal(decodeBundle(three)[0]!.buffer, three.buffer, 'views, not copies');
  t.throws(() => decodeBundle(three, 2), malformed, 'more entries than the tile has leaves');
  t.throws(() => decodeBundle(new Uint8Array(0), 0), malformed, 'an empty bundle does not exist');
  t.throws(() => decodeBundle(new Uint8Array(2 * 257)), malformed, '257 entries');
  t.equal(decodeBundle(new Uint8Array(2 * 256)).length, 256);
  t.equal(decodeBundle(encodeBundle([new Uint8Array(MAX_ENTRY_LENGTH)]))[0]!.length, 65_535);
  t.throws(() => encodeBundle([new Uint8Array(MAX_ENTRY_LENGTH + 1)]), RangeError);
  t.throws(() => encodeBundle([]), RangeError);
  t.throws(() => encodeBundle(Array.from({ length: 257 }, () => new Uint8Array(0))), RangeError);
  t.end();
});

t.test('a tile knows its complete nodes, and hashes each once', (t) => {
  const tree = SlowTree.of(Array.from({ length: 256 }, (_, i) => leafAt(i)));
  for (const splits of [[256], [1, 1, 1, 253], [255, 1], [100, 0, 56, 100], [3, 4, 6]]) {
    const counting = countingHasher();
    let tile = TileNodes.empty;
    let width = 0;
    for (const more of splits) {
      tile = tile.extended(leavesOf(width, width + more), counting);
      width += more;
    }
    t.equal(tile.width, width);
    t.equal(tile.hashes.toHex(), leavesOf(0, width).toHex());
    let nodes = 0;
    for (let rise = 0; rise <= 8; rise++) {
      const count = Math.floor(width / 2 ** rise);
      if (rise > 0) nodes += count;
      for (let k = 0; k < count; k++) {
        const expected = tree.mth(BigInt(k * 2 ** rise), BigInt((k + 1) * 2 ** rise));
        if (!sameHashes([tile.node(rise, k)], [expected])) t.fail(`node ${rise}, ${k}`);
      }
      t.throws(() => tile.node(rise, count), RangeError, 'an incomplete node is none of a tile');
    }
    t.equal(counting.hashed, nodes, 'each interior node hashed once');
  }
  const old = TileNodes.of(leavesOf(0, 5), nobleHasher);
  const before = old.hashes.slice();
  const [a, b] = [old.extended(leavesOf(5, 8), nobleHasher), old.extended(leavesOf(105, 108), nobleHasher)];
  t.equal(a.node(3, 0).toHex(), tree.mth(0n, 8n).toHex());
  t.not(a.node(3, 0).toHex(), b.node(3, 0).toHex(), 'two futures of one tile');
  t.equal(old.hashes.toHex(), before.toHex(), 'which stays as it was');
  t.throws(() => old.node(9, 0), RangeError);
  t.throws(() => old.extended(leavesOf(0, 252), nobleHasher), RangeError);
  t.throws(() => old.extended(new Uint8Array(33), nobleHasher), RangeError);
  t.throws(() => TileNodes.of(new Uint8Array(33), nobleHasher), malformed);
  t.throws(() => TileNodes.of(new Uint8Array(257 * 32), nobleHasher), malformed);
  t.end();
});

/** A store of tiles, as a log keeps them: a wider tile replaces the narrower one. */
class Shelf {
  readonly #tiles = new Map<string, Uint8Array>();

  put(tiles: Growth['tiles']): void {
    for (const { level, index, width, hashes } of tiles) {
      const old = this.#tiles.get(`${level}/${index}`) ?? new Uint8Array(0);
      const grown = hashes.length === 32 * width && old.length < hashes.length;
      if (!grown || Buffer.compare(hashes.subarray(0, old.length), old) !== 0)
        throw new Error('not a longer tile');
      this.#tiles.set(`${level}/${index}`, hashes.slice());
    }
  }

  readonly get = (level: number, index: number, width: number): Uint8Array => {
    const tile = this.#tiles.get(`${level}/${index}`);
    if (tile?.length !== 32 * width) throw new Error(`tile ${level}/${index} is not of width ${width}`);
    return tile;
  };
}

/** Grows by one batch and checks all that growth promises against the definition. */
function step(edge: Edge, to: number, tree: SlowTree, shelf: Shelf, every = 1): Edge {
  const from = edge.size;
  const bytes = flat(
    Array.from({ length: to - from }, (_, i) => tree.mth(BigInt(from + i), BigInt(from + i) + 1n)),
  );
  const grown = grow(edge, bytes, hasher);
  const root = tree.mth(0n, BigInt(to));
  const wanted = [...tilesBetween(from, to)];
  const got = grown.tiles.map(({ level, index, width }) => ({ level, index, width }));
  if (!same(got, wanted)) throw new Error(`other tiles from ${from} to ${to}`);
  if (!sameHashes([grown.root], [root]) || grown.size !== to) throw new Error(`another root at ${to}`);
  shelf.put(grown.tiles);
  const prove = batchProver(grown.read, grown.size, slowNode);
  for (let i: number = from; i < to; i += every) {
    const leaf = tree.mth(BigInt(i), BigInt(i) + 1n);
    verifyInclusion(leafIndex(i), grown.size, leaf, prove(leafIndex(i)), root, slowNode);
  }
  // A failed commit tries again from the same edge; a restarted log loads it from its tiles.
  const again = grow(edge, bytes, hasher);
  const loaded = loadEdge(grown.size, shelf.get, hasher);
  const roots = [again.root, rootAt(readEdge(again.edge), grown.size), rootAt(readEdge(loaded), grown.size)];
  if (!roots.every((other) => sameHashes([other], [root])))
    throw new Error(`another root at ${to}, tried again`);
  return to % 2 === 0 ? grown.edge : loaded;
}

t.test('growth in any batches makes the tree that the definition makes', (t) => {
  const tree = SlowTree.of(Array.from({ length: 2_000 }, (_, i) => leafAt(i)));
  const batch = fc.oneof(fc.nat(3), fc.nat(300), fc.constantFrom(255, 256, 257, 512));
  fc.assert(
    fc.property(fc.array(batch, { maxLength: 6 }), (batches) => {
      const shelf = new Shelf();
      let edge: Edge = emptyEdge();
      for (const more of batches) edge = step(edge, edge.size + more, tree, shelf, 7);
      return true;
    }),
    { numRuns: 25 },
  );
  t.equal(grow(emptyEdge(), new Uint8Array(0), hasher).root, EMPTY_ROOT);
  t.throws(() => grow(emptyEdge(), new Uint8Array(31), hasher), RangeError);
  t.end();
});

t.test('growth across 65,536 leaves, 2^24, 2^48 and up to 2^53-1', (t) => {
  const random = fc.sample(fc.integer({ min: 1, max: 400 }), { numRuns: 3, seed: 42 });
  for (const boundary of [2 ** 16, 2 ** 24, 2 ** 48, HUGE - 300]) {
    const start = boundary - 300;
    const stops = [
      start,
      start + random[0]!,
      boundary - 1,
      boundary,
      boundary + (random[1]! % 300),
      boundary + 300,
    ];
    const ends = [...new Set(stops)].toSorted((a, b) => a - b);
    // Everything before the start is the same filler, so that its tiles can be made up.
    const leaves = Array.from({ length: 600 }, (_, i): [bigint, Digest] => [BigInt(start + i), leafAt(i)]);
    const tree = new SlowTree(new Map(leaves));
    const old = tree.reader(start);
    const tile = (level: number, index: number, width: number): Uint8Array =>
      flat(Array.from({ length: width }, (_, k) => old(8 * level, 256 * index + k)));
    const shelf = new Shelf();
    shelf.put(rightEdge(start).map((id) => ({ ...id, hashes: tile(id.level, id.index, id.width) })));
    let edge = loadEdge(treeSize(start), shelf.get, hasher);
    for (const end of ends) edge = step(edge, end, tree, shelf, 37);
    t.equal(edge.size, boundary + 300, `${start} to ${boundary + 300}`);
    if (edge.size === HUGE)
      t.throws(() => grow(edge, new Uint8Array(32), hasher), RangeError, 'no tree is larger');
  }
  t.end();
});

t.test('a batch costs one node a leaf, in few calls', (t) => {
  let edge = grow(emptyEdge(), leavesOf(0, 1_000), hasher).edge;
  for (const batch of [64, 1024, 8192]) {
    const counting = countingHasher();
    const grown = grow(edge, new Uint8Array(32 * batch), counting);
    t.ok(counting.hashed <= 1.01 * batch + 25, `${counting.hashed} hashes for ${batch} leaves`);
    t.ok(counting.calls <= 8 * 2 + 25, `${counting.calls} calls`);
    edge = grown.edge;
  }
  t.end();
});

const tileOf = (width: number) => (): Uint8Array => new Uint8Array(32 * width);

t.test('edges that are not what they should be', (t) => {
  t.throws(() => loadEdge(treeSize(5), tileOf(4), hasher), malformed, 'too narrow');
  t.throws(() => loadEdge(treeSize(5), tileOf(6), hasher), malformed, 'too wide');
  const edge = loadEdge(treeSize(5), tileOf(5), hasher);
  t.throws(() => readEdge(edge)(0, 256), RangeError, 'a tile that is not at hand');
  t.throws(() => readEdge(edge)(0, 5), RangeError, 'a leaf that is not there');
  t.throws(() => readEdge(edge)(8, 0), RangeError, 'a level that is not there');
  t.throws(() => readTiles(() => TileNodes.empty)(0, 0), RangeError);
  t.equal(TILE_WIDTH, 256);
  t.equal(digest(edge.tiles[0]!.node(2, 0)).length, 32);
  t.end();
});
