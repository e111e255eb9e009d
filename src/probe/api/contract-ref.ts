/** References within a contract. A contract is one document: what lies elsewhere is not read. */
import { unescaped } from '../../claim/value.ts';
import { isTreeList, isTreeMap } from '../../declare/leaf.ts';
import type { Tree } from '../tree.ts';

/** The rules of a contract's schemas, by its version. */
export type Dialect = '3.0' | '3.1';

/** Why something of a contract is not understood; its text quotes nothing of it. */
export class Doubt extends Error {}

/** A step of a JSON Pointer (RFC 6901 §3). */
export const pointerStep = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');

/** What a reference leads to, and its JSON Pointer. Throws Doubt for one that leads out of the contract, or nowhere. */
export function resolved(contract: Tree, reference: Tree): { readonly at: string; readonly tree: Tree } {
  if (typeof reference !== 'string' || !/^#(?:\/|$)/.test(reference))
    throw new Doubt('a reference that leads out of the contract, or to an anchor');
  const at = decoded(reference.slice(1));
  let tree: Tree | undefined = contract;
  for (const step of at.split('/').slice(1).map(unescaped)) {
    if (tree === undefined) break;
    tree = isTreeMap(tree)
      ? tree.get(step)
      : isTreeList(tree) && /^\d{1,6}$/.test(step)
        ? tree[Number(step)]
        : undefined;
  }
  if (tree === undefined) throw new Doubt('a reference that leads nowhere');
  return { at, tree };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Doubt('a reference that leads nowhere');
  }
}
