/**
 * Evaluates an expression of the language (syntax.ts): counts the cost of each step before the step, and records which
 * observations were read. If one operand decides (`false && x`, a counter-example of `all`), only that operand counts
 * as read.
 */
import type { ASTNode } from '@marcbachmann/cel-js';
import type { ValueMap } from '../value.ts';
import type { Read } from '../withheld.ts';
import { Access, type Element } from './access.ts';
import { textCost, Unjudged } from './meter.ts';
import { calculate, compare, convert, inRange } from './operators.ts';
import { Patterns } from './pattern.ts';
import { isMacro } from './syntax.ts';
import { callText, join, textOf } from './texts.ts';
import { kindOf, Collection, type Cel } from './value.ts';

/** A variable of a macro, and the path at which its value was observed. */
interface Variable {
  readonly name: string;
  readonly value: Cel;
  readonly path: string | undefined;
  readonly outer: Variable | undefined;
}

export class Run {
  readonly #access: Access;
  readonly #patterns = new Patterns();
  readonly #roots: Readonly<Record<string, Cel>>;

  /**
   * `cut`: JSON Pointers of collections in `o` that may have more members than observed. `prev`: what earlier proofs show;
   * undefined where nobody knows it.
   */
  constructor(o: ValueMap, p: ValueMap, cut: ReadonlySet<string> = new Set(), prev?: Cel) {
    this.#access = new Access(cut);
    this.#roots = {
      o: new Collection(o, ''),
      p: new Collection(p, undefined),
      ...(prev !== undefined && { prev }),
    };
  }

  get reads(): readonly Read[] {
    return this.#access.reads.all;
  }

  get cost(): number {
    return this.#access.meter.spent;
  }

  /** Throws Unjudged if the expression has no value, and OverBudget. */
  // oxlint-disable-next-line max-lines-per-function -- a list: one case for each node of the language
  value(node: ASTNode, scope?: Variable): Cel {
    this.#access.meter.spend(1);
    switch (node.op) {
      case 'value':
        return literal(node.args);
      case 'id':
        return this.#named(node.args, scope);
      case '.':
        return this.#access.member(this.value(node.args[0], scope), node.args[1]);
      case '[]':
        return this.#access.indexed(this.value(node.args[0], scope), this.value(node.args[1], scope));
      case '!_':
        return !boolOf(this.value(node.args, scope), '!');
      case '-_':
        return this.#negated(node.args, scope);
      case '&&':
        return this.#either(node.args, false, scope);
      case '||':
        return this.#either(node.args, true, scope);
      case '?:': {
        const [condition, yes, no] = node.args;
        return this.value(boolOf(this.value(condition, scope), '?:') ? yes : no, scope);
      }
      case '==':
        return this.#access.equal(this.value(node.args[0], scope), this.value(node.args[1], scope));
      case '!=':
        return !this.#access.equal(this.value(node.args[0], scope), this.value(node.args[1], scope));
      case 'in':
        return this.#access.isIn(this.value(node.args[0], scope), this.value(node.args[1], scope));
      case '<':
        return this.#order(node.args, scope) < 0;
      case '<=':
        return this.#order(node.args, scope) <= 0;
      case '>':
        return this.#order(node.args, scope) > 0;
      case '>=':
        return this.#order(node.args, scope) >= 0;
      case '+':
      case '-':
      case '*':
      case '/':
      case '%': {
        const [a, b] = [this.value(node.args[0], scope), this.value(node.args[1], scope)];
        return calculate(node.op, this.#access.whole(a), this.#access.whole(b), this.#access.meter);
      }
      case 'list':
        return node.args.map((each) => this.value(each, scope));
      case 'map':
        return this.#built(node.args, scope);
      case 'call':
        return this.#call(node.args, scope);
      case 'rcall':
        return isMacro(node.args[0]) ? this.#macro(node.args, scope) : this.#method(node.args, scope);
      case '.?':
      case '[?]':
        break;
    }
    throw new Unjudged(`${node.op} is not in the language of claims`);
  }

  /** Whether all of these hold, as `&&` of them: one that is false decides, whatever the others are. */
  conjunction(nodes: readonly ASTNode[]): boolean {
    const start = this.#access.reads.mark;
    let fault: Unjudged | undefined;
    for (const node of nodes) {
      const before = this.#access.reads.mark;
      const outcome = this.#attempt(node, undefined);
      if (outcome === false) {
        this.#access.reads.forget(start, before);
        return false;
      }
      if (outcome instanceof Unjudged) fault ??= outcome;
    }
    if (fault !== undefined) throw fault;
    return true;
  }

  #named(name: string, scope: Variable | undefined): Cel {
    for (let at = scope; at !== undefined; at = at.outer)
      if (at.name === name) {
        if (!(at.value instanceof Collection)) this.#access.reads.note(at.path, 'value');
        return at.value;
      }
    const root = Object.hasOwn(this.#roots, name) ? this.#roots[name] : undefined;
    if (root === undefined) throw new Unjudged(`there is no ${name}`);
    return root;
  }

  #negated(of: ASTNode, scope: Variable | undefined): Cel {
    // The least whole number is written as the negative of a number that is too large by itself.
    if (of.op === 'value' && typeof of.args === 'bigint') {
      this.#access.meter.spend(1);
      return inRange(-of.args);
    }
    const value = this.value(of, scope);
    if (typeof value === 'bigint') return inRange(-value);
    if (typeof value === 'number') return -value;
    throw new Unjudged(`- takes a number, and not ${kindOf(value)}`);
  }

  /**
   * `&&` (decided by false) and `||` (decided by true): an operand that decides does so whatever the other is, and only
   * that operand counts as read.
   */
  #either(
    [left, right]: readonly [ASTNode, ASTNode],
    decides: boolean,
    scope: Variable | undefined,
  ): boolean {
    const start = this.#access.reads.mark;
    const first = this.#attempt(left, scope);
    if (first === decides) return decides;
    const middle = this.#access.reads.mark;
    const second = this.#attempt(right, scope);
    if (second === decides) {
      this.#access.reads.forget(start, middle);
      return decides;
    }
    if (first instanceof Unjudged) throw first;
    if (second instanceof Unjudged) throw second;
    return !decides;
  }

  /** A truth value, or the reason why there is none. */
  #attempt(node: ASTNode, scope: Variable | undefined): boolean | Unjudged {
    try {
      return boolOf(this.value(node, scope), 'a condition');
    } catch (error) {
      if (error instanceof Unjudged) return error;
      throw error;
    }
  }

  #order([a, b]: readonly [ASTNode, ASTNode], scope: Variable | undefined): number {
    return compare(this.value(a, scope), this.value(b, scope), this.#access.meter);
  }

  #built(entries: readonly (readonly [ASTNode, ASTNode])[], scope: Variable | undefined): Cel {
    const map = new Map<string, Cel>();
    for (const [key, value] of entries) {
      const name = this.value(key, scope);
      if (typeof name !== 'string') throw new Unjudged(`a key of {…} takes string, and not ${kindOf(name)}`);
      this.#access.meter.spend(textCost(name.length));
      if (map.has(name)) throw new Unjudged(`{…} has the key ${name} twice`);
      map.set(name, this.value(value, scope));
    }
    return map;
  }

  #call([name, args]: readonly [string, readonly ASTNode[]], scope: Variable | undefined): Cel {
    const [node] = args;
    if (node === undefined) throw new Unjudged(`there is no function ${name} of no arguments`);
    if (name === 'has') return this.#has(node, scope);
    const value = this.value(node, scope);
    if (name === 'size') return this.#access.size(value);
    if (name === 'dyn') return value;
    return convert(name, value, this.#access.meter);
  }

  #has(node: ASTNode, scope: Variable | undefined): boolean {
    if (node.op !== '.') throw new Unjudged('has(…) takes a member: has(o.a.b)');
    return this.#access.has(this.value(node.args[0], scope), node.args[1]);
  }

  #method(
    [name, on, args]: readonly [string, ASTNode, readonly ASTNode[]],
    scope: Variable | undefined,
  ): Cel {
    const value = this.value(on, scope);
    const given = args.map((each) => this.value(each, scope));
    if (name === 'size') return this.#access.size(value);
    if (name === 'join') return this.#joined(value, given[0] ?? '');
    if (name === 'matches')
      return this.#patterns.matches(textOf(value, name), textOf(given[0], name), this.#access.meter);
    return callText(name, textOf(value, name), given, this.#access.meter);
  }

  #joined(list: Cel, separator: Cel): string {
    const pieces: string[] = [];
    for (const { value } of this.#access.elements(this.#access.whole(list), 'join'))
      pieces.push(textOf(value, 'join'));
    return join(pieces, textOf(separator, 'join'), this.#access.meter);
  }

  #macro([name, on, args]: readonly [string, ASTNode, readonly ASTNode[]], scope: Variable | undefined): Cel {
    const from = this.value(on, scope);
    const [variable, first, second] = args;
    if (variable?.op !== 'id' || first === undefined) throw new Unjudged(`${name} takes a variable`);
    const inner = ({ value, path }: Element): Variable => ({
      name: variable.args,
      value,
      path,
      outer: scope,
    });
    if (name === 'all' || name === 'exists') return this.#quantified(from, name === 'exists', first, inner);
    // The result depends on the set of elements.
    this.#access.members(from);
    const kept: Cel[] = [];
    for (const element of this.#access.elements(from, name)) {
      const bound = inner(element);
      const wanted = name === 'map' && second === undefined ? undefined : this.value(first, bound);
      if (wanted !== undefined && !boolOf(wanted, name)) continue;
      if (name === 'map') kept.push(this.value(second ?? first, bound));
      else {
        if (!(element.value instanceof Collection)) this.#access.reads.note(element.path, 'value');
        kept.push(element.value);
      }
    }
    return name === 'exists_one' ? kept.length === 1 : kept;
  }

  /**
   * `exists` ends at an element for which the body is true, `all` at one for which it is false; only that element
   * counts as read.
   */
  #quantified(from: Cel, decides: boolean, body: ASTNode, inner: (element: Element) => Variable): boolean {
    const start = this.#access.reads.mark;
    let fault: Unjudged | undefined;
    for (const element of this.#access.elements(from, decides ? 'exists' : 'all')) {
      const before = this.#access.reads.mark;
      this.#access.reads.note(element.path, 'value');
      const outcome = this.#attempt(body, inner(element));
      if (outcome === decides) {
        this.#access.reads.forget(start, before);
        return decides;
      }
      if (outcome instanceof Unjudged) fault ??= outcome;
    }
    this.#access.members(from);
    if (fault !== undefined) throw fault;
    return !decides;
  }
}

function literal(value: unknown): Cel {
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number')
    return value;
  if (typeof value === 'bigint') return inRange(value);
  throw new Unjudged("unsigned numbers (1u) and bytes (b'…') are not in the language of claims");
}

function boolOf(value: Cel, where: string): boolean {
  if (typeof value === 'boolean') return value;
  throw new Unjudged(`${where} takes true or false, and not ${kindOf(value)}`);
}
