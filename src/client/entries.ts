/**
 * Reads every entry of a log in order, bundle by bundle. Each entry is compared with its leaf under the signed root
 * before it is returned, and the next bundles are fetched meanwhile (bytes/ahead.ts). Every walk of a whole log (fsck,
 * monitor, mirror, a reader of every entry) uses this iterator.
 */
import { Refusal, refuse } from '../bytes/refusal.ts';
import type { BatchHasher } from '../tree/hash.ts';
import { bundlesFrom, type Bundle } from './bundles.ts';
import type { NodeSource } from './history.ts';
import { Served, Tampered, Unreachable } from './served.ts';
import type { TileReader } from './tiles.ts';
import { VerifiedTiles } from './verified-tiles.ts';
import type { TreeHead } from './view.ts';

/** A walk, and the nodes of the tree that it goes through, verified as the entries are. */
export interface Walk {
  readonly bundles: AsyncGenerator<Bundle, void, undefined>;
  readonly nodes: NodeSource;
}

/**
 * The bundles of a tree that hold entries `from` and later. The first may begin before `from`. Refuses `proof-failed` for
 * what is not under the root, and what `tiles` refuses; so does reading nodes.
 */
export function walkOf(tiles: TileReader, head: TreeHead, hasher: BatchHasher, from = 0): Walk {
  const served = new Served(tiles);
  const verified = new VerifiedTiles(served, head, hasher);
  return {
    bundles: refusing(bundlesFrom(from, { served, tiles: verified, hasher })),
    nodes: { nodes: (nodes) => verified.nodes(nodes).catch(rethrown) },
  };
}

/** The bundles of `walkOf`. */
export function entriesOf(
  tiles: TileReader,
  head: TreeHead,
  hasher: BatchHasher,
  from = 0,
): AsyncGenerator<Bundle, void, undefined> {
  return walkOf(tiles, head, hasher, from).bundles;
}

async function* refusing(
  bundles: AsyncGenerator<Bundle, void, undefined>,
): AsyncGenerator<Bundle, void, undefined> {
  try {
    yield* bundles;
  } catch (error) {
    throw asRefusal(error);
  }
}

function rethrown(error: unknown): never {
  throw asRefusal(error);
}

/**
 * Turns the failure of a walk into a refusal: `proof-failed` for data that is not under the root, else the refusal of
 * the request.
 */
export function asRefusal(error: unknown): unknown {
  if (error instanceof Tampered)
    return refuse('proof-failed', `${error.message}; do not rely on this log`, { cause: error });
  if (!(error instanceof Unreachable)) return error;
  return error.cause instanceof Refusal
    ? error.cause
    : refuse('unavailable', error.message, { cause: error });
}
