/**
 * Gives each policy document of AWS IAM one spelling. A single item and a list of one item mean the same, and the order of
 * items in Action, Resource and Principal has no meaning (IAM User Guide, "Grammar of the IAM JSON policy language").
 */
import { Refusal } from '../bytes/refusal.ts';
import { parseJson } from './json.ts';
import { isTreeList, isTreeMap, type Tree, type TreeMap } from './leaf.ts';

/** Members that hold a set of texts. */
const SETS = new Set(['Action', 'NotAction', 'Resource', 'NotResource']);
/** Members that hold sets of texts by kind or by condition. */
const NESTED = new Set(['Principal', 'NotPrincipal', 'Condition']);

/** The document in a text, in its one spelling; undefined when the text is no policy document. */
export function parsePolicyText(text: string): Tree | undefined {
  if (!/^\s*\{/.test(text) || !text.includes('"Statement"')) return undefined;
  try {
    const tree = parseJson(text);
    return isTreeMap(tree) && tree.has('Statement') ? canonicalPolicy(tree) : undefined;
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

/** A policy document with lists for sets, sorted. The order of statements is kept: people read it. */
export function canonicalPolicy(document: TreeMap): TreeMap {
  const statements = document.get('Statement') ?? [];
  const list = isTreeList(statements) ? statements : [statements];
  return new Map([
    ...document,
    ['Statement', list.map((each) => (isTreeMap(each) ? statement(each) : each))],
  ]);
}

function statement(members: TreeMap): TreeMap {
  return new Map(
    Array.from(members, ([name, value]): readonly [string, Tree] => {
      if (SETS.has(name)) return [name, setOf(value)];
      return [name, NESTED.has(name) ? nested(value) : value];
    }),
  );
}

function nested(value: Tree): Tree {
  if (!isTreeMap(value)) return value;
  return new Map(Array.from(value, ([name, each]) => [name, isTreeMap(each) ? nested(each) : setOf(each)]));
}

/** Sorted, each item once; a list of other things than texts is left as it is. */
function setOf(value: Tree): Tree {
  const items = isTreeList(value) ? value : [value];
  if (!items.every((item) => typeof item === 'string')) return value;
  return [...new Set(items)].toSorted();
}
