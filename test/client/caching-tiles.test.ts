/** A cache of tiles: each is fetched once and hashed once, however many proofs read nodes of it. */
import t from 'tap';
import { treeSize } from '#src/bytes/brand.ts';
import { CachingTileReader } from '#src/client/caching-tiles.ts';
import { nobleHasher, type BatchHasher } from '#src/tree/hash.ts';

const URL_OF = 'http://log.example';

/** A log of which every tile is the same. */
function reader() {
  const count = { fetched: 0, hashed: 0 };
  const hasher: BatchHasher = {
    ...nobleHasher,
    nodes: (pairs, out) => {
      count.hashed += 1;
      nobleHasher.nodes(pairs, out);
    },
  };
  const fetched: typeof fetch = async () => {
    count.fetched += 1;
    return new Response(new Uint8Array(8_192).fill(7));
  };
  const tiles = new CachingTileReader({ fetch: fetched, now: () => 0 }, URL_OF, hasher);
  return { count, tiles };
}

t.test('a tile that is cached is not hashed again', async (t) => {
  const { count, tiles } = reader();
  const ask = async (index: number) => {
    const read = await tiles.nodes([{ height: 3, index }], treeSize(65_536));
    return read(3, index).toHex();
  };
  const first = await ask(0);
  t.strictSame({ ...count }, { fetched: 1, hashed: 8 }, 'its eight rows of inner nodes');
  t.equal(await ask(1), first);
  t.equal(await ask(31), first);
  t.strictSame({ ...count }, { fetched: 1, hashed: 8 });
  await ask(32);
  t.strictSame({ ...count }, { fetched: 2, hashed: 16 }, 'the next tile');
});

t.test('what is forgotten is fetched and hashed again', async (t) => {
  const { count, tiles } = reader();
  const nodes = [{ height: 3, index: 0 }];
  await tiles.nodes(nodes, treeSize(256));
  tiles.forget();
  await tiles.nodes(nodes, treeSize(256));
  t.equal(count.fetched, 2);
  t.equal(count.hashed, 16);
});
