/**
 * The meaning of a plain scalar of YAML. YAML 1.1 and 1.2 give `0644`, `NO`, `on`, `22:22` and `=` different types and
 * values, and tools differ in which version they use. If the two versions disagree, the scalar is refused, with a
 * spelling that every reader understands in the same way: a text in quotes, a decimal number, `true`, `false`.
 */
import { parse } from 'yaml';
import { numberOf } from '../bytes/json.ts';
import type { Tree } from './leaf.ts';

/** Cache: a declaration has few different plain scalars. */
const known = new Map<string, Readings>();
const MAX_KNOWN = 50_000;

interface Readings {
  /** By YAML 1.1 and by 1.2. */
  readonly all: readonly unknown[];
  /** The common meaning in both versions, if the scalar has its canonical spelling; else undefined. */
  readonly meaning: Tree | undefined;
}

/** A date or a time to readers of YAML 1.1 (yaml.org/type/timestamp), a text to all others. */
const TIMESTAMP = /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:$|[Tt \t])/;
/** Types of YAML 1.1 that the library lacks (yaml.org/type/value, yaml.org/type/merge). */
const OLD_TYPES: ReadonlySet<string> = new Set(['=', '<<']);

/**
 * The meaning of a plain scalar in both YAML 1.1 and 1.2; undefined if they differ, or if it is not in its canonical
 * spelling.
 */
export function meaningOf(source: string): Tree | undefined {
  return readingsOf(source).meaning;
}

/** What to write instead of a scalar on which the versions disagree. `whole`: advice if there is no such spelling. */
export function adviceFor(source: string, whole: string): string {
  const quoted = `quote it: ${JSON.stringify(source)}`;
  const other = `${source} is not the same to every reader of YAML (1.1, 1.2)`;
  const words = [...new Set(readingsOf(source).all.flatMap(spellingOf))];
  const [word, another] = words;
  if (word === undefined) {
    const isText = OLD_TYPES.has(source);
    return isText
      ? `${other}; ${quoted}`
      : `${other}; ${quoted} where a text is meant; where a date or a number is, ${whole}`;
  }
  const kind = word === 'true' || word === 'false' ? 'truth value' : 'number';
  const write =
    another === undefined
      ? `write ${word} where the ${kind} is`
      : `write the number that is meant in decimal, ${word} (YAML 1.1: kubectl, Ansible) or ${another} (YAML 1.2)`;
  return `${other}; ${quoted} where a text is meant, or ${write}`;
}

/** A spelling of a number or truth value that every reader reads alike; none for other values. */
function spellingOf(value: unknown): readonly string[] {
  if (typeof value === 'boolean' || typeof value === 'bigint') return [String(value)];
  if (typeof value !== 'number' || !Number.isFinite(value)) return [];
  const text = String(value);
  return meaningOf(text) === undefined ? [] : [text];
}

function readingsOf(source: string): Readings {
  const before = known.get(source);
  if (before !== undefined) return before;
  const all = OLD_TYPES.has(source) || TIMESTAMP.test(source) ? [undefined, source] : parsed(source);
  const [old, now] = all;
  // The library's pattern for floats of YAML 1.1 takes `E3` for one, which no version does.
  const same = Object.is(old, now) || (Number.isNaN(old) && !/nan/i.test(source));
  const readings = { all, meaning: same ? scalarOf(now, source) : undefined };
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(source, readings);
  return readings;
}

function parsed(source: string): readonly unknown[] {
  return (['1.1', '1.2'] as const).map((version): unknown =>
    parse(source, {
      version,
      schema: version === '1.1' ? 'yaml-1.1' : 'core',
      intAsBigInt: true,
      logLevel: 'silent',
    }),
  );
}

function scalarOf(value: unknown, source: string): Tree | undefined {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  // `+1`, `1_000` and `0x10` have other spellings; a number is declared in the plain one.
  if (typeof value === 'bigint') return String(value) === source ? numberOf(source) : undefined;
  // `1e3`, `.5` and `1.` are numbers to some readers of YAML 1.1 and texts to others.
  return typeof value === 'number' && /^-?[0-9]+\.[0-9]+$/.test(source) ? numberOf(source) : undefined;
}
