/**
 * The head a log serves now against one seen before: are they one history? A conflict comes with the evidence
 * that shows it to anybody who has the log's key. A log that does not give what the comparison needs is
 * refused instead, and asked again: silence proves nothing.
 */
import { Refusal } from '../bytes/refusal.ts';
import { decodeUtf8, formatBase64 } from '../bytes/text.ts';
import { aboutSplit, contradiction, splitView, type NodeSource, type SignedHead } from '../client/history.ts';
import type { TileReader } from '../client/tiles.ts';
import type { Evidence } from '../incident/incident.ts';
import { TILE_WIDTH, tileWidthAt } from '../tree/tile.ts';

/** Two heads that cannot both be. `about`: what makes it the same conflict again. */
export interface Conflict {
  readonly kind: 'conflict';
  readonly evidence: Evidence;
  readonly about: string;
  readonly what: string;
}

/** What the served head is to the one that was seen. */
export type Judgement = { readonly kind: 'same' | 'newer' | 'older' } | Conflict;

/**
 * Compares. `source` gives nodes of the larger tree. Refuses `proof-failed` when they do not hash to its root,
 * and what `source` and `origin` refuse.
 */
export async function judge(
  seen: SignedHead,
  served: SignedHead,
  source: NodeSource,
  origin: TileReader,
): Promise<Judgement> {
  const [before, now] = [seen.opened.checkpoint, served.opened.checkpoint];
  try {
    const found = await contradiction(source, before, now);
    if (found !== undefined) return split(seen, served, splitView(noted(seen), noted(served), found));
  } catch (error) {
    // Of a tree that is gone nothing can be compared any more.
    if (now.size < before.size && isNotFound(error) && (await isGone(seen, origin)))
      return rollback(seen, served);
    throw error;
  }
  if (now.size === before.size) return { kind: 'same' };
  if (now.size > before.size) return { kind: 'newer' };
  return (await isGone(seen, origin)) ? rollback(seen, served) : { kind: 'older' };
}

/** An old head may come from a cache; then the last leaf of the tree that was seen is still served. */
async function isGone({ opened: { checkpoint } }: SignedHead, origin: TileReader): Promise<boolean> {
  const last = Math.floor((checkpoint.size - 1) / TILE_WIDTH);
  try {
    await origin.tile(0, last, tileWidthAt(0, last, checkpoint.size));
    return false;
  } catch (error) {
    if (isNotFound(error)) return true;
    throw error;
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof Refusal && error.code === 'not-found';
}

function noted({ note, opened }: SignedHead) {
  return { note, head: opened.checkpoint };
}

function split(seen: SignedHead, served: SignedHead, evidence: Evidence): Conflict {
  const about = aboutSplit(seen.opened.checkpoint, served.opened.checkpoint);
  const sizes = [seen, served].map(({ opened }) => opened.checkpoint.size);
  const [a, b] = [Math.min(...sizes), Math.max(...sizes)];
  const what =
    a === b
      ? `the log signed two trees of ${a} entries`
      : `the log signed a tree of ${a} entries, and one of ${b} that begins otherwise`;
  return { kind: 'conflict', evidence, about, what };
}

function rollback(seen: SignedHead, served: SignedHead): Conflict {
  const [before, now] = [seen.opened.checkpoint, served.opened.checkpoint];
  return {
    kind: 'conflict',
    evidence: { kind: 'rollback', heads: [decodeUtf8(seen.note), decodeUtf8(served.note)] },
    // The log may grow again and is then seen at many sizes: it is the same fall.
    about: `${before.size} ${formatBase64(before.root)}`,
    what: `the log went back from ${before.size} entries to ${now.size}, and no longer serves the rest`,
  };
}
