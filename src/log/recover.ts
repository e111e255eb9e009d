/**
 * Restores the state at start-up and after any failure: it is read from the store, and used only after it was checked.
 * Both cases run the same code, so recovery is exercised at each start.
 *
 * Checked are: the right edge folds to the stored root; the newest entries hash to the newest tile; upper tiles
 * continue lower ones; the guard's highest signed head lies on this tree; the clock has not gone back. Everything
 * further left is checked by fsck (audit.ts).
 */
import { treeSize } from '../bytes/brand.ts';
import { equalBytes } from '../bytes/compare.ts';
import { refuse, type Refusal } from '../bytes/refusal.ts';
import { parseStatement } from '../statement/parse.ts';
import type { InForce } from '../registration/rules.ts';
import type { Policy } from '../statement/policy.ts';
import { emptyEdge, loadEdge, readEdge, type Edge } from '../tree/grow.ts';
import { hashLeaf, nodeHashOf, type BatchHasher } from '../tree/hash.ts';
import { nodesForRoot, rootAt } from '../tree/prove.ts';
import { rightEdge, TILE_WIDTH, tileWidthAt } from '../tree/tile.ts';
import { TileNodes } from '../tree/tilenodes.ts';
import { readNodes, type TileLoader } from '../tree/load.ts';
import { policyAt } from './policies.ts';
import type { Guard, Head, Store, StoreReader } from './ports.ts';

/** The state that the next step continues. */
export interface Recovered {
  readonly head: Head;
  readonly edge: Edge;
  readonly inForce: InForce;
}

interface RecoverDeps {
  /** Name of the log. */
  readonly origin: string;
  readonly store: Store;
  readonly guard: Guard;
  readonly hasher: BatchHasher;
  readonly now: () => number;
  /** Seconds the clock may lag behind the last batch. */
  readonly clockTolerance: number;
}

/**
 * Reads and verifies the state. Refuses `no-such-log` (nothing logged yet), `corrupt-store`,
 * `behind-signed-head`, `clock-behind`.
 */
export async function recover({
  origin,
  store,
  guard,
  hasher,
  now,
  clockTolerance,
}: RecoverDeps): Promise<Recovered> {
  const head = await store.head();
  const signed = await guard.read();
  if (head === undefined) {
    if (signed !== undefined) throw behind(signed, 0);
    throw refuse('no-such-log', 'the store holds no log yet: run `tallystick init`');
  }
  await checkGuard(store, head, signed, hasher);
  if (now() + clockTolerance < head.time) {
    throw refuse(
      'clock-behind',
      `the clock (${now()}) is ${head.time - now()} s behind the last batch (${head.time}): set the clock, or, if it was ahead then, tolerate the difference`,
      { remedy: { clockTolerance: head.time - now() + 60 } },
    );
  }
  const edge = await verifiedEdge(store, head, hasher);
  await checkNewestEntries(store, head);
  const inForce = await policyAt(head, signed, { store, origin, hasher, load: tileLoader(store, hasher) });
  return { head, edge, inForce };
}

/** The tiles at the edge must fold to the root that was stored with them. */
export async function verifiedEdge(store: StoreReader, head: Head, hasher: BatchHasher): Promise<Edge> {
  if (head.size === 0) return emptyEdge();
  const tiles = new Map<number, Uint8Array>();
  for (const { level, index, width } of rightEdge(head.size)) {
    tiles.set(level, await storedTile(store, level, index, width));
  }
  const edge = loadEdge(head.size, (level) => tiles.get(level) ?? new Uint8Array(), hasher);
  if (!equalBytes(rootAt(readEdge(edge), head.size, nodeHashOf(hasher)), head.root)) {
    throw corrupt('the tiles at the right edge do not make the stored root');
  }
  await checkClimb(store, head, hasher);
  return edge;
}

/** The newest element of each upper tile must be the root of the full tile it stands for. */
async function checkClimb(store: StoreReader, head: Head, hasher: BatchHasher): Promise<void> {
  for (
    let level = 1, below = Math.floor(head.size / TILE_WIDTH);
    below > 0;
    level++, below = Math.floor(below / TILE_WIDTH)
  ) {
    const last = below - 1;
    const child = TileNodes.of(await storedTile(store, level - 1, last, TILE_WIDTH), hasher);
    const index = Math.floor(last / TILE_WIDTH);
    const parent = await storedTile(store, level, index, tileWidthAt(level, index, head.size));
    const at = (last % TILE_WIDTH) * 32;
    if (!equalBytes(parent.subarray(at, at + 32), child.node(8, 0)))
      throw corrupt(`tile ${level}/${index} does not continue level ${level - 1}`);
  }
}

/** The entries of the newest tile must hash to it: what will be served is what was signed. */
export async function checkNewestEntries(store: StoreReader, head: Head): Promise<void> {
  const tile = Math.floor((head.size - 1) / TILE_WIDTH);
  const hashes = await storedTile(store, 0, tile, tileWidthAt(0, tile, head.size));
  const entries = await store.entries(tile * TILE_WIDTH, head.size);
  if (entries.length * 32 !== hashes.length) throw corrupt('entries are missing at the right edge');
  for (const [i, entry] of entries.entries()) {
    if (!equalBytes(hashLeaf(entry.bytes), hashes.subarray(32 * i, 32 * (i + 1))))
      throw corrupt(`entry ${entry.index} does not match its leaf`);
  }
}

/** The highest head ever signed must be a head of this very tree. */
async function checkGuard(
  store: StoreReader,
  head: Head,
  signed: Head | undefined,
  hasher: BatchHasher,
): Promise<void> {
  if (signed === undefined) {
    if (head.size === 1) return; // we died between logging the policy and signing anything
    throw refuse(
      'behind-signed-head',
      'the signed-head guard is empty although the store holds a log: restore the guard file, or see spec/operations.md "A lost guard"',
    );
  }
  if (signed.size > head.size) throw behind(signed, head.size);
  const read = await readNodes(nodesForRoot(signed.size), head.size, tileLoader(store, hasher));
  if (!equalBytes(rootAt(read, treeSize(signed.size), nodeHashOf(hasher)), signed.root)) {
    throw refuse(
      'behind-signed-head',
      `this store's tree of ${signed.size} is not the one that was signed: it is another history; restore the right one (spec/operations.md)`,
    );
  }
}

/** The policy in an entry that is known to be one. */
export function policyOf(entry: Uint8Array): Policy {
  const parsed = parseStatement(entry);
  if (parsed.kind !== 'policy') throw corrupt('the entry indexed as registration policy is none');
  return parsed.policy;
}

/** Stored tiles, as nodes are read from them. Refuses `corrupt-store` for one that is missing. */
export function tileLoader(store: Pick<StoreReader, 'tile'>, hasher: BatchHasher): TileLoader {
  return async (level, index, width) => TileNodes.of(await storedTile(store, level, index, width), hasher);
}

async function storedTile(
  store: Pick<StoreReader, 'tile'>,
  level: number,
  index: number,
  width: number,
): Promise<Uint8Array> {
  const hashes = await store.tile(level, index, width);
  if (hashes === undefined) throw corrupt(`tile ${level}/${index} is missing or too narrow`);
  return hashes;
}

function corrupt(what: string): Refusal {
  return refuse(
    'corrupt-store',
    `${what}: run \`tallystick fsck\`, then restore a backup (spec/operations.md)`,
  );
}

function behind(signed: Head, size: number): Refusal {
  return refuse(
    'behind-signed-head',
    `the store holds ${size} entries, but a head of ${signed.size} was signed: it is an old copy; restore the newest one, or see spec/operations.md "A store behind its guard"`,
  );
}
