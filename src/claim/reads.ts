/**
 * Checks, before anything is observed, whether an expression can have an answer: it must read what its probe can
 * observe, and parameters that the claim gives.
 */
import type { ASTNode } from '@marcbachmann/cel-js';
import { parseExpression } from './cel/syntax.ts';
import { LANGUAGE } from './expression.ts';
import { nameOf } from './judge.ts';
import { memberOf, scalars, type Shape } from './shape.ts';

/**
 * What an expression reads that can never be there, as text; undefined if there is nothing of the kind. `observed`:
 * shape of the value of `probe`, a name@version. `has` may ask for a parameter that is not given, since that does not
 * depend on the observation.
 */
export function readFault(
  text: string,
  probe: string,
  observed: Shape,
  given: ReadonlySet<string>,
): string | undefined {
  const shape: Shape = { members: { [nameOf(probe)]: observed } };
  try {
    const scope = new Map([
      ['o', { shape, at: 'o' }],
      ['prev', { shape: prevShape(shape), at: 'prev' }],
    ]);
    new ShapeReader(probe, given).shapeOf(parseExpression(text, LANGUAGE), scope);
    return undefined;
  } catch (error) {
    if (error instanceof Unreadable) return error.message;
    throw error;
  }
}

function prevShape(o: Shape): Shape {
  const seen: Shape = { list: { members: { o, ...scalars('first', 'last') } } };
  return { members: { seen, ...scalars('covered', 'unbroken', 'failed') } };
}

class Unreadable extends Error {}

/** What a name or a part of an expression stands for, and its text. */
interface Place {
  readonly shape: Shape;
  readonly at: string;
}

type Scope = ReadonlyMap<string, Place>;

const ANY: Place = { shape: 'any', at: '…' };

class ShapeReader {
  readonly #probe: string;
  readonly #given: ReadonlySet<string>;

  constructor(probe: string, given: ReadonlySet<string>) {
    this.#probe = probe;
    this.#given = given;
  }

  /** Throws Unreadable. */
  // oxlint-disable-next-line max-lines-per-function -- a list: one case for each node of the language
  shapeOf(node: ASTNode, scope: Scope): Place {
    const of = (each: ASTNode): Place => this.shapeOf(each, scope);
    switch (node.op) {
      case 'value':
        return ANY;
      case 'id':
        return scope.get(node.args) ?? ANY;
      case '.':
        this.#assertGiven(node.args[0], node.args[1], scope);
        return this.#member(of(node.args[0]), node.args[1]);
      case '[]': {
        const [from, key] = node.args;
        of(key);
        if (key.op !== 'value' || typeof key.args !== 'string') return element(of(from));
        this.#assertGiven(from, key.args, scope);
        return this.#member(of(from), key.args);
      }
      case 'in': {
        const [name, from] = node.args;
        of(name);
        const place = of(from);
        // A name that can never be there is always absent.
        if (name.op === 'value' && typeof name.args === 'string' && isNamed(place.shape))
          this.#member(place, name.args);
        return ANY;
      }
      case '?:': {
        const [condition, yes, no] = node.args;
        of(condition);
        const [a, b] = [of(yes), of(no)];
        return a.shape === b.shape ? a : ANY;
      }
      case 'call':
        return this.#call(node.args, scope);
      case 'rcall':
        return this.#method(node.args, scope);
      case '!_':
      case '-_':
        of(node.args);
        return ANY;
      case 'map':
        for (const each of node.args.flat()) of(each);
        return ANY;
      case '.?':
      case '[?]':
        break;
      case '&&':
      case '||':
      case '==':
      case '!=':
      case '<':
      case '<=':
      case '>':
      case '>=':
      case '+':
      case '-':
      case '*':
      case '/':
      case '%':
      case 'list':
        for (const each of node.args) of(each);
        break;
    }
    return ANY;
  }

  #call([name, args]: readonly [string, readonly ASTNode[]], scope: Scope): Place {
    const [first] = args;
    if (first === undefined) return ANY;
    // `has(p.x)` may ask for a parameter that is not given.
    if (name === 'has' && first.op === '.' && isParameters(first.args[0], scope)) return ANY;
    const place = this.shapeOf(first, scope);
    return name === 'dyn' ? place : ANY;
  }

  #method([name, on, args]: readonly [string, ASTNode, readonly ASTNode[]], scope: Scope): Place {
    const from = this.shapeOf(on, scope);
    const [variable, ...bodies] = args;
    if (!MACROS.has(name) || variable?.op !== 'id') {
      for (const each of args) this.shapeOf(each, scope);
      return ANY;
    }
    const goes = isList(from.shape) ? element(from) : ANY;
    const inner = new Map([...scope, [variable.args, goes] as const]);
    const made = bodies.map((each) => this.shapeOf(each, inner)).at(-1) ?? ANY;
    if (name === 'filter') return isList(from.shape) ? from : ANY;
    return name === 'map' ? { shape: { list: made.shape }, at: made.at } : ANY;
  }

  /** Throws Unreadable for a member that can never be there. */
  #member({ shape, at }: Place, name: string): Place {
    const below = `${at}.${name}`;
    if (shape === 'any') return { shape, at: below };
    if (shape === 'scalar' || 'list' in shape)
      throw new Unreadable(`${at} has no members, and so no ${name}`);
    const found = 'map' in shape ? shape.map : memberOf(shape, name);
    if (found !== undefined) return { shape: found, at: below };
    const names = 'members' in shape ? Object.keys(shape.members).toSorted() : [];
    throw new Unreadable(
      `${below} is nothing that ${this.#probe} observes with these params; there is ${names.map((each) => `${at}.${each}`).join(', ')}`,
    );
  }

  #assertGiven(from: ASTNode, name: string, scope: Scope): void {
    if (isParameters(from, scope) && !this.#given.has(name))
      throw new Unreadable(`p.${name} is not among its params; give it there, as in params: { ${name}: … }`);
  }
}

const MACROS = new Set(['all', 'exists', 'exists_one', 'filter', 'map']);

function isParameters(node: ASTNode, scope: Scope): boolean {
  return node.op === 'id' && node.args === 'p' && !scope.has('p');
}

function isList(shape: Shape): shape is Extract<Shape, { list: unknown }> {
  return typeof shape === 'object' && 'list' in shape;
}

function isNamed(shape: Shape): boolean {
  return typeof shape === 'object' && 'members' in shape;
}

/** An item of a list, or a member by a name that is not known yet. */
function element({ shape, at }: Place): Place {
  if (typeof shape === 'object' && 'list' in shape) return { shape: shape.list, at: `${at}[…]` };
  if (typeof shape === 'object' && 'map' in shape) return { shape: shape.map, at: `${at}[…]` };
  return ANY;
}
