/**
 * cel-js for browsers: its parser. Types, functions and its evaluator are left out: expressions are checked and evaluated in
 * src/claim/cel. Macros check their variable, and are told by name. Trees and errors are the same (test/system/lean-build.test.ts).
 */

/** In place of the module that the package begins with. `limits`: as there. */
const INDEX = `
import { parseError } from './errors.js';
import { createOptions } from './options.js';
import { Parser } from './parser.js';

const withVariable = (message) => ({
  handler({ args: [variable] }) {
    if (variable.op !== 'id') throw parseError('invalid_macro_argument', message, variable);
    return {};
  },
});
const overItems = (call) => withVariable(call + ' invalid predicate iteration variable');
const MACROS = {
  'has 1': { handler: () => ({}) },
  '.all 2': overItems('all(var, predicate)'),
  '.exists 2': overItems('exists(var, predicate)'),
  '.exists_one 2': overItems('exists_one(var, predicate)'),
  '.map 2': overItems('map(var, transform)'),
  '.map 3': overItems('map(var, filter, transform)'),
  '.filter 2': overItems('filter(var, predicate)'),
  '.bind 3': withVariable('invalid variable argument'),
};
const registry = {
  enableOptionalTypes: false,
  findMacro(name, isMethod, count) {
    const key = (isMethod ? '.' : '') + name + ' ' + count;
    return Object.hasOwn(MACROS, key) ? MACROS[key] : undefined;
  },
};

export class Environment {
  #parser;
  constructor(options) {
    this.#parser = new Parser(createOptions(options).limits, registry);
  }
  parse(text) {
    return { ast: this.#parser.parse(text) };
  }
}
`;

/** What parses, checks and evaluates each kind of node: its name. */
const OPERATORS = `
export const OPERATORS = {};
for (const name of 'value id . .? [] [?] call rcall list map ?: || && !_ -_ != == in + - * / % < <= > >='.split(' '))
  OPERATORS[name] = { name };
OPERATORS.fieldAccess = OPERATORS['.'];
OPERATORS.optionalFieldAccess = OPERATORS['.?'];
OPERATORS.bracketAccess = OPERATORS['[]'];
OPERATORS.optionalBracketAccess = OPERATORS['[?]'];
OPERATORS.ternary = OPERATORS['?:'];
OPERATORS.unaryNot = OPERATORS['!_'];
OPERATORS.unaryMinus = OPERATORS['-_'];
`;

/** A node without what checks and evaluates it. */
const NODE = `class ASTNode {
  #input
  constructor(input, pos, start, end, op, args) {
    this.#input = input
    this.op = op.name
    this.args = args
    this.pos = pos
    this.start = start
    this.end = end
  }
  get input() {
    return this.#input
  }
  setMeta() {
    return this
  }
}`;

/** The one value that the parser makes by a class: \`1u\`. */
const FUNCTIONS = `
import { evaluationError } from './errors.js';
import { MAX_UINT, MIN_UINT } from './globals.js';
`;

/** Modules of the package by their names, as they are bundled. Each throws if its module is not laid out as it was. */
export const LEAN_CEL: readonly (readonly [name: string, lean: (code: string) => string])[] = [
  ['index.js', () => INDEX],
  ['operators.js', () => OPERATORS],
  ['functions.js', (code) => FUNCTIONS + found(/^export class UnsignedInt \{.*?^\}$/ms, code)],
  ['parser.js', (code) => code.replace(found(/(?<=^export )class ASTNode \{.*?^\}$/ms, code), () => NODE)],
];

function found(what: RegExp, code: string): string {
  const [text] = what.exec(code) ?? [];
  if (text === undefined) throw new Error(`cel-js is not laid out as it was: ${what.source}`);
  return text;
}
