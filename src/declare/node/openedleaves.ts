/** Reads owners' files of leaves and matches them to commitments by their roots. */
import { equalBytes } from '../../bytes/compare.ts';
import { formatHex } from '../../bytes/text.ts';
import { refuse } from '../../bytes/refusal.ts';
import type { Declaration } from '../../statement/commitment.ts';
import { earlierFolders } from './earlier.ts';
import { leafTree } from '../leafopening.ts';
import { showValue } from '../../statement/leaf-text.ts';
import { ownedFilesIn, readOwned } from './owned.ts';
import type { Facts } from '../facts.ts';

/** A declaration's leaves: path → value as people read it. Sensitive values are shown as a digest, which tells changes. */
export interface ShownLeaves {
  readonly root: Uint8Array;
  readonly leaves: Facts;
}

/**
 * Reads owners' files: those named, and those in `folder`, the subject's proof directory, and its earlier ones. Refuses
 * `not-found`, `malformed-payload`, and `usage` for leaves of another subject.
 */
export async function readShownLeaves(
  subject: string,
  folder: string,
  named: readonly string[],
): Promise<readonly ShownLeaves[]> {
  const own = [folder, ...(await earlierFolders(folder))].flatMap(ownedFilesIn);
  const found: ShownLeaves[] = [];
  for (const path of [...named, ...own]) {
    const owned = await readOwned(path);
    if (owned.subject !== subject)
      throw refuse('usage', `${path} is about "${owned.subject}", another subject`);
    const leaves = owned.leaves.map((leaf): [string, string] => [
      leaf.path,
      leaf.sensitive ? `(sensitive, digest ${formatHex(leaf.value).slice(-16)})` : showValue(leaf.value),
    ]);
    found.push({ root: leafTree(owned).root, leaves: new Map(leaves) });
  }
  return found;
}

/** The leaves whose root is that of the declaration; undefined if none of these files has them. */
export function leavesFor(all: readonly ShownLeaves[], { tree }: Declaration): Facts | undefined {
  return all.find(({ root }) => equalBytes(root, tree.root))?.leaves;
}
