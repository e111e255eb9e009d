/**
 * How the items of Kubernetes' lists are found, and the lists whose order has no meaning (sets).
 *
 * The API's `x-kubernetes-list-type: map` says what identifies an item, but not whether order matters: `env` is such a
 * list, and a variable must stand before others that use it. So the sets are listed here: lists of type map in k8s.io/api
 * (10b39a39, 2026-07-24) whose order neither the API server nor the kubelet uses. These are of type map and no sets:
 * `containers`, `initContainers` and `ephemeralContainers` (started in order), `env` (`$(VAR)`), `hostAliases` (the first
 * line of /etc/hosts counts) and `ports` of a Service (the first one is `<NAME>_SERVICE_PORT`). For every other list, and
 * every kind that is not here, the order is declared.
 */
import { isTreeMap, type Tree } from '../../leaf.ts';

/** Where a PodSpec stands, by API group and kind. */
const POD_SPECS: ReadonlyMap<string, string> = new Map([
  ['/Pod', '/spec'],
  ['/PodTemplate', '/template/spec'],
  ['/ReplicationController', '/spec/template/spec'],
  ['apps/Deployment', '/spec/template/spec'],
  ['apps/StatefulSet', '/spec/template/spec'],
  ['apps/DaemonSet', '/spec/template/spec'],
  ['apps/ReplicaSet', '/spec/template/spec'],
  ['batch/Job', '/spec/template/spec'],
  ['batch/CronJob', '/spec/jobTemplate/spec/template/spec'],
]);

/** The sets of a container, and of a PodSpec, with the members that identify an item (`x-kubernetes-list-map-keys`). */
const CONTAINER_SETS: readonly (readonly [string, Keys])[] = [
  ['ports', ['containerPort', 'protocol']],
  ['volumeMounts', ['mountPath']],
  ['volumeDevices', ['devicePath']],
  ['resources/claims', ['name']],
];
const POD_SETS: ReadonlyMap<string, Keys> = new Map([
  ['/volumes', ['name']],
  ['/imagePullSecrets', ['name']],
  ['/topologySpreadConstraints', ['topologyKey', 'whenUnsatisfiable']],
  ['/schedulingGates', ['name']],
  ['/resourceClaims', ['name']],
  ...['containers', 'initContainers', 'ephemeralContainers'].flatMap((containers) =>
    CONTAINER_SETS.map(([set, keys]): [string, Keys] => [`/${containers}/*/${set}`, keys]),
  ),
]);

/** Members that together name an item. A missing protocol is TCP. */
type Keys = readonly [string, ...string[]];

/** The members that identify the items of a set; undefined for a list that is none. `place`: its path, with items as `*`. */
export function keysOfSet(apiVersion: string, kind: string, place: string): Keys | undefined {
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  const spec = POD_SPECS.get(`${group}/${kind}`);
  return spec !== undefined && place.startsWith(`${spec}/`)
    ? POD_SETS.get(place.slice(spec.length))
    : undefined;
}

/** Members that name the items of any other list: the first that all items have. A port has its protocol with it. */
const NAMES: readonly Keys[] = [
  ['name'],
  ['containerPort', 'protocol'],
  ['port', 'protocol'],
  ['mountPath'],
  ['ip'],
  ['key'],
];

/** A distinct step to each item; undefined if some have no name or two have the same: then all are found by position. */
export function stepsOf(items: readonly Tree[], keys?: Keys): readonly string[] | undefined {
  for (const each of keys === undefined ? NAMES : [keys]) {
    const steps = items.map((item) => stepTo(item, each));
    if (steps.every((step) => step !== undefined))
      return new Set(steps).size === steps.length ? steps : undefined;
  }
  return undefined;
}

function stepTo(item: Tree, keys: Keys): string | undefined {
  if (!isTreeMap(item)) return undefined;
  const parts = keys.map((key) => {
    const name = item.get(key) ?? (key === 'protocol' ? 'TCP' : undefined);
    return typeof name === 'string' || typeof name === 'number' ? `${key}=${name}` : undefined;
  });
  return parts.includes(undefined) ? undefined : parts.join(',');
}
