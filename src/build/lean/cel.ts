/**
 * cel-js for browsers: its parser and the macros, which the parser looks up. Types, functions and its evaluator are left out:
 * expressions are checked and evaluated in src/claim/cel. Trees are the same (test/build/lean.test.ts).
 */

/** In place of the module that the package begins with. `limits`: as there. */
export const LEAN_CEL = `
import { createOptions } from './options.js';
import { registerMacros } from './macros.js';
import { Parser } from './parser.js';

const macros = new Map();
registerMacros({
  registerFunctionOverload(signature, handler) {
    const [, receiver, name, args] = /^(?:(.+)\\.)?(\\w+)\\(([^)]*)\\)/.exec(signature);
    const isMethod = receiver !== undefined;
    macros.set(\`\${isMethod} \${name} \${args.split(',').length}\`, { handler });
  },
  registerType() {},
  registerConstant() {},
});
const registry = {
  enableOptionalTypes: false,
  findMacro: (name, isMethod, count) => macros.get(\`\${isMethod} \${name} \${count}\`),
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
