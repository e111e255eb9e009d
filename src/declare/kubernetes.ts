/**
 * Kubernetes manifests: the leaves of every object, under `/<apiVersion>/<kind>/<namespace>/<name>`, whatever file
 * and order it stands in. What the cluster writes itself is left out by a list that is part of the commitment: an
 * exclusion is a claim.
 *
 * Lists whose items all have different names are declared by those names (containers, env, ports, volumes: the merge
 * keys of Kubernetes' API), so that their order declares nothing; other lists by position.
 */
import { refuse } from '../bytes/refusal.ts';
import {
  below,
  isTreeList,
  isTreeMap,
  Leaves,
  type Declarable,
  type Exclusion,
  type Tree,
  type TreeMap,
} from './leaf.ts';
import { parseYaml } from './yaml.ts';

/** What controllers and the API server write, by path within any object. Finalizers and labels are declared. */
export const IGNORED: readonly Exclusion[] = [
  { path: '/metadata/creationTimestamp', reason: 'written by the API server' },
  { path: '/metadata/generation', reason: 'written by the API server' },
  { path: '/metadata/managedFields', reason: 'written by the API server' },
  { path: '/metadata/resourceVersion', reason: 'written by the API server' },
  { path: '/metadata/selfLink', reason: 'written by the API server' },
  { path: '/metadata/uid', reason: 'written by the API server' },
  {
    path: '/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration',
    reason: 'written by kubectl apply',
  },
  {
    path: '/metadata/annotations/deployment.kubernetes.io~1revision',
    reason: 'written by the deployment controller',
  },
  { path: '/status', reason: 'what is observed, not what is declared' },
];

/** Members that name the items of a list, the first that all of them have. */
const MERGE_KEYS = ['name', 'containerPort', 'port', 'mountPath', 'ip', 'key'];

/** Leaves of manifests in YAML or JSON, any number of documents; `kubernetes@1`. */
export function declareKubernetes(text: string, ignored: readonly Exclusion[] = IGNORED): Declarable {
  const leaves = new Leaves();
  const objects = parseYaml(text).flatMap(objectsOf);
  if (objects.length === 0) throw refuse('malformed-payload', 'there is no Kubernetes object in this');
  const skip = new Set(ignored.map(({ path }) => path));
  for (const object of objects) addObject(leaves, object, skip);
  return { profile: 'kubernetes@1', leaves: leaves.all(), excluded: ignored, source: { kind: 'kubernetes' } };
}

/** Objects of a document: itself, or the items of a List. */
function objectsOf(document: Tree): readonly TreeMap[] {
  if (document === null) return [];
  if (!isTreeMap(document)) throw refuse('malformed-payload', 'a document is no Kubernetes object');
  const items = document.get('items');
  if (document.get('kind') === 'List' && items !== undefined && isTreeList(items))
    return items.flatMap(objectsOf);
  return [document];
}

function addObject(leaves: Leaves, object: TreeMap, skip: ReadonlySet<string>): void {
  const metadata = object.get('metadata');
  const meta: TreeMap = metadata !== undefined && isTreeMap(metadata) ? metadata : new Map();
  const [version, kind, name] = [object.get('apiVersion'), object.get('kind'), meta.get('name')];
  if (typeof version !== 'string' || typeof kind !== 'string')
    throw refuse('malformed-payload', 'an object has no apiVersion and kind');
  if (typeof name !== 'string') {
    const why = meta.has('generateName')
      ? 'the cluster would name it (generateName)'
      : 'it has no metadata.name';
    throw refuse('malformed-payload', `a ${kind} cannot be declared: ${why}; give it a name`);
  }
  const namespace = meta.get('namespace');
  const at = [version, kind, typeof namespace === 'string' ? namespace : '', name].reduce(below, '');
  const secret = kind === 'Secret' && version === 'v1';
  const walk = (within: string, tree: Tree): void => {
    if (skip.has(within)) return;
    const items = entriesOf(tree);
    if (items.length === 0)
      leaves.add(at + within, tree, () => secret && /^\/(?:data|stringData)\//.test(within));
    for (const [step, child] of items) walk(below(within, step), child);
  };
  for (const [step, child] of object) walk(below('', step), child);
}

/** Children of a map by name; of a list by its merge key, or else by position. */
function entriesOf(tree: Tree): readonly (readonly [string, Tree])[] {
  if (isTreeMap(tree)) return [...tree];
  if (!isTreeList(tree)) return [];
  const key = MERGE_KEYS.find((each) => namesApart(tree, each));
  if (key === undefined) return tree.map((item, i) => [String(i), item]);
  return tree.map((item) => [`${key}=${nameIn(item, key) ?? ''}`, item]);
}

function namesApart(items: readonly Tree[], key: string): boolean {
  const names = items.map((item) => nameIn(item, key));
  return items.length > 0 && !names.includes(undefined) && new Set(names).size === items.length;
}

function nameIn(item: Tree, key: string): string | undefined {
  const name = isTreeMap(item) ? item.get(key) : undefined;
  return typeof name === 'string' || typeof name === 'number' ? String(name) : undefined;
}
