/**
 * The language of claims: CEL without the parts that observations do not need (unsigned numbers, bytes, messages,
 * optionals, times). An expression outside the language is refused when a claim is made, and has no answer when a claim
 * is read. So it never has an answer in some evaluators and none in others (spec/claims.md, "The language").
 */
import { Environment, type ASTNode } from '@marcbachmann/cel-js';
import { inRange } from './operators.ts';
import { Unjudged } from './meter.ts';

/** Longest expression, in UTF-16 units; most nodes; deepest nesting. */
const MAX_LENGTH = 4_096;
const MAX_NODES = 2_000;
const MAX_DEPTH = 250;
/** Most nested brackets while an expression is parsed. */
const MAX_BRACKETS = 50;

const parser = new Environment({
  limits: {
    maxAstNodes: MAX_NODES,
    maxDepth: MAX_BRACKETS,
    maxListElements: 256,
    maxMapEntries: 256,
    maxCallArguments: 16,
  },
});

/** The type of a part of an expression, as far as it is known before anything is observed. */
export type Kind = 'bool' | 'int' | 'double' | 'string' | 'list' | 'map' | 'null' | 'any';

/**
 * Functions on a value (`a.f(b)`): type of the value, of the arguments, and of the result. There are several signatures
 * if arguments may be omitted.
 */
const TEXT = { of: 'string', takes: ['string'] } as const;
const METHODS: Readonly<
  Record<
    string,
    { readonly of: Kind; readonly takes: readonly Kind[]; readonly least?: number; readonly gives: Kind }
  >
> = {
  contains: { ...TEXT, gives: 'bool' },
  startsWith: { ...TEXT, gives: 'bool' },
  endsWith: { ...TEXT, gives: 'bool' },
  matches: { ...TEXT, gives: 'bool' },
  indexOf: { ...TEXT, gives: 'int' },
  lastIndexOf: { ...TEXT, gives: 'int' },
  split: { ...TEXT, gives: 'list' },
  lowerAscii: { of: 'string', takes: [], gives: 'string' },
  upperAscii: { of: 'string', takes: [], gives: 'string' },
  trim: { of: 'string', takes: [], gives: 'string' },
  substring: { of: 'string', takes: ['int', 'int'], least: 1, gives: 'string' },
  join: { of: 'list', takes: ['string'], least: 0, gives: 'string' },
  size: { of: 'any', takes: [], gives: 'int' },
};
const FUNCTIONS: Readonly<Record<string, Kind>> = {
  size: 'int',
  int: 'int',
  double: 'double',
  string: 'string',
  dyn: 'any',
};
/** Macros over a list or the names of a map: number of arguments, the variable included. */
const MACROS: Readonly<Record<string, { readonly args: readonly number[]; readonly gives: Kind }>> = {
  all: { args: [2], gives: 'bool' },
  exists: { args: [2], gives: 'bool' },
  exists_one: { args: [2], gives: 'bool' },
  filter: { args: [2], gives: 'list' },
  map: { args: [2, 3], gives: 'list' },
};

export function isMacro(name: string): boolean {
  return Object.hasOwn(MACROS, name);
}

/**
 * Parses an expression of the language that is, or may be, true or false. Throws Unjudged with the reason. `language`: 2 knows
 * `prev`.
 */
export function parseExpression(text: string, language = 1): ASTNode {
  const { ast, kind } = parseTyped(text, language);
  if (kind !== 'bool' && kind !== 'any') throw new Unjudged(`it gives ${kind}, not true or false`);
  return ast;
}

/** Parses an expression with a value of any type. */
export function parseTyped(text: string, language = 1): { readonly ast: ASTNode; readonly kind: Kind } {
  if (text.length > MAX_LENGTH) throw new Unjudged(`it is longer than ${MAX_LENGTH} characters`);
  let ast: ASTNode;
  try {
    ({ ast } = parser.parse(text));
  } catch (error) {
    throw new Unjudged(firstLine(error));
  }
  return {
    ast,
    kind: kindOf(
      ast,
      new Map<string, Kind>([
        ['o', 'map'],
        ['p', 'map'],
        ...(language > 1 ? [['prev', 'map'] as const] : []),
      ]),
      MAX_DEPTH,
    ),
  };
}

/** The parts of an expression that must all hold: `a && b && c`. */
export function conjuncts(node: ASTNode): readonly ASTNode[] {
  return node.op === '&&' ? node.args.flatMap(conjuncts) : [node];
}

