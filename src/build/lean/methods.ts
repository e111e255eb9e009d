/**
 * Takes methods out of a bundle that nothing in it can call. Bundlers leave out functions that nobody names, and never
 * a method: they do not know of which class a value is. Here a method stays if code that may run mentions its name: as a member, a
 * variable, a key, or a text. The name of a method that no such place holds cannot be made out of pieces in the code that
 * we bundle (the tests of the built files run every path); where it were, the call would throw, and throw only.
 */
import { parseAst } from '@rollup/wasm-node/parseAst';

/** A node of ESTree; positions count UTF-16 units. */
interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

interface Part {
  readonly mentions: ReadonlySet<string>;
  readonly inner: readonly Method[];
}

interface Method extends Part {
  readonly start: number;
  readonly end: number;
  readonly name: string;
}

/** What the language calls by itself. */
const ALWAYS = new Set(['constructor', 'toString', 'toJSON', 'valueOf', 'then', 'next', 'return', 'throw']);

/** Modules that are bundled together, without methods that cannot be called. */
export function withoutDeadMethods(modules: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const queue: Part[] = [];
  const dead = new Set<Method>();
  const waiting = new Map<string, Method[]>();
  const live = new Set<string>();
  const all = new Map<string, Part>();
  for (const [name, code] of modules) all.set(name, read(moduleOf(code)));
  queue.push(...all.values());
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    for (const method of next.inner) {
      if (ALWAYS.has(method.name) || live.has(method.name)) queue.push(method);
      else {
        dead.add(method);
        waiting.set(method.name, [...(waiting.get(method.name) ?? []), method]);
      }
    }
    for (const name of next.mentions) {
      live.add(name);
      for (const method of waiting.get(name) ?? []) {
        dead.delete(method);
        queue.push(method);
      }
      waiting.delete(name);
    }
  }
  return new Map(
    [...modules].map(([name, code]) => [name, without(code, deadIn(all.get(name)?.inner ?? [], dead))]),
  );
}

/** The outermost dead methods among some, and within those that are not. */
function deadIn(methods: readonly Method[], dead: ReadonlySet<Method>): readonly Method[] {
  return methods.flatMap((each) => (dead.has(each) ? [each] : deadIn(each.inner, dead)));
}

function without(code: string, dead: readonly Pick<Node, 'start' | 'end'>[]): string {
  let [out, at] = ['', 0];
  for (const { start, end } of dead.toSorted((a, b) => a.start - b.start)) {
    // Lines stay where they are, for shares.ts.
    out += code.slice(at, start) + code.slice(start, end).replaceAll(/[^\n]+/g, '');
    at = end;
  }
  return out + code.slice(at);
}

/** The names that a node mentions outside methods, and the outermost methods in it. */
function read(node: Node): Part {
  const mentions = new Set<string>();
  const inner: Method[] = [];
  const visit = (each: Node): void => {
    const method = methodOf(each);
    if (method !== undefined) return void inner.push(method);
    if (each.type === 'Identifier' || each.type === 'PrivateIdentifier') mentions.add(String(each['name']));
    if (each.type === 'Literal' && typeof each['value'] === 'string') mentions.add(each['value']);
    for (const value of Object.values(each)) for (const child of nodesIn(value)) visit(child);
  };
  visit(node);
  return { mentions, inner };
}

/** The code with these members of a class alone. Throws if the class is not at the top of the module, or lacks one. */
export function withMembers(code: string, className: string, names: readonly string[]): string {
  const module = moduleOf(code);
  const all = nodesIn(module['body']).flatMap((node) => nodesIn(node['declarations']));
  const found = all.find((each) => nodesIn(each['id'])[0]?.['name'] === className);
  const [body] = nodesIn(found?.['init']).flatMap((init) => nodesIn(init['body']));
  const members = nodesIn(body?.['body']).map((each) => ({
    ...each,
    name: String(nodesIn(each['key'])[0]?.['name']),
  }));
  const missing = names.filter((name) => !members.some((each) => each.name === name));
  if (missing.length > 0)
    throw new Error(`${className} has no ${missing.join(', ')}; look at the list again`);
  return without(
    code,
    members.filter(({ name }) => !names.includes(name)),
  );
}

/**
 * The code without what has one of the names, of all objects and classes in a function. Throws if the function is not at the top of
 * the module, or has nothing by a name.
 */
export function withoutParts(code: string, within: string, names: readonly string[]): string {
  const found = nodesIn(moduleOf(code)['body'])
    .flatMap((node) => [node, ...nodesIn(node['declaration'])])
    .find((node) => node.type === 'FunctionDeclaration' && nodesIn(node['id'])[0]?.['name'] === within);
  const parts: (Pick<Node, 'start' | 'end'> & { readonly name: string })[] = [];
  const visit = (node: Node, isObject = false): void => {
    const name = nodesIn(node['key'])[0]?.['name'];
    const isPart = node.type === 'MethodDefinition' || (isObject && node.type === 'Property');
    if (isPart && node['computed'] !== true && typeof name === 'string' && names.includes(name)) {
      const end = isObject ? node.end + (/^\s*,?/.exec(code.slice(node.end))?.[0].length ?? 0) : node.end;
      parts.push({ start: node.start, end, name });
      return;
    }
    for (const value of Object.values(node))
      for (const child of nodesIn(value)) visit(child, node.type === 'ObjectExpression');
  };
  if (found !== undefined) visit(found);
  const missing = names.filter((name) => !parts.some((each) => each.name === name));
  if (missing.length > 0) throw new Error(`${within} has no ${missing.join(', ')}; look at the list again`);
  return without(code, parts);
}

/** A method, getter or setter by a plain name; a computed one is part of what surrounds it. */
function methodOf(node: Node): Method | undefined {
  if (node.type !== 'MethodDefinition' || node['computed'] === true) return undefined;
  const [key] = nodesIn(node['key']);
  const [body] = nodesIn(node['value']);
  if (key === undefined || body === undefined || key.type === 'Literal') return undefined;
  return { start: node.start, end: node.end, name: String(key['name']), ...read(body) };
}

function moduleOf(code: string): Node {
  const [module] = nodesIn(parseAst(code));
  if (module === undefined) throw new Error('a module is a node');
  return module;
}

function nodesIn(value: unknown): readonly Node[] {
  const each = Array.isArray(value) ? value : [value];
  return each.filter((one): one is Node => typeof one === 'object' && one !== null && 'type' in one);
}
