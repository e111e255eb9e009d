/** Reads members of JSON answers of a service, which are trees of text from outside: what is missing or of another type is undefined. */
import { isTreeList, isTreeMap, type Tree, type TreeMap } from '../declare/leaf.ts';

export type { Tree, TreeMap };

/** The part at some names; undefined if it is not there, or null, which is the same to an API server. */
export function partAt(tree: Tree | undefined, ...names: readonly string[]): Tree | undefined {
  let at = tree;
  for (const name of names) at = at !== undefined && isTreeMap(at) ? at.get(name) : undefined;
  return at ?? undefined;
}

export function textAt(tree: Tree | undefined, ...names: readonly string[]): string | undefined {
  const part = partAt(tree, ...names);
  return typeof part === 'string' ? part : undefined;
}

export function numberAt(tree: Tree | undefined, ...names: readonly string[]): number | undefined {
  const part = partAt(tree, ...names);
  return typeof part === 'number' ? part : undefined;
}

export function flagAt(tree: Tree | undefined, ...names: readonly string[]): boolean | undefined {
  const part = partAt(tree, ...names);
  return typeof part === 'boolean' ? part : undefined;
}

/** The items of a list that are maps; none if there is no list. */
export function mapsAt(tree: Tree | undefined, ...names: readonly string[]): readonly TreeMap[] {
  return itemsAt(tree, ...names).filter((each) => isTreeMap(each));
}

/** The items of a list that are texts; none if there is no list. */
export function textsAt(tree: Tree | undefined, ...names: readonly string[]): readonly string[] {
  return itemsAt(tree, ...names).filter((each) => typeof each === 'string');
}

export function itemsAt(tree: Tree | undefined, ...names: readonly string[]): readonly Tree[] {
  const part = partAt(tree, ...names);
  return part !== undefined && isTreeList(part) ? part : [];
}

export function mapAt(tree: Tree | undefined, ...names: readonly string[]): TreeMap | undefined {
  const part = partAt(tree, ...names);
  return part !== undefined && isTreeMap(part) ? part : undefined;
}
