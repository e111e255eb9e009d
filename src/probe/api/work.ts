/**
 * What holding one body against a schema may cost, and the texts by which values are compared. A keyword that looks at a whole value costs as much as the value is
 * large, so it is counted by that: a small contract whose references multiply would otherwise look at a large value again and again.
 */
import { BUDGET, Meter, textCost } from '../../claim/cel/meter.ts';
import { Patterns } from '../../claim/cel/pattern.ts';
import { isTreeList, isTreeMap } from '../../declare/leaf.ts';
import type { Tree, TreeMap } from '../tree.ts';
import { Doubt } from './contract-ref.ts';
import { decimalOf, isNumber } from './numbers.ts';

/** Schemas that are asked about a value, and members, items and parts of texts that are looked at for that. */
const MAX_STEPS = 50_000;
const MAX_LOOKED = 2_000_000;
/** Units of a pattern's cost (spec/claims.md, "Cost") that take as long as looking at one member. */
const UNITS = 10;
/** Keywords with lists and maps that are gone through for each value. */
const LISTS = [
  'required',
  'type',
  'prefixItems',
  'patternProperties',
  'dependentSchemas',
  'dependentRequired',
];

export class Work {
  #steps = 0;
  #looked = 0;
  readonly #patterns = new Patterns();
  readonly #texts = new WeakMap<object, string>();
  readonly #sets = new WeakMap<object, ReadonlySet<string>>();

  /** Counts one schema that is asked about a value. Throws Doubt. */
  step(schema: Tree, value: Tree): void {
    this.#steps += 1;
    this.#look(1 + widthOf(value) + (isTreeMap(schema) ? listsOf(schema) : 0));
    if (this.#steps > MAX_STEPS) throw tooMuch();
  }

  /** Whether a part of the text matches; undefined for no pattern of RE2, or one that costs too much. Throws Doubt. */
  matches(text: string, pattern: string): boolean | undefined {
    const meter = new Meter();
    try {
      return this.#patterns.matches(text, pattern, meter);
    } catch {
      return undefined;
    } finally {
      this.#look(Math.ceil(Math.min(meter.spent, BUDGET) / UNITS));
    }
  }

  /** One text for values that JSON Schema calls equal: members in any order, numbers by what they mean. Throws Doubt. */
  textOf(value: Tree): string {
    if (typeof value !== 'object' || value === null) return this.#canonical(value);
    const known = this.#texts.get(value);
    if (known !== undefined) return known;
    const text = this.#canonical(value);
    this.#texts.set(value, text);
    return text;
  }

  /** The texts of the items of a list. Throws Doubt. */
  textsOf(list: readonly Tree[]): ReadonlySet<string> {
    const known = this.#sets.get(list);
    if (known !== undefined) return known;
    const texts = new Set(list.map((each) => this.#canonical(each)));
    this.#sets.set(list, texts);
    return texts;
  }

  #look(count: number): void {
    this.#looked += count;
    if (this.#looked > MAX_LOOKED) throw tooMuch();
  }

  #canonical(value: Tree): string {
    this.#look(1 + (typeof value === 'string' ? textCost(value.length) : 0));
    if (isNumber(value)) {
      const decimal = decimalOf(value);
      if (decimal === undefined) throw new Doubt('a number that is not compared here');
      return `${decimal.digits}e${decimal.exponent}`;
    }
    if (isTreeList(value)) return `[${value.map((each) => this.#canonical(each)).join(',')}]`;
    if (isTreeMap(value) && value.has('$withheld')) throw new Doubt('a value that the owner keeps');
    if (isTreeMap(value))
      return `{${[...value]
        .map(([name, each]) => `${JSON.stringify(name)}:${this.#canonical(each)}`)
        .toSorted()
        .join(',')}}`;
    return JSON.stringify(value);
  }
}

const tooMuch = (): Doubt => new Doubt('it takes more steps than are allowed');

function listsOf(schema: TreeMap): number {
  let sum = schema.size;
  for (const keyword of LISTS) {
    const given = schema.get(keyword);
    if (given === undefined) continue;
    sum += widthOf(given);
    if (keyword === 'dependentRequired' && isTreeMap(given))
      for (const others of given.values()) sum += widthOf(others);
  }
  return sum;
}

/** What is looked at of a value itself: its members, its items, or its text. */
function widthOf(value: Tree): number {
  if (typeof value === 'string') return textCost(value.length);
  return isTreeList(value) ? value.length : isTreeMap(value) ? value.size : 0;
}
