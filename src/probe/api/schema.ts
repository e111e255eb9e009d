/**
 * Whether a JSON value fits a schema of an OpenAPI contract: the dialect of 3.0 (a part of draft 4 with `nullable`), and that of 3.1
 * (draft 2020-12). The schema comes from a stranger, so it is interpreted within a budget: no code is made of it, no address is
 * read, and patterns are RE2's. There is a third answer, unknown: for what is not understood, or costs too much. It is never
 * taken for "fits". Formats are annotations, and are not checked.
 */
import { isTreeList, isTreeMap } from '../../declare/leaf.ts';
import type { Tree, TreeMap } from '../tree.ts';
import { asserted, type Setting } from './assertions.ts';
import { Doubt, pointerStep, resolved, type Dialect } from './contract-ref.ts';
import { Work } from './work.ts';

/** How deep schemas may lead into each other. */
const MAX_DEPTH = 100;

/** What one schema says of one value. */
export interface Outcome {
  /** Undefined: not known. */
  readonly ok: boolean | undefined;
  /** JSON Pointer in the contract of the first keyword that the value does not fit, or that is not understood. */
  readonly at?: string;
  readonly why?: string;
  /** Members and items that a keyword spoke of, for `unevaluated…`, and to count the others. */
  readonly names: ReadonlySet<string>;
  readonly items: ReadonlySet<number>;
  /** Members at and below the value that the schema does not speak of. */
  readonly extra: number;
  /** Whether a schema of which nothing is known may speak of further members and items. */
  readonly partial?: boolean;
}

export interface Fit {
  readonly verdict: 'fits' | 'differs' | 'unknown';
  /** As in Outcome. */
  readonly at: string | undefined;
  readonly why: string | undefined;
  readonly extra: number;
}

/** `at`: JSON Pointer of the schema in the contract. */
export function fitOf(contract: Tree, at: string, schema: Tree, value: Tree, dialect: Dialect): Fit {
  const { ok, at: place, why, extra } = new Evaluation(contract, dialect).enter(schema, value, at, 0);
  const verdict = ok === undefined ? 'unknown' : ok ? 'fits' : 'differs';
  return { verdict, at: ok === true ? undefined : place, why: ok === undefined ? why : undefined, extra };
}

const NONE: ReadonlySet<never> = new Set<never>();
const FITS: Outcome = { ok: true, names: NONE, items: NONE, extra: 0 };
const fails = (at: string): Outcome => ({ ...FITS, ok: false, at });
const unknown = (at: string, why: string): Outcome => ({ ...FITS, ok: undefined, at, why });

/** Keywords that lead elsewhere by names that only a whole resolver of addresses knows. */
const BEYOND = ['$id', '$dynamicRef', '$recursiveRef', '$schema', 'id', '$withheld'];
/** What 3.0 has besides annotations; any other keyword but `x-…` is not understood there. */
const KNOWN_30: ReadonlySet<string> = new Set(
  (
    'title multipleOf maximum exclusiveMaximum minimum exclusiveMinimum maxLength minLength pattern maxItems minItems uniqueItems maxProperties ' +
    'minProperties required enum type allOf oneOf anyOf not items properties additionalProperties description format default nullable ' +
    'discriminator readOnly writeOnly xml externalDocs example examples deprecated $ref'
  ).split(' '),
);

class Evaluation {
  readonly #contract: Tree;
  readonly #dialect: Dialect;
  readonly #setting: Setting;

  constructor(contract: Tree, dialect: Dialect) {
    this.#contract = contract;
    this.#dialect = dialect;
    this.#setting = { contract, dialect, work: new Work() };
  }

  /** A schema and a value that no other schema was asked about: members that it does not speak of are counted. */
  enter(schema: Tree, value: Tree, at: string, depth: number): Outcome {
    const outcome = this.evaluate(schema, value, at, depth);
    if (outcome.ok === false || !isTreeMap(value)) return outcome;
    const others = [...value.keys()].filter((name) => !outcome.names.has(name)).length;
    return { ...outcome, extra: outcome.extra + others };
  }

  evaluate(schema: Tree, value: Tree, at: string, depth: number): Outcome {
    if (depth > MAX_DEPTH) return unknown(at, 'it leads deeper than is followed');
    try {
      this.#setting.work.step(schema, value);
      if (schema === true) return FITS;
      if (schema === false) return fails(at);
      if (!isTreeMap(schema)) return unknown(at, 'it is no schema');
      return this.#keywords(schema, value, at, depth + 1);
    } catch (error) {
      if (error instanceof Doubt) return unknown(at, error.message);
      throw error;
    }
  }

