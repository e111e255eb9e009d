/**
 * Makes the tree again from its leaves: the inverse of `Leaves.add`, for probes that read a declaration as a whole. The leaf
 * at a path decides what is below it, so that a list differs from a map with the names "0", "1".
 */
import { refuse, type Refusal } from '../bytes/refusal.ts';
import { isList, isMap, unescaped, type Value } from '../claim/value.ts';
import { below as pathBelow, TypedMap, type Tree } from './leaf.ts';

type Branch = Map<string, Node>;
interface Node {
  content?: Value;
  readonly below: Branch;
}

/**
 * The tree at and below a path; undefined if there are no leaves. `scalarOf` gives values for leaves that have none in the
 * tree: sensitive ones, and those not known yet. Refuses `malformed-payload` for leaves that come from no tree.
 */
export function treeOfLeaves(
  leaves: ReadonlyMap<string, Value>,
  at: string,
  scalarOf: (path: string, content: Value) => Tree | undefined,
): { readonly tree: Tree; readonly leaves: number } | undefined {
  const root: Node = { below: new Map() };
  let count = 0;
  for (const [path, content] of leaves) {
    if (path !== at && !path.startsWith(`${at}/`)) continue;
    count += 1;
    const steps = path === at ? [] : path.slice(at.length + 1).split('/');
    let node = root;
    for (const step of steps.map(unescaped)) {
      const next = node.below.get(step) ?? { below: new Map() };
      node.below.set(step, next);
      node = next;
    }
    node.content = content;
  }
  return count === 0 ? undefined : { tree: treeOf(root, at, scalarOf), leaves: count };
}

function treeOf(node: Node, path: string, scalarOf: Parameters<typeof treeOfLeaves>[2]): Tree {
  const { content, below } = node;
  const child = (step: string): Tree => {
    const found = below.get(step);
    if (found === undefined) throw broken(path);
    return treeOf(found, pathBelow(path, step), scalarOf);
  };
  const other = content === undefined ? undefined : scalarOf(path, content);
  if (other !== undefined) return other;
  if (content === undefined) return mapOf(below, child);
  if (!isMap(content)) return ended(isList(content) ? [] : content, below, path);
  const [[name, value] = ['', undefined]] = Object.entries(content);
  if (name === '') return ended(new Map(), below, path);
  if (name === 'number' && typeof value === 'string') return ended({ number: value }, below, path);
  if (name === 'timestamp' && typeof value === 'string') return ended(value, below, path);
  if (name === 'list' || name === 'documents')
    return (value === below.size ? positions(value) : textsOf(value, below.size, path)).map(child);
  if (name === 'names') return mapOf(below, child, textsOf(value, undefined, path));
  if (name === 'text') return mapOf(below, child);
  throw broken(path);
}

function mapOf(below: Branch, child: (step: string) => Tree, typed: readonly string[] = []): Tree {
  const members = new TypedMap();
  for (const name of typed) members.typed.add(name);
  for (const name of below.keys()) members.set(name, child(name));
  return typed.length === 0 ? new Map(members) : members;
}

/** A scalar, or what is empty, has nothing below it. */
function ended(tree: Tree, below: Branch, path: string): Tree {
  if (below.size > 0) throw broken(path);
  return tree;
}

function positions(count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => String(i));
}

function textsOf(value: Value | undefined, count: number | undefined, path: string): readonly string[] {
  const texts =
    value !== undefined && isList(value) ? value.filter((each) => typeof each === 'string') : undefined;
  if (texts === undefined || (count !== undefined && new Set(texts).size !== count)) throw broken(path);
  return texts;
}

function broken(path: string): Refusal {
  return refuse('malformed-payload', `the leaves at ${path === '' ? 'the top' : path} are of no tree`);
}
