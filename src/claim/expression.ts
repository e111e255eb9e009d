/**
 * Claims are CEL (the Common Expression Language) over what a probe observed: `o`, and the claim's own parameters,
 * `p`. An expression ends, has no effects, and tells what it looked at, so that a verdict is never of a better
 * class than the weakest observation it rests on.
 */
import { Environment } from '@marcbachmann/cel-js';
import { refuse } from '../bytes/refusal.ts';
import { escaped, isList, isMap, type Value, type ValueMap } from './value.ts';

const environment = new Environment({
  limits: {
    maxAstNodes: 2_000,
    maxDepth: 50,
    maxListElements: 256,
    maxMapEntries: 256,
    maxCallArguments: 16,
  },
})
  .registerVariable('o', 'map')
  .registerVariable('p', 'map');

/** What an expression came to. `touched`: JSON Pointers of the observations that it read. */
export interface Outcome {
  readonly holds: boolean;
  readonly touched: readonly string[];
}

/** Refuses `malformed-payload` for an expression that is not CEL, or cannot be true or false. */
export function checkExpression(text: string): void {
  const result = environment.check(text);
  if (result.valid && (result.type === 'bool' || result.type === 'dyn')) return;
  const why = result.valid ? `it gives ${String(result.type)}, not true or false` : firstLine(result.error);
  throw refuse(
    'malformed-payload',
    `the claim's expression "${text.slice(0, 200)}" is not valid CEL: ${why}`,
  );
}

/** Evaluates. Throws an Error that says why when the expression reads what is not there, or is not a boolean. */
export function evaluate(text: string, o: ValueMap, p: ValueMap): Outcome {
  const touched = new Set<string>();
  const result: unknown = environment.evaluate(text, {
    o: watched(o, '', touched),
    p: watched(p, '', new Set()),
  });
  if (typeof result !== 'boolean') throw new Error(`the expression gave ${typeof result}, not true or false`);
  return { holds: result, touched: deepest([...touched]) };
}

/** A view of a value that notes what is read of it. CEL's integers are bigints. */
function watched(value: Value, at: string, touched: Set<string>): unknown {
  if (typeof value === 'number') return BigInt(value);
  if (isList(value)) return value.map((item, i) => watched(item, `${at}/${i}`, touched));
  return isMap(value) ? new WatchedMap(value, at, touched) : value;
}

/** A map that notes which of its members were asked for; one that is counted or listed was read whole. */
class WatchedMap extends Map<string, unknown> {
  readonly #at: string;
  readonly #touched: Set<string>;

  constructor(value: ValueMap, at: string, touched: Set<string>) {
    super();
    this.#at = at;
    this.#touched = touched;
    // The evaluator knows maps by their constructor.
    Object.defineProperty(this, 'constructor', { value: Map });
    for (const [name, child] of Object.entries(value))
      super.set(name, watched(child, `${at}/${escaped(name)}`, touched));
  }

  override get(name: string): unknown {
    this.#touched.add(`${this.#at}/${escaped(name)}`);
    return super.get(name);
  }
  override has(name: string): boolean {
    this.#touched.add(`${this.#at}/${escaped(name)}`);
    return super.has(name);
  }
  override get size(): number {
    this.#touched.add(this.#at);
    return super.size;
  }
  override keys(): MapIterator<string> {
    this.#touched.add(this.#at);
    return super.keys();
  }
  override values(): MapIterator<unknown> {
    this.#touched.add(this.#at);
    return super.values();
  }
  // `entries` is not noted: the evaluator looks at the first one, of any map, for the type of its values.
  override [Symbol.iterator](): MapIterator<[string, unknown]> {
    this.#touched.add(this.#at);
    return super.entries();
  }
}

/** Paths on the way to others that were read are only the way. */
function deepest(paths: readonly string[]): readonly string[] {
  return paths.filter((path) => !paths.some((other) => other.startsWith(`${path}/`))).toSorted();
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '';
}
