/**
 * The shape of what a probe can observe: the members of its value, by name. A claim that reads any other member would
 * always be UNKNOWN, or would pass because the member is always absent. So it is refused when it is made (reads.ts).
 */
import { isList, isMap, type Value } from './value.ts';

export type Shape =
  /** A text, a number, a truth value, or null. */
  | 'scalar'
  /** Anything: the target or its owner decides. */
  | 'any'
  | { readonly list: Shape }
  /** Members by names that the target has: settings, headers. */
  | { readonly map: Shape }
  /** Members with these names and no others; any of them may be absent. */
  | { readonly members: Readonly<Record<string, Shape>> };

/** Members that are all scalars. */
export function scalars(...names: readonly string[]): Readonly<Record<string, Shape>> {
  return Object.fromEntries(names.map((name) => [name, 'scalar']));
}

/** JSON Pointer of the first part that does not have the shape; undefined if all parts do. For tests of probes. */
export function misfit(value: Value, shape: Shape, at = ''): string | undefined {
  if (shape === 'any') return undefined;
  if (shape === 'scalar') return isMap(value) || isList(value) ? at : undefined;
  if ('list' in shape)
    return isList(value) ? first(value, (each, i) => misfit(each, shape.list, `${at}/${i}`)) : at;
  if (!isMap(value)) return at;
  return first(Object.entries(value), ([name, each]) => {
    const below = 'map' in shape ? shape.map : memberOf(shape, name);
    return below === undefined ? `${at}/${name}` : misfit(each, below, `${at}/${name}`);
  });
}

/** The shape of a member; undefined where there is none of that name. */
export function memberOf(shape: Extract<Shape, { members: unknown }>, name: string): Shape | undefined {
  return Object.hasOwn(shape.members, name) ? shape.members[name] : undefined;
}

function first<T>(list: readonly T[], of: (each: T, i: number) => string | undefined): string | undefined {
  for (const [i, each] of list.entries()) {
    const found = of(each, i);
    if (found !== undefined) return found;
  }
  return undefined;
}
