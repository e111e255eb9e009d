/**
 * An OpenAPI contract of version 3.0 or 3.1, from its declared leaves: the operations that only read (GET and HEAD), which of them say
 * that they need a credential, and what they answer. What is not understood of an operation keeps it from being tried.
 */
import { isTreeList, isTreeMap } from '../../declare/leaf.ts';
import { treeOfLeaves } from '../../declare/tree.ts';
import { isMap, type Value } from '../../claim/value.ts';
import { refuse } from '../../bytes/refusal.ts';
import { flagAt, itemsAt, mapAt, mapsAt, partAt, textAt, type Tree, type TreeMap } from '../tree.ts';
import { Doubt, pointerStep, resolved, type Dialect } from './contract-ref.ts';

export interface Operation {
  readonly method: 'GET' | 'HEAD';
  /** As the contract writes it: `/pets/{id}`. */
  readonly template: string;
  /** JSON Pointer of the operation. */
  readonly at: string;
  /** Whether it takes nobody without a credential. */
  readonly needsAuth: boolean;
  readonly deprecated: boolean;
  readonly responses: TreeMap;
  /** Parameters of the path and of the operation, references resolved; the operation's count for more. */
  readonly parameters: readonly TreeMap[];
  /** The URL of a server of its own, if it names one. */
  readonly server: string | undefined;
  /** Why it is not tried, whatever is asked for. */
  readonly amiss: string | undefined;
}

export interface Contract {
  readonly dialect: Dialect;
  readonly tree: Tree;
  readonly operations: readonly Operation[];
  /** Operations that may write, and are never tried. */
  readonly writing: number;
  /** The path of the first server, without a slash at its end; undefined where it has variables. */
  readonly base: string | undefined;
}

/** Most operations of a contract. */
const MAX_OPERATIONS = 5_000;
const WRITING = ['put', 'post', 'delete', 'patch', 'options', 'trace'];
const DIALECTS = [
  'https://spec.openapis.org/oas/3.1/dialect/base',
  'https://json-schema.org/draft/2020-12/schema',
];

/** Stands where the owner keeps a value: a schema there is not understood, and no parameter has it. */
const KEPT: Tree = new Map<string, Tree>([['$withheld', true]]);

/** The contract that leaves declare. Refuses `config-invalid` for what is none. */
export function contractOf(leaves: ReadonlyMap<string, Value>): Contract {
  const made = treeOfLeaves(leaves, '', (_path, content) =>
    isMap(content) &&
    ['sensitive', 'sha256', 'unknown', 'dropped'].some((name) => Object.hasOwn(content, name))
      ? KEPT
      : undefined,
  );
  const tree = made?.tree ?? null;
  const version = textAt(tree, 'openapi') ?? '';
  const dialect = /^3\.0\.\d{1,3}$/.test(version)
    ? '3.0'
    : /^3\.1\.\d{1,3}$/.test(version)
      ? '3.1'
      : undefined;
  const paths = mapAt(tree, 'paths');
  if (dialect === undefined || paths === undefined)
    throw refuse(
      'config-invalid',
      'the committed leaves are no contract of OpenAPI 3.0 or 3.1 with paths; commit it with `tallystick commit yaml openapi.yaml`, or json',
    );
  const other = textAt(tree, 'jsonSchemaDialect');
  if (other !== undefined && !DIALECTS.includes(other))
    throw refuse(
      'config-invalid',
      'the contract names another dialect of JSON Schema than that of OpenAPI 3.1',
    );
  const found = [...paths].flatMap(([template, item]) => operationsAt(tree, template, item));
  if (found.length > MAX_OPERATIONS)
    throw refuse('too-large', `the contract has more than ${MAX_OPERATIONS} operations that read`);
  const items = [...paths.values()].filter((each) => isTreeMap(each));
  return {
    dialect,
    tree,
    operations: found,
    writing: items.reduce((sum, item) => sum + WRITING.filter((each) => item.has(each)).length, 0),
    base: baseOf(tree),
  };
}

function operationsAt(contract: Tree, template: string, item: Tree): readonly Operation[] {
  if (!template.startsWith('/') || !isTreeMap(item)) return [];
  const [path, lost] = followed(contract, item);
  const at = `/paths/${pointerStep(template)}`;
  return (['get', 'head'] as const).flatMap((method) => {
    const operation = path.get(method);
    if (operation === undefined || !isTreeMap(operation)) return [];
    const [parameters, unknown] = parametersOf(contract, path, operation);
    const [own] = [...itemsAt(operation, 'servers'), ...itemsAt(path, 'servers')];
    return [
      {
        method: method === 'get' ? 'GET' : 'HEAD',
        template,
        at: `${at}/${method}`,
        needsAuth: needsAuth(contract, operation),
        deprecated: flagAt(operation, 'deprecated') === true,
        responses: mapAt(operation, 'responses') ?? new Map<string, Tree>(),
        parameters,
        server: own === undefined ? undefined : (textAt(own, 'url') ?? '{}'),
        amiss: lost ?? unknown,
      } satisfies Operation,
    ];
  });
}

/** What a reference leads to, or the map itself; and why it leads nowhere. */
function followed(contract: Tree, map: TreeMap): readonly [TreeMap, string | undefined] {
  const reference = map.get('$ref');
  if (reference === undefined) return [map, undefined];
  try {
    const { tree } = resolved(contract, reference);
    return isTreeMap(tree) && !tree.has('$ref')
      ? [tree, undefined]
      : [map, 'a reference that leads to no object'];
  } catch (error) {
    if (error instanceof Doubt) return [map, error.message];
    throw error;
  }
}

function parametersOf(
  contract: Tree,
  path: TreeMap,
  operation: TreeMap,
): readonly [readonly TreeMap[], string | undefined] {
  const found = new Map<string, TreeMap>();
  let amiss: string | undefined;
  for (const each of [...mapsAt(path, 'parameters'), ...mapsAt(operation, 'parameters')]) {
    const [parameter, lost] = followed(contract, each);
    amiss ??= lost;
    found.set(`${textAt(parameter, 'in')} ${textAt(parameter, 'name')}`, parameter);
  }
  return [[...found.values()], amiss];
}

/** Each of the requirements names a scheme. One that is empty lets anybody in, and so does a list without requirements. */
function needsAuth(contract: Tree, operation: TreeMap): boolean {
  const requirements = operation.has('security')
    ? itemsAt(operation, 'security')
    : itemsAt(contract, 'security');
  return requirements.length > 0 && requirements.every((each) => isTreeMap(each) && each.size > 0);
}

function baseOf(contract: Tree): string | undefined {
  const servers = partAt(contract, 'servers');
  const [first] = servers !== undefined && isTreeList(servers) ? servers : [];
  const url = textAt(first, 'url') ?? '/';
  if (/[{}?#]/.test(url) || !URL.canParse(url, 'http://there')) return undefined;
  return new URL(url, 'http://there').pathname.replace(/\/+$/, '');
}

/** An operation in the words of a name: `GET /pets/*`. */
export function labelOf({ method, template }: Pick<Operation, 'method' | 'template'>): string {
  return `${method} ${template.replaceAll(/\{[^}]*\}/g, '*')}`;
}