  #keywords(schema: TreeMap, value: Tree, at: string, depth: number): Outcome {
    const odd = this.#notUnderstood(schema);
    if (odd !== undefined)
      return unknown(`${at}/${pointerStep(odd)}`, 'a keyword that is not understood here');
    const reference = schema.get('$ref');
    if (reference !== undefined && this.#dialect === '3.0') return this.#reference(reference, value, depth);
    const sum = new Sum();
    if (reference !== undefined) sum.add(this.#reference(reference, value, depth));
    for (const { keyword, ok } of asserted(schema, value, this.#setting))
      if (ok !== true)
        sum.add(ok === false ? fails(`${at}/${keyword}`) : unknown(`${at}/${keyword}`, NO_SCHEMA));
    this.#inPlace(schema, value, at, depth, sum);
    if (isTreeMap(value)) this.#members(schema, value, at, depth, sum);
    if (isTreeList(value)) this.#items(schema, value, at, depth, sum);
    return sum.outcome();
  }

  #notUnderstood(schema: TreeMap): string | undefined {
    for (const name of schema.keys()) {
      if (name === '$ref' && this.#dialect === '3.0') return undefined;
      if (BEYOND.includes(name)) return name;
      if (this.#dialect === '3.0' && !KNOWN_30.has(name) && !name.startsWith('x-')) return name;
    }
    return undefined;
  }

  #reference(reference: Tree, value: Tree, depth: number): Outcome {
    const { at, tree } = resolved(this.#contract, reference);
    return this.evaluate(tree, value, at, depth);
  }

  /** allOf, anyOf, oneOf, not, if: schemas of the same value. */
  #inPlace(schema: TreeMap, value: Tree, at: string, depth: number, sum: Sum): void {
    const each = (name: string): readonly Outcome[] | undefined => {
      const list = schema.get(name);
      if (list === undefined) return undefined;
      if (!isTreeList(list) || list.length === 0) throw new Doubt(NO_SCHEMA);
      return list.map((one, i) => this.evaluate(one, value, `${at}/${name}/${i}`, depth));
    };
    for (const outcome of each('allOf') ?? []) sum.add(outcome);
    const any = each('anyOf');
    if (any !== undefined) sum.add(anyOf(any, `${at}/anyOf`));
    const one = each('oneOf');
    if (one !== undefined) sum.add(oneOf(one, `${at}/oneOf`));
    const not = schema.get('not');
    if (not !== undefined) {
      const { ok, why = '' } = this.evaluate(not, value, `${at}/not`, depth);
      if (ok !== false) sum.add(ok === true ? fails(`${at}/not`) : unknown(`${at}/not`, why));
    }
    const condition = schema.get('if');
    if (condition === undefined) return;
    const test = this.evaluate(condition, value, `${at}/if`, depth);
    if (test.ok === undefined) return sum.add(unknown(`${at}/if`, test.why ?? ''));
    if (test.ok) sum.add(test);
    const name = test.ok ? 'then' : 'else';
    const branch = schema.get(name);
    if (branch !== undefined) sum.add(this.evaluate(branch, value, `${at}/${name}`, depth));
  }

  #members(schema: TreeMap, value: TreeMap, at: string, depth: number, sum: Sum): void {
    const below = (name: string, one: Tree, place: string): void => {
      const { ok, at: where, why, extra } = this.enter(one, value.get(name) ?? null, place, depth);
      sum.add({
        ...FITS,
        ok,
        ...(where !== undefined && { at: where }),
        ...(why !== undefined && { why }),
        names: new Set([name]),
        extra,
      });
    };
    const properties = mapIn(schema, 'properties');
    const patterns = mapIn(schema, 'patternProperties');
    const spoken = new Set<string>();
    for (const name of value.keys()) {
      const own = properties?.get(name);
      if (own !== undefined) {
        spoken.add(name);
        below(name, own, `${at}/properties/${pointerStep(name)}`);
      }
      for (const [pattern, one] of patterns ?? []) {
        if (!this.#dialectMatches(name, pattern)) continue;
        spoken.add(name);
        below(name, one, `${at}/patternProperties`);
      }
    }
    const rest = schema.get('additionalProperties');
    if (rest !== undefined)
      for (const name of value.keys()) if (!spoken.has(name)) below(name, rest, `${at}/additionalProperties`);
    const names = schema.get('propertyNames');
    if (names !== undefined)
      for (const name of value.keys())
        sum.add(stripped(this.evaluate(names, name, `${at}/propertyNames`, depth)));
    for (const [name, one] of mapIn(schema, 'dependentSchemas') ?? [])
      if (value.has(name))
        sum.add(this.evaluate(one, value, `${at}/dependentSchemas/${pointerStep(name)}`, depth));
    const others = schema.get('unevaluatedProperties');
    if (others === undefined) return;
    const known = sum.names();
    for (const name of value.keys()) {
      if (known.has(name)) continue;
      // What is not known may speak of it.
      if (sum.isPartial()) throw new Doubt('what it speaks of is not known');
      below(name, others, `${at}/unevaluatedProperties`);
    }
  }

  #dialectMatches(name: string, pattern: string): boolean {
    this.#setting.work.step(true, name);
    const [found] = asserted(new Map<string, Tree>([['pattern', pattern]]), name, this.#setting);
    if (found?.ok === undefined) throw new Doubt('a pattern that is not understood here');
    return found.ok;
  }

  #items(schema: TreeMap, value: readonly Tree[], at: string, depth: number, sum: Sum): void {
    const below = (i: number, one: Tree, place: string): void => {
      const { ok, at: where, why, extra } = this.enter(one, value[i] ?? null, place, depth);
      sum.add({
        ...FITS,
        ok,
        ...(where !== undefined && { at: where }),
        ...(why !== undefined && { why }),
        items: new Set([i]),
        extra,
      });
    };
    const first = schema.get('prefixItems');
    if (first !== undefined && !isTreeList(first)) throw new Doubt(NO_SCHEMA);
    for (const [i, one] of (first ?? []).entries())
      if (i < value.length) below(i, one, `${at}/prefixItems/${i}`);
    const rest = schema.get('items');
    if (rest !== undefined && isTreeList(rest)) throw new Doubt(NO_SCHEMA);
    if (rest !== undefined)
      for (let i = first?.length ?? 0; i < value.length; i++) below(i, rest, `${at}/items`);
    this.#contains(schema, value, at, depth, sum);
    const others = schema.get('unevaluatedItems');
    if (others === undefined) return;
    const known = sum.items();
    for (const i of value.keys()) {
      if (known.has(i)) continue;
      if (sum.isPartial()) throw new Doubt('what it speaks of is not known');
      below(i, others, `${at}/unevaluatedItems`);
    }
  }

  #contains(schema: TreeMap, value: readonly Tree[], at: string, depth: number, sum: Sum): void {
    const one = schema.get('contains');
    if (one === undefined) return;
    const [least, most] = [schema.get('minContains') ?? 1, schema.get('maxContains') ?? Infinity];
    if (typeof least !== 'number' || typeof most !== 'number') throw new Doubt(NO_SCHEMA);
    const found = value.map((each) => this.evaluate(one, each, `${at}/contains`, depth).ok);
    const count = found.filter((ok) => ok === true).length;
    const maybe = found.filter((ok) => ok === undefined).length;
    if (count > most || count + maybe < least) sum.add(fails(`${at}/contains`));
    else if (maybe > 0 && (count < least || count + maybe > most))
      sum.add(unknown(`${at}/contains`, 'not known of each item'));
    sum.add({ ...FITS, items: new Set(found.flatMap((ok, i) => (ok === true ? [i] : []))) });
  }
}

const NO_SCHEMA = 'a keyword whose value is not understood';

/** The outcomes of the keywords of one schema. */
class Sum {
  #ok: boolean | undefined = true;
  #at: string | undefined;
  #why: string | undefined;
  readonly #names = new Set<string>();
  readonly #items = new Set<number>();
  #extra = 0;
  #partial = false;

