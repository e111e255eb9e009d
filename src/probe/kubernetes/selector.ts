/** Labels, and what a label selector (meta/v1) says of them. Pure. */
import { itemsAt, mapAt, partAt, type Tree } from '../tree.ts';

/** A label selector; an empty one selects everything. */
export function selects(selector: Tree | undefined, labels: ReadonlyMap<string, string>): boolean {
  const wanted = labelsAt(selector, 'matchLabels');
  if (!wanted.every(([name, value]) => labels.get(name) === value)) return false;
  return itemsAt(selector, 'matchExpressions').every((each) => {
    const name = partAt(each, 'key');
    const value = typeof name === 'string' ? labels.get(name) : undefined;
    const isOne = value !== undefined && itemsAt(each, 'values').includes(value);
    const operator = partAt(each, 'operator');
    if (operator === 'In') return isOne;
    if (operator === 'NotIn') return !isOne;
    // The API takes no other operator than these and DoesNotExist.
    return operator === 'Exists' ? value !== undefined : operator === 'DoesNotExist' && value === undefined;
  });
}

/** The members of a map that are texts. */
export function labelsAt(
  tree: Tree | undefined,
  ...names: readonly string[]
): readonly (readonly [string, string])[] {
  return Array.from(mapAt(tree, ...names) ?? []).flatMap(([name, value]): [string, string][] =>
    typeof value === 'string' ? [[name, value]] : [],
  );
}
