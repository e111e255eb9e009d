/** The copy as a server reads it: the tree of the held head, and nothing else. */
import { refuse } from '../bytes/refusal.ts';
import type { SignedHead } from '../client/history.ts';
import type { OpenedCheckpoint } from '../note/checkpoint.ts';
import { formatNote } from '../note/note.ts';
import { tileWidthAt } from '../tree/tile.ts';
import type { TileFiles } from '../web/tiles.ts';
import type { Mirror } from './mirror.ts';

/** Checkpoint, tiles and bundles of the held head. Refuses `not-yet` before the first, `not-found` beyond it. */
export function filesOf(mirror: Mirror): TileFiles {
  const exists = (level: number, index: number, width: number): void => {
    if (width > tileWidthAt(level, index, mirror.size))
      throw refuse('not-found', `the mirrored tree of ${mirror.size} entries has no such tile`);
  };
  return {
    checkpoint: () => ({ note: heldBy(mirror).note }),
    tile: async (level, index, width) => {
      exists(level, index, width);
      return mirror.local.tile(level, index, width);
    },
    bundle: async (index, width) => {
      exists(0, index, width);
      return mirror.local.bundleBytes(index, width);
    },
  };
}

/** The held head. Refuses `not-yet`. */
export function heldBy(mirror: Mirror): SignedHead {
  const { held } = mirror;
  if (held === undefined) throw refuse('not-yet', 'nothing is mirrored yet; ask again later');
  return held;
}

/** The note with only the signatures that were verified: the log's, and those of known witnesses. */
export function verifiedNote({ text, logSignatures, cosignatures }: OpenedCheckpoint): Uint8Array {
  return formatNote(
    text,
    [...logSignatures, ...cosignatures].map(({ line }) => line),
  );
}
