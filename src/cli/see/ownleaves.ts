/** Leaves that only owners have, matched to the commitments whose root they lead to. */
import { join, resolve } from 'node:path';
import { equalBytes } from '../../bytes/compare.ts';
import { formatHex } from '../../bytes/text.ts';
import { refuse } from '../../bytes/refusal.ts';
import type { Declaration } from '../../statement/commitment.ts';
import { earlierFolders } from '../../declare/node/earlier.ts';
import { leafTree } from '../../declare/leafopening.ts';
import { showValue } from '../../statement/leaf-text.ts';
import { ownedFilesIn, readOwned } from '../../declare/node/owned.ts';
import type { Context } from '../context.ts';
import { ownInput } from '../owninput.ts';
import { slugOf } from '../../declare/node/proofs.ts';
import { proofsFolderOf } from '../state.ts';
import type { Facts } from '../../declare/facts.ts';

/** A declaration's leaves: path → value as people read it; of sensitive ones only whether they changed. */
export interface OwnLeaves {
  readonly root: Uint8Array;
  readonly leaves: Facts;
}

/** Reads what owners have: the files named, and those in the subject's proof directory. Refuses `not-found`, `usage`. */
export async function readOwnLeaves(
  context: Context,
  subject: string,
  named: readonly string[],
): Promise<readonly OwnLeaves[]> {
  const folder = join(proofsFolderOf(context), slugOf(subject));
  const own = [folder, ...(await earlierFolders(folder))].flatMap(ownedFilesIn);
  const paths = [...named.map((path) => resolve(context.world.cwd, path)), ...own];
  const found: OwnLeaves[] = [];
  for (const path of paths) {
    const owned = await ownInput(() => readOwned(path));
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

/** The leaves of a declaration, when they are at hand: what leads to its root is what was declared. */
export function leavesFor(all: readonly OwnLeaves[], { tree }: Declaration): Facts | undefined {
  return all.find(({ root }) => equalBytes(root, tree.root))?.leaves;
}
