/**
 * Kubernetes manifests: the leaves of every object, under `/<apiVersion>/<kind>/<namespace>/<name>`, in whatever file
 * and order it stands. Fields that the cluster itself writes are left out by a list, which is part of the commitment.
 * Items of lists are found by their names where they have any (lists.ts).
 */
import { printable } from '../../../bytes/printable.ts';
import { refuse } from '../../../bytes/refusal.ts';
import { keysOfSet, stepsOf } from './lists.ts';
import { BESIDE } from './steps.ts';
import {
  below,
  isTreeList,
  isTreeMap,
  Leaves,
  type Declarable,
  type DeclaredLeaf,
  type Exclusion,
  type Tree,
  type TreeMap,
} from '../../leaf.ts';
import type { Source } from '../source.ts';
import { parseManifests } from '../../yaml.ts';

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

/** Leaves of manifests in YAML or JSON, any number of files and documents; `kubernetes@1`. */
export function declareKubernetes(
  texts: readonly string[],
  ignored: readonly Exclusion[] = IGNORED,
): Declarable {
  const leaves = new Leaves();
  const objects = manifestObjects(texts);
  const skip = new Set(ignored.map(({ path }) => path));
  for (const object of objects) addObject(leaves, object, skip);
  return { profile: 'kubernetes@1', leaves: leaves.all(), excluded: ignored, source: { kind: 'kubernetes' } };
}

/** The objects of manifests. Refuses `malformed-payload` if there are none, or something else among them. */
export function manifestObjects(texts: readonly string[], parse = parseManifests): readonly TreeMap[] {
  // Each file by itself: what it declares does not depend on the files before or after it.
  const objects = texts.flatMap((text) => parse(text)).flatMap((document) => objectsOf(document));
  if (objects.length === 0) throw refuse('malformed-payload', 'there is no Kubernetes object in this');
  return objects;
}

/** Extensions of the files that `kubectl -f FOLDER` reads (k8s.io/cli-runtime, resource.FileExtensions). */
const MANIFEST = /\.(?:json|yaml|yml)$/;

/** The kind of source `kubernetes`. */
export const KUBERNETES_SOURCE: Source = {
  kind: 'kubernetes',
  together: MANIFEST,
  declare: (files, { ignore }) => {
    const texts = files.map(({ text }) => text);
    return declareKubernetes(texts, [...IGNORED, ...ignore]);
  },
};

/**
 * Objects of a document: itself, or the items of a List. An item of a ConfigMapList without a kind is a ConfigMap
 * (k8s.io/apimachinery, unstructured: decodeToList).
 */
function objectsOf(document: Tree): readonly TreeMap[] {
  if (document === null) return [];
  if (!isTreeMap(document))
    throw refuse('malformed-payload', `a document is no Kubernetes object; ${AS_YAML}`);
  const [kind, items] = [document.get('kind'), document.get('items')];
  if (typeof kind !== 'string' || !kind.endsWith('List') || items === undefined) return [document];
  if (items === null) return [];
  if (!isTreeList(items) || !isPlainList(document)) return [document];
  const inherited: readonly (readonly [string, Tree | undefined])[] = [
    ['apiVersion', document.get('apiVersion')],
    ['kind', kind.slice(0, -'List'.length)],
  ];
  return items.flatMap((item) => {
    if (!isTreeMap(item)) return objectsOf(item);
    const missing = inherited.filter(
      ([name, value]) => value !== undefined && value !== '' && !item.has(name),
    );
    return objectsOf(missing.length === 0 ? item : new Map([...missing, ...item].filter(isMember)));
  });
}

/**
 * Whether it is a List, which has items alone (k8s.io/apimachinery, ListMeta). With a name or a spec it is an object of a
 * kind whose name ends in List.
 */
