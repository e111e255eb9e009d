/** Values while an expression is evaluated. Whole numbers are bigints of 64 bits, others are doubles. */
import type { Read } from '../withheld.ts';
import { escaped, isMap, type Value, type ValueMap } from '../value.ts';
import { Unjudged } from './meter.ts';

type CelScalar = bigint | number | string | boolean | null;
export type Cel = CelScalar | Between | Unknown | Collection | readonly Cel[] | Map<string, Cel>;

/** A whole number of which only bounds are known. Without `most` there is no upper bound. */
export class Between {
  readonly least: bigint;
  readonly most: bigint | undefined;
  /** Why no more is known. */
  readonly why: string;

  constructor(least: bigint, most: bigint | undefined, why: string) {
    this.least = least;
    this.most = most;
    this.why = why;
  }
}

/** An item of a list that may be there, and of which nothing is known. Whatever reads it has no answer. */
export class Unknown {
  readonly why: string;

  constructor(why: string) {
    this.why = why;
  }
}

/** A map or list that was observed at `path`, or given as a parameter (no path: reading it is no observation). */
export class Collection {
  readonly value: ValueMap | readonly Value[];
  readonly path: string | undefined;

  constructor(value: ValueMap | readonly Value[], path: string | undefined) {
    this.value = value;
    this.path = path;
  }
}

/** A value as an expression sees it. */
export function lift(value: Value, path: string | undefined): Cel {
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new Unjudged(`${value} is not a whole number within ±(2^53−1)`);
    return BigInt(value);
  }
  return isScalar(value) ? value : new Collection(value, path);
}

function isScalar(value: Value): value is string | boolean | null | number {
  return value === null || typeof value !== 'object';
}

/** A list, whether it was observed or built. */
export interface ListView {
  readonly length: number;
  at(index: number): Cel;
  /** Path at which an item was observed. */
  path(index: number): string | undefined;
}

export function listOf(value: Cel): ListView | undefined {
  if (isBuiltList(value)) return { length: value.length, at: (i) => value[i] ?? null, path: () => undefined };
  if (!(value instanceof Collection) || isMap(value.value)) return undefined;
  const items = value.value;
  const path = (i: number): string | undefined => below(value, String(i));
  return { length: items.length, at: (i) => lift(items[i] ?? null, path(i)), path };
}

/** A map, whether it was observed or built. */
export interface MapView {
  readonly names: readonly string[];
  get(name: string): Cel | undefined;
  /** Path at which a member was observed, or would be. */
  path(name: string): string | undefined;
}

export function mapOf(value: Cel): MapView | undefined {
  if (value instanceof Map)
    return { names: [...value.keys()], get: (name) => value.get(name), path: () => undefined };
  if (!(value instanceof Collection) || !isMap(value.value)) return undefined;
  const members = value.value;
  const path = (name: string): string | undefined => below(value, name);
  const get = (name: string): Cel | undefined => {
    const member = Object.hasOwn(members, name) ? members[name] : undefined;
    return member === undefined ? undefined : lift(member, path(name));
  };
  return { names: namesOf(members), get, path };
}

/** Names are listed once for each map, however often an expression goes through them. */
const listed = new WeakMap<ValueMap, readonly string[]>();
function namesOf(members: ValueMap): readonly string[] {
  const known = listed.get(members) ?? Object.keys(members);
  listed.set(members, known);
  return known;
}

function below({ path }: Collection, name: string): string | undefined {
  return path === undefined ? undefined : `${path}/${escaped(name)}`;
}

function isBuiltList(value: Cel): value is readonly Cel[] {
  return Array.isArray(value);
}

/** What people call the type of a value. */
export function kindOf(value: Cel): string {
  if (value === null) return 'null';
  if (value instanceof Between) return 'int of which only bounds are known';
  if (value instanceof Unknown) return 'something of which nothing is known';
  if (value instanceof Collection) return isMap(value.value) ? 'map' : 'list';
  if (isBuiltList(value)) return 'list';
  if (typeof value === 'object') return 'map';
  if (typeof value === 'bigint') return 'int';
  if (typeof value === 'number') return 'double';
  return typeof value === 'string' ? 'string' : 'bool';
}

/** Records reads in order, so that the reads of a part that turned out not to matter can be removed. */
export class Reads {
  readonly #log: Read[] = [];

  note(path: string | undefined, kind: 'value' | 'absent'): void {
    if (path !== undefined) this.#log.push({ path, kind });
  }

  /** Records that a collection was iterated, or read whole. */
  noteAll({ path, value }: Collection, kind: 'members' | 'least' | 'whole'): void {
    if (path !== undefined) this.#log.push({ path, kind, map: isMap(value) });
  }

  get mark(): number {
    return this.#log.length;
  }

  /** Forgets the reads from one mark to another, or to the end. */
  forget(from: number, to = this.#log.length): void {
    this.#log.splice(from, to - from);
  }

  /**
   * Each read once. A read of a collection's presence is omitted if something below it was read, since the class of the
   * latter covers it.
   */
  get all(): readonly Read[] {
    const above = new Set<string>();
    for (const { path, kind } of this.#log)
      if (kind !== 'absent')
        for (let at = path.lastIndexOf('/'); at >= 0; at = path.lastIndexOf('/', at - 1)) {
          above.add(path.slice(0, at));
          if (at === 0) break;
        }
    const once = new Map<string, Read>();
    for (const read of this.#log)
      if (read.kind !== 'value' || !above.has(read.path)) once.set(`${read.kind} ${read.path}`, read);
    return [...once.values()].toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  }
}
