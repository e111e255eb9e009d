/**
 * The request that tries an operation. Only parameters that are required are sent, with values that the owner gave or the contract
 * has: an example, a default, the one or the first value that is allowed. A header is sent only with a value of the owner, since a header may make
 * another request of a GET (X-HTTP-Method-Override).
 */
import { isTreeList, isTreeMap } from '../../declare/leaf.ts';
import { flagAt, mapAt, partAt, textAt, type Tree, type TreeMap } from '../tree.ts';
import type { Contract, Operation } from './contract.ts';
import { Doubt, resolved } from './contract-ref.ts';

export interface Request {
  /** Below the base, with its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Values of the owner, by `METHOD /template NAME`. */
export type Values = ReadonlyMap<string, string>;

/** The request, or why there is none. */
export function requestOf(
  { tree }: Contract,
  operation: Operation,
  values: Values,
): Request | { readonly amiss: string } {
  if (operation.amiss !== undefined) return { amiss: operation.amiss };
  const given = new Map<string, string>();
  const [query, headers]: [string[], Record<string, string>] = [[], {}];
  for (const parameter of operation.parameters) {
    const [name = '', place] = [textAt(parameter, 'name'), textAt(parameter, 'in')];
    const own = values.get(`${operation.method} ${operation.template} ${name}`);
    if (place !== 'path' && flagAt(parameter, 'required') !== true && own === undefined) continue;
    const value = own ?? (place === 'path' || place === 'query' ? valueIn(tree, parameter) : undefined);
    if (value === undefined)
      return { amiss: `it needs a parameter in the ${wordOf(place)}, and nobody gave a value` };
    if (place === 'path') given.set(name, value);
    else if (place === 'query') query.push(`${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
    else if (place === 'header' && isHeader(name, value)) headers[name.toLowerCase()] = value;
    else return { amiss: 'it needs a parameter that is not sent' };
  }
  const path = filled(operation.template, given);
  if (path === undefined)
    return { amiss: 'its path has a part without a value, or one that leads elsewhere' };
  return { path: path + (query.length === 0 ? '' : `?${query.join('&')}`), headers };
}

const wordOf = (place: string | undefined): string =>
  ['path', 'query', 'header', 'cookie'].find((each) => each === place) ?? 'request';

/**
 * Undefined for a path with a part that nobody gave, or that a server may read as another path. Servers undo `%2f`, take `\` for `/`, drop what
 * follows `;` and join slashes, so a template has none of them, and a value none that would lead elsewhere.
 */
function filled(template: string, given: ReadonlyMap<string, string>): string | undefined {
  let whole = true;
  const path = template
    .split('/')
    .map((part) => {
      const text = part.replaceAll(/\{([^{}]*)\}/g, (_all, name: string) => {
        const value = given.get(name);
        whole &&= value !== undefined && value !== '' && !/[%;\\/]/.test(value);
        return encodeURIComponent(value ?? '');
      });
      whole &&= !/^\.{1,2}$/.test(text) && !/[%;]/.test(part.replaceAll(/\{[^{}]*\}/g, ''));
      return text;
    })
    .join('/');
  return whole && /^\/[!-~]{0,2000}$/.test(path) && !/[{}\\?#]|\/\//.test(path) ? path : undefined;
}

/** Headers that say what HTTP does with the request, or who asks. */
const NEVER =
  /^(?:accept|accept-encoding|authorization|connection|content-.*|cookie|expect|forwarded|host|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|user-agent|via|x-forwarded-.*|x-http-method.*|x-method-override)$/i;
const isHeader = (name: string, value: string): boolean =>
  /^[A-Za-z0-9-]{1,64}$/.test(name) && !NEVER.test(name) && /^[!-~ ]{0,512}$/.test(value);

/** A value that the contract has for a parameter; undefined for none, or where it is written in a way of its own. */
function valueIn(contract: Tree, parameter: TreeMap): string | undefined {
  const style = textAt(parameter, 'style');
  if (parameter.has('content') || (style !== undefined && style !== 'simple' && style !== 'form'))
    return undefined;
  const schema = schemaOf(contract, parameter);
  const [first] = [...(mapAt(parameter, 'examples')?.values() ?? [])];
  const listed = (name: string): Tree | undefined => {
    const list = schema?.get(name);
    return list !== undefined && isTreeList(list) ? list[0] : undefined;
  };
  const all = [
    parameter.get('example'),
    partAt(first, 'value'),
    schema?.get('example'),
    listed('examples'),
    schema?.get('default'),
    schema?.get('const'),
    listed('enum'),
  ];
  return all.map(textOf).find((each) => each !== undefined);
}

function schemaOf(contract: Tree, parameter: TreeMap): TreeMap | undefined {
  let schema = parameter.get('schema');
  try {
    for (let hops = 0; hops < 8; hops++) {
      const reference = partAt(schema, '$ref');
      if (reference === undefined) break;
      schema = resolved(contract, reference).tree;
    }
  } catch (error) {
    if (error instanceof Doubt) return undefined;
    throw error;
  }
  return schema !== undefined && isTreeMap(schema) ? schema : undefined;
}

function textOf(tree: Tree | undefined): string | undefined {
  if (typeof tree === 'string') return tree.length <= 200 && tree.isWellFormed() ? tree : undefined;
  if (typeof tree === 'number' || typeof tree === 'boolean') return String(tree);
  return typeof tree === 'object' && tree !== null && 'number' in tree ? tree.number : undefined;
}
