/**
 * The value that a probe observes: a tree of maps and lists over text, whole numbers, booleans and null. A claim's
 * expression reads it; leaf by leaf it goes into the salted tree of a runtime proof (spec/statements.md §5, §8).
 */
import { encodeCbor } from '../bytes/cbor.ts';
import { printable } from '../bytes/printable.ts';
import { refuse } from '../bytes/refusal.ts';

/** Numbers are whole, within ±(2^53−1). Shares are given in permille, times in milliseconds. */
export type Value = string | number | boolean | null | readonly Value[] | ValueMap;
export interface ValueMap {
  readonly [name: string]: Value;
}

/** One leaf of a value: its path is a JSON Pointer (RFC 6901). An empty map or list is a leaf too. */
export interface Leaf {
  readonly path: string;
  readonly value: Value;
}

/** Bounds of one probe's value, since it came from the target: most leaves, deepest nesting, longest text. */
const MAX_LEAVES = 20_000;
const MAX_DEPTH = 12;
const MAX_TEXT = 65_536;

/** The leaves of a value, in the order of their paths. Refuses `too-large`, and `malformed-text` for what has no UTF-8. */
export function leavesOf(value: Value): readonly Leaf[] {
  const leaves: Leaf[] = [];
  const walk = (at: string, part: Value, depth: number): void => {
    if (
      depth > MAX_DEPTH ||
      leaves.length >= MAX_LEAVES ||
      (typeof part === 'string' && part.length > MAX_TEXT)
    )
      throw refuse('too-large', "an observation is too large; narrow the probe's parameters");
    if (!at.isWellFormed() || (typeof part === 'string' && !part.isWellFormed()))
      throw refuse(
        'malformed-text',
        `what was observed at ${printable(at) || 'the top'} has half of a surrogate pair, which no text is; mend the ` +
          "target's text, or narrow the probe's parameters",
      );
    const children = childrenOf(part);
    if (children.length === 0) leaves.push({ path: at, value: part });
    for (const [name, child] of children) walk(`${at}/${escaped(name)}`, child, depth + 1);
  };
  walk('', value, 0);
  return leaves.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** Canonical bytes of a leaf's value: deterministic CBOR (RFC 8949 §4.2.1). */
export function encodeValue(value: Value): Uint8Array<ArrayBuffer> {
  return encodeCbor(cborOf(value));
}

/** Names and children of a map or list; none of anything else. */
export function childrenOf(value: Value): readonly (readonly [name: string, child: Value])[] {
  if (isList(value)) return value.map((child, i) => [String(i), child]);
  return isMap(value) ? Object.entries(value) : [];
}

export function isMap(value: Value): value is ValueMap {
  return typeof value === 'object' && value !== null && !isList(value);
}

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

/** One step of a JSON Pointer (RFC 6901 §3). */
export function escaped(name: string): string {
  // Most names contain neither character, and this function runs for most reads of an expression.
  return /[~/]/.test(name) ? name.replaceAll('~', '~0').replaceAll('/', '~1') : name;
}

/** The name that a step of a JSON Pointer stands for. */
export function unescaped(step: string): string {
  return step.replaceAll('~1', '/').replaceAll('~0', '~');
}

function cborOf(value: Value): Parameters<typeof encodeCbor>[0] {
  if (isList(value)) return value.map(cborOf);
  if (isMap(value)) return new Map(Object.entries(value).map(([name, child]) => [name, cborOf(child)]));
  return value;
}