/** Whether a part of an expression names something, be it a variable of its own or not. */
export function mentions(node: ASTNode, name: string): boolean {
  for (const { op, args } of nodesOf(node)) if (op === 'id' && args === name) return true;
  return false;
}

/** The names by which a node reads a member, in one spelling: `o.a["b"]` is `o.a.b`. Undefined for any other node. */
export function memberPath({ op, args }: ASTNode): string | undefined {
  if (op === 'id') return args;
  if (op !== '.' && op !== '[]') return undefined;
  const [of, name] = args;
  const [member, path] = [memberName(name), memberPath(of)];
  return path === undefined || member === undefined ? undefined : `${path}.${member}`;
}

/** The members of a variable that are read by their names; undefined if it is read otherwise as well, so that nobody can tell them. */
export function membersRead(node: ASTNode, variable: string): ReadonlySet<string> | undefined {
  const members = new Set<string>();
  let [named, all] = [0, 0];
  for (const { op, args } of nodesOf(node)) {
    if (op === 'id' && args === variable) all += 1;
    if (op !== '.' && op !== '[]') continue;
    const [of, name] = args;
    if (of.op !== 'id' || of.args !== variable) continue;
    const member = memberName(name);
    if (member === undefined) continue;
    named += 1;
    members.add(member);
  }
  return named < all ? undefined : members;
}

/** The name in `.name` or `["name"]`. */
function memberName(name: string | ASTNode): string | undefined {
  if (typeof name === 'string') return name;
  return name.op === 'value' && typeof name.args === 'string' ? name.args : undefined;
}

/** A node and all below it. */
export function* nodesOf(node: ASTNode): Generator<ASTNode> {
  yield node;
  for (const each of childrenOf(node)) yield* nodesOf(each);
}

function childrenOf({ op, args }: ASTNode): readonly ASTNode[] {
  if (op === 'value' || op === 'id') return [];
  if (op === '.' || op === '.?') return [args[0]];
  if (op === '!_' || op === '-_') return [args];
  if (op === 'map') return args.flat();
  if (op === 'call') return args[1];
  return op === 'rcall' ? [args[1], ...args[2]] : args;
}

/** The type of a node's value. Throws Unjudged for a node that is not in the language, or can never have a value. */
// oxlint-disable-next-line max-lines-per-function -- a list: one case for each node of the language
function kindOf(node: ASTNode, names: ReadonlyMap<string, Kind>, depth: number): Kind {
  if (depth === 0) throw new Unjudged(`it is nested deeper than ${MAX_DEPTH}`);
  const of = (each: ASTNode): Kind => kindOf(each, names, depth - 1);
  switch (node.op) {
    case 'value':
      return literalKind(node.args);
    case 'id':
      return names.get(node.args) ?? unnamed(node.args);
    case '.':
      expect(of(node.args[0]), ['map'], `.${node.args[1]}`);
      return 'any';
    case '[]': {
      const from = of(node.args[0]);
      expect(from, ['map', 'list'], '[…]');
      expect(of(node.args[1]), from === 'list' ? ['int'] : ['string', 'int', 'bool'], 'the key in […]');
      return 'any';
    }
    case '!_':
      expect(of(node.args), ['bool'], '!');
      return 'bool';
    case '-_': {
      if (node.args.op === 'value' && typeof node.args.args === 'bigint') return literalKind(-node.args.args);
      const kind = of(node.args);
      expect(kind, ['int', 'double'], '-');
      return kind;
    }
    case '&&':
    case '||':
      for (const each of node.args) expect(of(each), ['bool'], node.op);
      return 'bool';
    case '?:': {
      const [condition, yes, no] = node.args;
      expect(of(condition), ['bool'], '?:');
      const [a, b] = [of(yes), of(no)];
      return a === b ? a : 'any';
    }
    case '==':
    case '!=':
      for (const each of node.args) of(each);
      return 'bool';
    case 'in':
      of(node.args[0]);
      expect(of(node.args[1]), ['list', 'map'], 'in');
      return 'bool';
    case '<':
    case '<=':
    case '>':
    case '>=': {
      const [a, b] = [of(node.args[0]), of(node.args[1])];
      for (const each of [a, b]) expect(each, ['int', 'double', 'string', 'bool'], node.op);
      if (a !== b && a !== 'any' && b !== 'any' && (!isNumeric(a) || !isNumeric(b)))
        throw new Unjudged(`${a} and ${b} have no order`);
      return 'bool';
    }
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
      return arithmeticKind(node.op, of(node.args[0]), of(node.args[1]));
    case 'list':
      for (const each of node.args) of(each);
      return 'list';
    case 'map':
      for (const [key, value] of node.args) {
        expect(of(key), ['string'], 'a key of {…}');
        of(value);
      }
      return 'map';
    case 'call':
      return callKind(node.args[0], node.args[1], of);
    case 'rcall':
      return methodKind(node.args, names, depth);
    case '.?':
    case '[?]':
      break;
  }
  throw new Unjudged(`${node.op} is not in the language of claims`);
}

