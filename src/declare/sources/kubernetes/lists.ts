/**
 * How the items of Kubernetes' lists are found, and which lists have no order.
 *
 * The API's `x-kubernetes-list-type: map` says what identifies an item, and not whether order counts: `env` and
 * `initContainers` are such lists, and a variable that another uses must stand before it. So the sets are written out
 * here: lists of type map in k8s.io/api (10b39a39, 2026-07-24) of which neither the API server nor the kubelet reads the
 * order. Left out although of type map: `containers`, `initContainers` and `ephemeralContainers` (started in order),
 * `env` (`$(VAR)`), `hostAliases` (the first line of /etc/hosts counts) and `ports` of a Service (the first one is
 * `<NAME>_SERVICE_PORT`). Of every other list, and of every kind that is not here, the order is declared.
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

/** Members that together name an item; a protocol that is not said is TCP. */
type Keys = readonly [string, ...string[]];

/** What identifies the items of a list whose order means nothing. `place`: its path in the object, items as `*`. */
export function keysOfSet(apiVersion: string, kind: string, place: string): Keys | undefined {
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  const spec = POD_SPECS.get(`${group}/${kind}`);
  return spec !== undefined && place.startsWith(`${spec}/`)
    ? POD_SETS.get(place.slice(spec.length))
    : undefined;
}

/** Members that name the items of any other list: the first that all of them have. With a port goes its protocol. */
const NAMES: readonly Keys[] = [
  ['name'],
  ['containerPort', 'protocol'],
  ['port', 'protocol'],
  ['mountPath'],
  ['ip'],
  ['key'],
];

/** Steps to the items, each another; undefined where they have no names, or two have one: then all go by position. */
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
