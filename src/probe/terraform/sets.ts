/**
 * Matches the members of lists that may be sets. Terraform's JSON does not say which lists are sets, and a member that the plan
 * does not know gets its place in a set only in the state. So if a list has unknown members, and both sides could be sets, its
 * members are matched wherever they stand. A list could be a set if its texts, numbers and truth values are in cty's order,
 * with unknown ones after them (go-cty, cty/set_internals.go, `setRules.Less`).
 */
import { isMap, type Value } from '../../claim/value.ts';
import type { DeclaredLeaf } from '../../declare/leaf.ts';
import { declaredValue, isUnknown, sameValue, sensitiveDigest } from '../declared.ts';

/** Most members of a list that is matched as a set. Longer lists are compared in order. */
const MAX_MEMBERS = 256;

interface Node {
  declared?: Value;
  leaf?: DeclaredLeaf;
  readonly below: Map<string, Node>;
}

/** Whether a leaf would have this keyed digest at `path`; undefined if there is no key to compute it. */
type HasDigest = (leaf: DeclaredLeaf, path: string, digest: string) => boolean | undefined;

/** The leaves of a state. In lists that may be sets, members are renumbered as in the plan. */
export function alignSets(
  declared: ReadonlyMap<string, Value>,
  live: ReadonlyMap<string, DeclaredLeaf>,
  hasDigest: HasDigest,
): ReadonlyMap<string, DeclaredLeaf> {
  const tops = topsOf(declared, live);
  if (tops.length === 0) return live;
  const aligned = new Map([...live].filter(([path]) => !tops.some((top) => isBelow(path, top))));
  for (const top of tops) {
    const plan = treeOf(top, declared, (node, value) => (node.declared = value));
    const state = treeOf(top, live, (node, leaf) => (node.leaf = leaf));
    move(plan, state, top, aligned, hasDigest);
  }
  return aligned;
}

/** Paths of the outermost lists of the state in which the plan does not know everything. */
function topsOf(
  declared: ReadonlyMap<string, Value>,
  live: ReadonlyMap<string, DeclaredLeaf>,
): readonly string[] {
  const tops = new Set<string>();
  for (const [path, value] of declared) {
    if (!isUnknown(value)) continue;
    for (let end = path.indexOf('/', 1); end > 0; end = path.indexOf('/', end + 1)) {
      const above = path.slice(0, end);
      const leaf = live.get(above);
      if (leaf === undefined || !isListLeaf(declaredValue(leaf.value))) continue;
      tops.add(above);
      break;
    }
  }
  return [...tops];
}

function isListLeaf(value: Value | undefined): boolean {
  return value !== undefined && isMap(value) && typeof value['list'] === 'number';
}

function isBelow(path: string, top: string): boolean {
  return path === top || path.startsWith(`${top}/`);
}

function treeOf<T>(top: string, all: ReadonlyMap<string, T>, put: (node: Node, each: T) => void): Node {
  const root: Node = { below: new Map() };
  for (const [path, each] of all) {
    if (!isBelow(path, top)) continue;
    let node = root;
    for (const step of path === top ? [] : path.slice(top.length + 1).split('/')) {
      const next = node.below.get(step) ?? { below: new Map() };
      node.below.set(step, next);
      node = next;
    }
    put(node, each);
  }
  return root;
}

/** Writes the leaves of the state into `into`, at the places that the plan gives them. */
function move(
  plan: Node | undefined,
  state: Node,
  path: string,
  into: Map<string, DeclaredLeaf>,
  hasDigest: HasDigest,
): void {
  if (state.leaf !== undefined) into.set(path, { ...state.leaf, path });
  const places = plan === undefined ? undefined : placesOf(plan, state, path, hasDigest);
  const taken = new Map(places?.map((from, at) => [String(from), String(at)]));
  for (const [step, child] of state.below) {
    const at = taken.get(step) ?? step;
    move(plan?.below.get(at), child, `${path}/${at}`, into, hasDigest);
  }
}