function unnamed(name: string): never {
  throw new Unjudged(`there is no ${name}; there are o and p`);
}

function literalKind(value: unknown): Kind {
  if (typeof value === 'bigint') return inRange(value) === value ? 'int' : 'any';
  if (value === null) return 'null';
  if (typeof value === 'number') return 'double';
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'bool';
  throw new Unjudged("unsigned numbers (1u) and bytes (b'…') are not in the language of claims");
}

function arithmeticKind(op: '+' | '-' | '*' | '/' | '%', a: Kind, b: Kind): Kind {
  const kinds: readonly Kind[] =
    op === '+' ? ['int', 'double', 'string', 'list'] : op === '%' ? ['int'] : ['int', 'double'];
  expect(a, kinds, op);
  expect(b, kinds, op);
  if (a === 'any') return b;
  if (b !== 'any' && a !== b) throw new Unjudged(`${a} ${op} ${b} is nothing; int(…) and double(…) convert`);
  return a;
}

function callKind(name: string, args: readonly ASTNode[], of: (node: ASTNode) => Kind): Kind {
  const [first] = args;
  const one = args.length === 1 && first !== undefined;
  if (name === 'has') {
    if (!one || first.op !== '.') throw new Unjudged('has(…) takes a member: has(o.a.b)');
    of(first);
    return 'bool';
  }
  if (!Object.hasOwn(FUNCTIONS, name) || !one)
    throw new Unjudged(`there is no function ${name} of ${args.length} arguments`);
  const kind = of(first);
  if (name === 'size') expect(kind, ['string', 'list', 'map'], 'size');
  if (name === 'int' || name === 'double' || name === 'string')
    expect(kind, ['int', 'double', 'string', 'bool'], name);
  return FUNCTIONS[name] ?? 'any';
}

function methodKind(
  [name, on, args]: Extract<ASTNode, { op: 'rcall' }>['args'],
  names: ReadonlyMap<string, Kind>,
  depth: number,
): Kind {
  const of = (each: ASTNode): Kind => kindOf(each, names, depth - 1);
  const macro = Object.hasOwn(MACROS, name) ? MACROS[name] : undefined;
  if (macro !== undefined) {
    expect(of(on), ['list', 'map'], name);
    const [variable, ...bodies] = args;
    if (!macro.args.includes(args.length) || variable?.op !== 'id')
      throw new Unjudged(`${name} takes a variable and an expression: .${name}(x, …)`);
    const inner = new Map([...names, [variable.args, 'any'] as const]);
    const kinds = bodies.map((each) => kindOf(each, inner, depth - 1));
    if (name !== 'map' || bodies.length === 2) expect(kinds[0] ?? 'any', ['bool'], name);
    return macro.gives;
  }
  const method = Object.hasOwn(METHODS, name) ? METHODS[name] : undefined;
  const least = method?.least ?? method?.takes.length ?? 0;
  if (method === undefined || args.length > method.takes.length || args.length < least)
    throw new Unjudged(`there is no function .${name} of ${args.length} arguments`);
  if (method.of === 'any') expect(of(on), ['string', 'list', 'map'], name);
  else expect(of(on), [method.of], name);
  args.forEach((each, i) => expect(of(each), [method.takes[i] ?? 'any'], name));
  return method.gives;
}

function expect(kind: Kind, kinds: readonly Kind[], where: string): void {
  if (kind !== 'any' && !kinds.includes(kind))
    throw new Unjudged(`${where} takes ${kinds.join(' or ')}, and not ${kind}`);
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '';
}

function isNumeric(kind: Kind): boolean {
  return kind === 'int' || kind === 'double';
}
