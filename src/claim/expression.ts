/**
 * Claims are CEL (the Common Expression Language) over what a probe observed: `o`, and the claim's own parameters,
 * `p`. An expression ends, has no effects, and tells what it looked at, so that a verdict is never of a better
 * class than the weakest observation it rests on.
 */
import { Environment } from '@marcbachmann/cel-js';
import { refuse } from '../bytes/refusal.ts';
import { escaped, isList, type Value, type ValueMap } from './value.ts';

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
  if (typeof value !== 'object' || value === null) return value;
  const target: object = isList(value) ? value.map((item) => item) : { ...value };
  const note = (key: string | symbol): string | undefined => {
    if (typeof key !== 'string' || (isList(value) && key === 'length')) return undefined;
    const path = `${at}/${escaped(key)}`;
    touched.add(path);
    return path;
  };
  return new Proxy(target, {
    get(whole, key) {
      const path = Object.hasOwn(whole, key) ? note(key) : undefined;
      if (path === undefined) return Reflect.get(whole, key);
      return watched(childOf(value, String(key)), path, touched);
    },
    getOwnPropertyDescriptor(whole, key) {
      note(key);
      return Reflect.getOwnPropertyDescriptor(whole, key);
    },
    ownKeys(whole) {
      touched.add(at);
      return Reflect.ownKeys(whole);
    },
  });
}

function childOf(value: Value, key: string): Value {
  if (isList(value)) return value[Number(key)] ?? null;
  return typeof value === 'object' && value !== null ? (value[key] ?? null) : null;
}

/** Paths on the way to others that were read are only the way; one that was listed whole (`ownKeys`) stays by its children. */
function deepest(paths: readonly string[]): readonly string[] {
  return paths.filter((path) => !paths.some((other) => other.startsWith(`${path}/`))).toSorted();
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '';
}