  add({ ok, at, why, names, items, extra, partial = false }: Outcome): void {
    this.#partial ||= partial || ok === undefined;
    if (ok === false && this.#ok !== false) [this.#ok, this.#at, this.#why] = [false, at, undefined];
    else if (ok === undefined && this.#ok === true) [this.#ok, this.#at, this.#why] = [undefined, at, why];
    for (const name of names) this.#names.add(name);
    for (const i of items) this.#items.add(i);
    this.#extra += extra;
  }

  /** Whether members and items may be spoken of that are not known. */
  isPartial(): boolean {
    return this.#partial;
  }

  names(): ReadonlySet<string> {
    return new Set(this.#names);
  }

  items(): ReadonlySet<number> {
    return new Set(this.#items);
  }

  outcome(): Outcome {
    if (this.#ok === false) return fails(this.#at ?? '');
    return {
      ok: this.#ok,
      ...(this.#at !== undefined && { at: this.#at }),
      ...(this.#why !== undefined && { why: this.#why }),
      names: this.#names,
      items: this.#items,
      extra: this.#extra,
      ...(this.#partial && { partial: true }),
    };
  }
}

/** What a schema of a name says is nothing about the members of the value. */
const stripped = ({ ok, at, why }: Outcome): Outcome => ({
  ...FITS,
  ok,
  ...(at !== undefined && { at }),
  ...(why !== undefined && { why }),
});

function merged(outcomes: readonly Outcome[]): Outcome {
  const sum = new Sum();
  for (const each of outcomes) sum.add(each);
  return sum.outcome();
}

function anyOf(outcomes: readonly Outcome[], at: string): Outcome {
  const held = outcomes.filter(({ ok }) => ok === true);
  const maybe = outcomes.filter(({ ok }) => ok === undefined);
  // One that is not known may speak of members, too, but the value fits.
  if (held.length > 0) return { ...merged(held), ...(maybe.length > 0 && { partial: true }) };
  const [first] = maybe;
  return first === undefined ? fails(at) : unknown(at, first.why ?? '');
}

function oneOf(outcomes: readonly Outcome[], at: string): Outcome {
  const held = outcomes.filter(({ ok }) => ok === true);
  const [first] = outcomes.filter(({ ok }) => ok === undefined);
  if (held.length > 1) return fails(at);
  if (first !== undefined) return unknown(at, first.why ?? '');
  return held[0] ?? fails(at);
}

function mapIn(schema: TreeMap, name: string): TreeMap | undefined {
  const map = schema.get(name);
  if (map === undefined || isTreeMap(map)) return map;
  throw new Doubt(NO_SCHEMA);
}
