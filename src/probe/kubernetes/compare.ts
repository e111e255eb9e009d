/**
 * Compares a declared object with the live one, leaf by leaf. A live leaf that nobody declared is a default if it was
 * committed as one for this version of the server. Otherwise it is extra, or unexplained if no defaults of this version were
 * committed.
 */
import { isList, isMap, type Value } from '../../claim/value.ts';
import type { DeclaredLeaf } from '../../declare/leaf.ts';
import { withoutChosenName } from '../../declare/sources/kubernetes/defaults.ts';
import { declaredValue, isUnknown, sameValue, sensitiveDigest, sensitiveMac } from '../declared.ts';
import { meansSame } from './normal.ts';
import type { LiveObject } from './object.ts';
import type { Wanted } from './wanted.ts';

/**
 * What became of a declared leaf. `unset`: a zero value that the server does not show, and no dry run said whether it drops
 * it. `sensitive`: not compared, since there is no key.
 */
type State = 'same' | 'changed' | 'absent' | 'unset' | 'sensitive' | 'excluded';

export interface ComparedObject {
  readonly counts: Readonly<Record<State, number>>;
  /** Paths within the object. */
  readonly changed: readonly string[];
  readonly absent: readonly string[];
  /** Live leaves that are neither declared nor defaults, and those of which nothing can be said. */
  readonly extra: readonly string[];
  readonly unexplained: readonly string[];
  readonly defaults: number;
}

export interface CompareOptions {
  /** Whether defaults of this version of the server were committed. */
  readonly knowsDefaults: boolean;
  /** The salt secret of `commit`. */
  readonly key: Uint8Array | undefined;
  /** Whether a path within the object is left out. */
  readonly ignores: (inside: string) => boolean;
  /** Path of the object in the declaration. */
  readonly declaredAt: string;
  /** Whether it is of a chart that helm may have installed. */
  readonly isOfRelease?: boolean;
}

export function compareObject(
  wanted: Wanted,
  live: Pick<LiveObject, 'leaves'>,
  given: CompareOptions,
): ComparedObject {
  const options = isAggregated(wanted)
    ? { ...given, ignores: (inside: string) => RULES.test(inside) || given.ignores(inside) }
    : given;
  const counts = { same: 0, changed: 0, absent: 0, unset: 0, sensitive: 0, excluded: 0 };
  const [changed, absent]: string[][] = [[], []];
  const branches = branchesOf(live.leaves.keys());
  for (const [inside, value] of wanted.leaves) {
    const state = stateOf(wanted, inside, value, live, branches, options);
    counts[state] += 1;
    if (state === 'changed') changed?.push(inside);
    if (state === 'absent') absent?.push(inside);
  }
  const rest = besides(wanted, live, branches, options);
  return { counts, changed: changed ?? [], ...rest, absent: [...(absent ?? []), ...rest.absent] };
}

/**
 * Whether a controller writes the rules of a ClusterRole, from those that its aggregationRule selects. They are compared by
 * themselves: one that nobody declared is undeclared.
 */
function isAggregated({ apiVersion, kind, leaves }: Wanted): boolean {
  const isRole = kind === 'ClusterRole' && apiVersion.startsWith('rbac.authorization.k8s.io/');
  return isRole && [...leaves.keys()].some((inside) => inside.startsWith('/aggregationRule/'));
}
const RULES = /^\/rules(?:\/|$)/;

function stateOf(
  wanted: Wanted,
  inside: string,
  value: Value,
  live: Pick<LiveObject, 'leaves'>,
  branches: ReadonlySet<string>,
  { knowsDefaults, key, ignores, declaredAt }: CompareOptions,
): State {
  if (ignores(inside)) return 'excluded';
  // Null is as if the field were not there: what the server has in its place is a default or not.
  if (value === null) return 'same';
  const leaf = live.leaves.get(inside);
  // A chart that renders it anew each time declares that it is there, and not what it is.
  if (isUnknown(value) && leaf !== undefined) return 'excluded';
  const digest = sensitiveDigest(value);
  if (digest !== undefined && leaf !== undefined) {
    if (key === undefined) return 'sensitive';
    return digest === sensitiveMac(declaredAt + inside, leaf.value, key) ? 'same' : 'changed';
  }
  if (leaf !== undefined) {
    const found = declaredValue(leaf.value);
    const same = sameValue(value, found) || meansSame(wanted.apiVersion, wanted.kind, inside, value, found);
    return same ? 'same' : 'changed';
  }
  // An empty selector that got members selects something else, unless each of them is a default.
  if (isEmptyMap(value) && branches.has(inside)) {
    const filled = [...live.leaves].filter(([path]) => path.startsWith(`${inside}/`));
    if (knowsDefaults && filled.every((each) => isDefault(wanted, each))) return 'same';
    return knowsDefaults ? 'changed' : 'unset';
  }
  if (!isZero(value)) return 'absent';
  if (!knowsDefaults) return 'unset';
  return isDropped(wanted.defaults.get(inside)) ? 'same' : 'absent';
}

