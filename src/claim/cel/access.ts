/**
 * Reads values for an expression: members, items, sizes. Each read is recorded with its path, and its cost is counted.
 * A collection is read where it is used, not where it is named: `o.tls.accepted['TLSv1.3']` reads one member.
 */
import { Meter, textCost, Unjudged } from './meter.ts';
import { equal } from './operators.ts';
import { sizeOf } from './texts.ts';
import { Between, kindOf, listOf, mapOf, Reads, Collection, Unknown, type Cel } from './value.ts';

/** One element that a macro visits: an item of a list, or the name of a member. */
export interface Element {
  readonly value: Cel;
  readonly path: string | undefined;
}

const CUT = 'not all members are known, and so not how many there are';

export class Access {
  readonly meter = new Meter();
  readonly reads = new Reads();
  /** Collections that have, or may have, members which the observation lacks. */
  readonly #cut: ReadonlySet<string>;

  constructor(cut: ReadonlySet<string>) {
    this.#cut = cut;
  }

  member(from: Cel, name: string): Cel {
    const found = this.find(from, name);
    if (found === undefined) throw new Unjudged(`No such key: ${name}`);
    return found;
  }

  /** Finds a member by its name, and records the read; undefined if there is none. */
  find(from: Cel, name: string): Cel | undefined {
    const map = mapOf(from);
    if (from instanceof Unknown) throw new Unjudged(from.why);
    if (map === undefined) throw new Unjudged(`${kindOf(from)} has no member ${name}`);
    const found = map.get(name);
    if (!(found instanceof Collection))
      this.reads.note(map.path(name), found === undefined ? 'absent' : 'value');
    return found;
  }

  indexed(from: Cel, key: Cel): Cel {
    const list = listOf(from);
    if (list === undefined) {
      if (typeof key !== 'string') throw new Unjudged(`${kindOf(from)} has no member by ${kindOf(key)}`);
      this.meter.spend(textCost(key.length));
      return this.member(from, key);
    }
    if (typeof key !== 'bigint') throw new Unjudged(`a list has no item by ${kindOf(key)}`);
    if (key < 0n || key >= BigInt(list.length)) {
      this.members(from);
      throw new Unjudged(`there is no item ${key} in a list of ${list.length}`);
    }
    const found = list.at(Number(key));
    if (!(found instanceof Collection)) this.reads.note(list.path(Number(key)), 'value');
    return found;
  }

  /** Whether there is a member. Throws for a value that cannot have members. */
  has(from: Cel, name: string): boolean {
    const found = this.find(from, name);
    if (found instanceof Collection) this.reads.note(found.path, 'value');
    return found !== undefined;
  }

  equal(a: Cel, b: Cel): boolean {
    return equal(this.whole(a), this.whole(b), this.meter);
  }

  /** Records that the whole value was read. */
  whole(value: Cel): Cel {
    if (value instanceof Collection) this.reads.noteAll(value, 'whole');
    else if (value instanceof Unknown) throw new Unjudged(value.why);
    else if (typeof value === 'object' && value !== null && !(value instanceof Between))
      for (const part of value.values()) {
        this.meter.spend(1);
        this.whole(part);
      }
    return value;
  }

  /** Records that the set of members or items was read. */
  members(value: Cel): void {
    if (value instanceof Collection) this.reads.noteAll(value, 'members');
  }

  isIn(wanted: Cel, from: Cel): boolean {
    const map = mapOf(from);
    if (map !== undefined) {
      if (typeof wanted !== 'string') return false;
      this.meter.spend(textCost(wanted.length));
      return this.has(from, wanted);
    }
    const needle = this.whole(wanted);
    for (const { value, path } of this.elements(from, 'in')) {
      if (!equal(needle, value, this.meter)) continue;
      if (value instanceof Collection) this.whole(value);
      else this.reads.note(path, 'value');
      return true;
    }
    this.whole(from);
    return false;
  }

  size(value: Cel): Cel {
    if (typeof value === 'string') return sizeOf(value, this.meter);
    const size = listOf(value)?.length ?? mapOf(value)?.names.length;
    if (listOf(value)?.at(size === undefined ? 0 : size - 1) instanceof Unknown)
      return new Between(BigInt((size ?? 1) - 1), undefined, CUT);
    if (size === undefined) throw new Unjudged(`${kindOf(value)} has no size`);
    if (value instanceof Collection && value.path !== undefined && this.#cut.has(value.path)) {
      this.reads.noteAll(value, 'least');
      return new Between(BigInt(size), undefined, CUT);
    }
    this.members(value);
    return BigInt(size);
  }

  /** The items of a list, or the names of a map's members; each costs one unit. */
  *elements(from: Cel, what: string): Generator<Element> {
    const [list, map] = [listOf(from), mapOf(from)];
    if (list !== undefined)
      for (let i = 0; i < list.length; i++) {
        this.meter.spend(1);
        yield { value: list.at(i), path: list.path(i) };
      }
    else if (map !== undefined)
      for (const name of map.names) {
        this.meter.spend(1);
        yield { value: name, path: map.path(name) };
      }
    else throw new Unjudged(`${what} takes a list or a map, and not ${kindOf(from)}`);
  }
}