/** For each member of the plan's list, the position of its match in the state's; undefined if they are compared in order. */
function placesOf(
  plan: Node,
  state: Node,
  path: string,
  hasDigest: HasDigest,
): readonly number[] | undefined {
  if (!isListLeaf(state.leaf && declaredValue(state.leaf.value)) || !hasUnknown(plan)) return undefined;
  const [wanted, found] = [itemsOf(plan), itemsOf(state)];
  if (wanted === undefined || found?.length !== wanted.length || wanted.length > MAX_MEMBERS)
    return undefined;
  const can = wanted.map((each, i) => found.map((other) => fits(each, other, `${path}/${i}`, hasDigest)));
  if (wanted.every((_each, i) => can[i]?.[i] === true) || !maybeSet(wanted) || !maybeSet(found))
    return undefined;
  return matching(can);
}

/** The members of a list by position; undefined if the node is no list. */
function itemsOf({ below }: Node): readonly Node[] | undefined {
  const items = Array.from(below, (_each, i) => below.get(String(i)));
  return items.every((each) => each !== undefined) ? items : undefined;
}

function hasUnknown({ declared, below }: Node): boolean {
  return (declared !== undefined && isUnknown(declared)) || below.values().some(hasUnknown);
}

/** Whether the members could be in the order of a set. Maps and lists are ordered by a hash, so any order of them is possible. */
function maybeSet(items: readonly Node[]): boolean {
  let last: string | number | boolean | undefined;
  let unknownSeen = false;
  for (const item of items) {
    if (item.below.size > 0) continue;
    const value = valueOf(item);
    if (value !== undefined && isUnknown(value)) unknownSeen = true;
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') continue;
    if (unknownSeen || (last !== undefined && !isBefore(last, value))) return false;
    last = value;
  }
  return true;
}

function isBefore(a: string | number | boolean, b: string | number | boolean): boolean {
  if (typeof a === 'string' && typeof b === 'string')
    return Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0;
  return typeof a === typeof b && a < b;
}

function valueOf({ declared, leaf }: Node): Value | undefined {
  return declared ?? (leaf && declaredValue(leaf.value));
}

/** Whether a member of the state could be the planned one, if unknown values may be anything. */
function fits(plan: Node, state: Node, path: string, hasDigest: HasDigest): boolean {
  const { declared } = plan;
  if (declared !== undefined && isUnknown(declared)) return true;
  if (!isAsDeclared(declared, state.leaf, path, hasDigest)) return false;
  if (placesOf(plan, state, path, hasDigest) !== undefined) return true;
  return (
    [...plan.below].every(([step, each]) => {
      const other = state.below.get(step);
      // An unknown attribute may have no value after the apply.
      if (other === undefined) return each.declared !== undefined && isUnknown(each.declared);
      return fits(each, other, `${path}/${step}`, hasDigest);
    }) && state.below.keys().every((step) => plan.below.has(step))
  );
}

function isAsDeclared(
  declared: Value | undefined,
  leaf: DeclaredLeaf | undefined,
  path: string,
  hasDigest: HasDigest,
): boolean {
  if (declared === undefined || leaf === undefined) return declared === undefined && leaf === undefined;
  const digest = sensitiveDigest(declared);
  if (digest === undefined) return sameValue(declared, declaredValue(leaf.value));
  return hasDigest(leaf, path, digest) !== false;
}

/** A different member of the state for each member of the plan, by Kuhn's algorithm; undefined if there is no such choice. */
function matching(can: readonly (readonly boolean[])[]): readonly number[] | undefined {
  const owner = new Map<number, number>();
  const find = (i: number, tried: Set<number>): boolean =>
    (can[i] ?? []).some((fit, j) => {
      if (!fit || tried.has(j)) return false;
      tried.add(j);
      const held = owner.get(j);
      if (held !== undefined && !find(held, tried)) return false;
      owner.set(j, i);
      return true;
    });
  if (!can.every((_each, i) => find(i, new Set()))) return undefined;
  const places: number[] = [];
  for (const [j, i] of owner) places[i] = j;
  return places;
}
