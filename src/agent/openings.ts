/**
 * The leaves of a declaration, for probes that compare: read from the file that `commit` wrote for the owner, in the
 * folders where it may be. Leaves count only if they hash to the root that was logged.
 */
import { readFile } from 'node:fs/promises';
import { equalBytes } from '../bytes/compare.ts';
import type { Declared } from '../appraisal/history.ts';
import type { Value } from '../claim/value.ts';
import { declaredValue } from '../probe/declared.ts';
import type { SaltedTree } from '../statement/saltedleaf.ts';
import { leafTree } from '../declare/leafopening.ts';
import { ownedFilesIn, parseOwned } from '../declare/node/owned.ts';

/** Undefined if the agent has no file of this declaration. Refuses `malformed-payload` for a damaged one. */
export async function openedOf(
  folders: readonly string[],
  { declaration }: Declared,
): Promise<ReadonlyMap<string, Value> | undefined> {
  for (const folder of folders) {
    for (const path of ownedFilesIn(folder)) {
      const bytes = await readFile(path).catch(() => undefined);
      const tree = bytes && leafTree(parseOwned(new Uint8Array(bytes), path));
      if (tree === undefined || tree.count !== declaration.tree.leaves) continue;
      if (equalBytes(tree.root, declaration.tree.root)) return valuesOf(tree);
    }
  }
  return undefined;
}

function valuesOf(tree: SaltedTree): ReadonlyMap<string, Value> {
  return new Map(
    tree.leaves.map(({ path, value }): [string, Value] => [
      path,
      value instanceof Uint8Array ? declaredValue(value) : { sha256: value.digest.toHex(), size: value.size },
    ]),
  );
}