/** Live leaves that are not declared. */
function besides(
  wanted: Wanted,
  live: Pick<LiveObject, 'leaves'>,
  branches: ReadonlySet<string>,
  { knowsDefaults, ignores, isOfRelease = false }: CompareOptions,
): Pick<ComparedObject, 'extra' | 'unexplained' | 'defaults' | 'absent'> {
  const extra: string[] = [];
  const unexplained: string[] = [];
  let defaults = 0;
  for (const [inside, leaf] of live.leaves) {
    const declared = wanted.leaves.get(inside);
    const isDeclared = declared !== undefined && declared !== null;
    if (isDeclared || isOfCluster(wanted.kind, inside) || ignores(inside)) continue;
    if (isOfRelease && inside === MANAGED_BY && leaf.text === 'Helm') continue;
    if (!knowsDefaults) {
      unexplained.push(inside);
      continue;
    }
    if (isDefault(wanted, [inside, leaf])) defaults += 1;
    else extra.push(inside);
  }
  const named = new Set([...live.leaves.keys()].map(withoutChosenName));
  const absent = knowsDefaults
    ? [...wanted.defaults].flatMap(([inside, value]) => {
        const isThere = named.has(inside) || branches.has(inside);
        const mayBeGone = isUnknown(value) || isDropped(value) || isZero(value);
        return isThere || mayBeGone || isOfCluster(wanted.kind, inside) || ignores(inside) ? [] : [inside];
      })
    : [];
  return { extra, unexplained, defaults, absent };
}

/** Whether a live leaf is one that the server adds by itself, by the committed dry run. */
function isDefault(wanted: Wanted, [inside, leaf]: readonly [string, DeclaredLeaf]): boolean {
  const value = wanted.defaults.get(withoutChosenName(inside));
  if (value === undefined) return isBelowChosen(wanted.defaults, inside);
  const found = declaredValue(leaf.value);
  return (
    isUnknown(value) ||
    sameValue(value, found) ||
    meansSame(wanted.apiVersion, wanted.kind, inside, value, found)
  );
}

/**
 * Whether a leaf is below one that may be anything. A list that differs from dry run to dry run is no such leaf: what the
 * dry runs have below it says what may be there, and a hostPath among the volumes of a Pod is not among it.
 */
function isBelowChosen(defaults: ReadonlyMap<string, Value>, inside: string): boolean {
  for (let at = inside.lastIndexOf('/'); at > 0; at = inside.lastIndexOf('/', at - 1)) {
    const path = inside.slice(0, at);
    const above = defaults.get(path);
    if (above === undefined || !isUnknown(above)) continue;
    if (![...defaults.keys()].some((each) => each.startsWith(`${path}/`))) return true;
  }
  return false;
}

/** Who the object is, and what controllers write beside what is configured: of such leaves only declared ones are compared. */
const IDENTITY = /^\/(?:apiVersion|kind|metadata\/(?:name|namespace))$/;
const BOOKKEEPING =
  /^\/metadata(?:$|\/(?:ownerReferences|finalizers|deletionTimestamp|deletionGracePeriodSeconds|generateName)(?:\/|$))/;
const ANNOTATIONS = /\/metadata\/annotations(?:\/|$)/;
/** What controllers write into a spec, where the declaration leaves it to them: the number of pods, where a pod or a volume is. */
const LATER: Readonly<Record<string, RegExp>> = {
  Deployment: /^\/spec\/replicas$/,
  StatefulSet: /^\/spec\/replicas$/,
  ReplicaSet: /^\/spec\/replicas$/,
  ReplicationController: /^\/spec\/replicas$/,
  PersistentVolumeClaim: /^\/spec\/volumeName$/,
  PersistentVolume: /^\/spec\/claimRef(?:\/|$)/,
  Pod: /^\/spec\/nodeName$/,
};

/** The label that helm gives each object that it installs, and `kubectl apply` does not (helm v3.19, pkg/action/validate.go). */
const MANAGED_BY = '/metadata/labels/app.kubernetes.io~1managed-by';

/** Whether a live leaf is no part of what is configured, unless it is declared. */
export function isOfCluster(kind: string, inside: string): boolean {
  if (IDENTITY.test(inside) || BOOKKEEPING.test(inside) || ANNOTATIONS.test(inside)) return true;
  return Object.hasOwn(LATER, kind) && LATER[kind]?.test(inside) === true;
}

/** Every path above a leaf. */
function branchesOf(paths: Iterable<string>): ReadonlySet<string> {
  const branches = new Set<string>();
  for (const path of paths)
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
      const above = path.slice(0, at);
      if (branches.has(above)) break;
      branches.add(above);
    }
  return branches;
}

function isEmptyMap(value: Value): boolean {
  return isMap(value) && Object.keys(value).length === 0;
}

/** A value that Go's JSON leaves out of fields with `omitempty`. */
function isZero(value: Value): boolean {
  return (
    value === '' ||
    value === 0 ||
    value === false ||
    isEmptyMap(value) ||
    (isList(value) && value.length === 0)
  );
}

function isDropped(value: Value | undefined): boolean {
  return value !== undefined && isMap(value) && value['dropped'] === true;
}