function isPlainList(document: TreeMap): boolean {
  const metadata = document.get('metadata') ?? null;
  const isNamed = isTreeMap(metadata) && ['name', 'generateName'].some((name) => metadata.has(name));
  return !isNamed && [...document.keys()].every((name) => LIST_MEMBERS.has(name));
}

const LIST_MEMBERS: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata', 'items']);

function isMember(entry: readonly [string, Tree | undefined]): entry is readonly [string, Tree] {
  return entry[1] !== undefined;
}

const AS_YAML = 'what is no object of a cluster is declared with `tallystick commit yaml FILE`';

/** The leaves of one object, and the path of the object. Refuses as `declareKubernetes`. */
export function leavesOfObject(
  object: TreeMap,
  ignored: readonly Exclusion[] = IGNORED,
): { readonly at: string; readonly leaves: readonly DeclaredLeaf[] } {
  const leaves = new Leaves();
  const at = addObject(leaves, object, new Set(ignored.map(({ path }) => path)));
  return { at, leaves: leaves.all() };
}

/** Path of an object among the leaves of a declaration. `namespace`: empty if the object is in none, or names none. */
export function objectPath(apiVersion: string, kind: string, namespace: string, name: string): string {
  return [apiVersion, kind, namespace, name].reduce(below, '');
}

function addObject(leaves: Leaves, object: TreeMap, skip: ReadonlySet<string>): string {
  const metadata = object.get('metadata');
  const meta: TreeMap = metadata !== undefined && isTreeMap(metadata) ? metadata : new Map();
  const [version, kind, name] = [object.get('apiVersion'), object.get('kind'), meta.get('name')];
  if (typeof version !== 'string' || typeof kind !== 'string')
    throw refuse('malformed-payload', `an object has no apiVersion and kind; ${AS_YAML}`);
  if (BESIDE.has(version))
    throw refuse('malformed-payload', `no cluster has the apiVersion ${version}; ${AS_YAML}`);
  if (typeof name !== 'string') throw refuse('malformed-payload', nameless(kind, meta));
  const namespace = meta.get('namespace');
  const at = objectPath(version, kind, typeof namespace === 'string' ? namespace : '', name);
  const secret = kind === 'Secret' && version === 'v1';
  const sensitive = (within: string): boolean => secret && /^\/(?:data|stringData)(?:\/|$)/.test(within);
  /** `place`: the path within the object, with every item of a list as `*`. */
  const walk = (within: string, place: string, tree: Tree): void => {
    if (skip.has(within)) return;
    if (isTreeMap(tree) && tree.size > 0) {
      for (const [step, child] of tree) walk(below(within, step), below(place, step), child);
    } else if (isTreeList(tree) && tree.length > 0) {
      const keys = keysOfSet(version, kind, place);
      const steps = stepsOf(tree, keys);
      const order = keys === undefined ? steps : steps?.toSorted();
      leaves.addList(at + within, order ?? tree.length, sensitive(within));
      for (const [i, child] of tree.entries())
        walk(below(within, steps?.[i] ?? String(i)), `${place}/*`, child);
    } else leaves.add(at + within, tree, () => sensitive(within));
  };
  for (const [step, child] of object) walk(below('', step), below('', step), child);
  return at;
}

/** Why an object without a name cannot be declared, and what can be done about it. */
function nameless(kind: string, meta: TreeMap): string {
  const what = printable(kind, 100);
  if (meta.has('generateName'))
    return `a ${what} cannot be declared: the cluster would name it (generateName); give it a name, or declare it with \`tallystick commit yaml FILE\``;
  if (kind === 'Kustomization')
    return 'a Kustomization is no object of a cluster: declare what it makes, with `kubectl kustomize DIR | tallystick commit kubernetes -`, or itself, with `tallystick commit yaml FILE`';
  return `a ${what} cannot be declared: it has no metadata.name; give it a name if it is an object of a cluster, and declare it with \`tallystick commit yaml FILE\` if it is none (a configuration of kubeadm or of the kubelet, an audit Policy)`;
}
