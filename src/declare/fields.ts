/**
 * Reads members of a claims file strictly: an unknown name or a value of the wrong kind is refused, naming the place.
 */
import { refuse, type Refusal } from '../bytes/refusal.ts';
import { isTreeList, isTreeMap, type Tree, type TreeMap } from './leaf.ts';

/** The members of a map. Each is read once; a member that was not read is an error. */
export class Fields {
  readonly at: string;
  readonly #members: Map<string, Tree>;
  readonly #asked = new Set<string>();

  constructor(tree: Tree, at: string) {
    if (!isTreeMap(tree)) throw fault(at, 'takes members, `name: value`');
    this.at = at;
    this.#members = new Map(tree);
  }

  text(name: string): string | undefined {
    const value = this.#take(name);
    return value === undefined ? undefined : textOf(value, this.#place(name));
  }

  texts(name: string): readonly string[] {
    return this.list(name).map((each) => textOf(each, this.#place(name)));
  }

  list(name: string): readonly Tree[] {
    const value = this.#take(name);
    if (value === undefined) return [];
    if (!isTreeList(value)) throw fault(this.#place(name), 'takes a list');
    return value;
  }

  map(name: string): TreeMap | undefined {
    const value = this.#take(name);
    if (value === undefined) return undefined;
    if (!isTreeMap(value)) throw fault(this.#place(name), 'takes members, `name: value`');
    return value;
  }

  whole(name: string): number | undefined {
    const value = this.#take(name);
    if (value === undefined || (typeof value === 'number' && value >= 0)) return value;
    throw fault(this.#place(name), 'takes a whole number');
  }

  word<const T extends string>(name: string, words: readonly T[]): T | undefined {
    const text = this.text(name);
    const word = words.find((each) => each === text);
    if (text !== undefined && word === undefined)
      throw fault(this.#place(name), `is one of ${words.join(', ')}`);
    return word;
  }

  /** Seconds. */
  duration(name: string): number | undefined {
    const value = this.#take(name);
    if (value === undefined) return undefined;
    const [, count, unit] =
      (typeof value === 'string' ? /^([1-9][0-9]{0,7})([smhd])$/.exec(value) : null) ?? [];
    const seconds = { s: 1, m: 60, h: 3_600, d: 86_400 }[String(unit)];
    if (seconds === undefined) throw fault(this.#place(name), 'is a duration: 30s, 5m, 1h or 7d');
    return Number(count) * seconds;
  }

  needed<T>(name: string, value: T | undefined): T {
    if (value === undefined) throw fault(this.#place(name), 'is missing');
    return value;
  }

  end(): void {
    const [left] = this.#members.keys();
    if (left !== undefined)
      throw fault(
        this.#place(left),
        `is nothing that can be said here; these are: ${[...this.#asked].join(', ')}`,
      );
  }

  #take(name: string): Tree | undefined {
    this.#asked.add(name);
    const value = this.#members.get(name);
    this.#members.delete(name);
    return value;
  }

  #place(name: string): string {
    return this.at === 'the file' ? name : `${this.at}.${name}`;
  }
}

/** A text. Refuses `malformed-payload`. */
export function textOf(value: Tree, at: string): string {
  if (typeof value === 'string') return value;
  throw fault(at, 'takes a text');
}

/** The refusal of a value in a claims file, naming its place; to throw. */
export function fault(at: string, what: string): Refusal {
  return refuse('malformed-payload', `${at}: ${what}`);
}
