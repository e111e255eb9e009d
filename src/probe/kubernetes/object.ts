/** A live object as a declaration would have it: its path, its leaves, and who it is to the server. */
import { createHash } from 'node:crypto';
import { Refusal, refuse } from '../../bytes/refusal.ts';
import { IGNORED, leavesOfObject, objectPath } from '../../declare/sources/kubernetes/kubernetes.ts';
import type { DeclaredLeaf } from '../../declare/leaf.ts';
import { managersOf } from './managers.ts';
import type { Resource } from './server.ts';
import { mapAt, mapsAt, partAt, textAt, type Tree, type TreeMap } from '../tree.ts';

export interface LiveObject {
  readonly resource: Resource;
  readonly namespace: string;
  readonly name: string;
  /** `/apps~1v1/Deployment/shop/web`. */
  readonly path: string;
  readonly uid: string;
  /** A number: the revision of the store at which it last changed. */
  readonly resourceVersion: bigint;
  /** UIDs of the objects that it belongs to. */
  readonly owners: readonly string[];
  /** By path within the object. */
  readonly leaves: ReadonlyMap<string, DeclaredLeaf>;
  readonly tree: TreeMap;
}

/**
 * An item of a list, or the answer of a GET. Refuses `unavailable` for what is no object of the kind, or lies in another
 * namespace than was asked for.
 */
export function liveObject(item: Tree, resource: Resource, namespace: string | undefined): LiveObject {
  const { apiVersion, kind, namespaced } = resource;
  const metadata = mapAt(item, 'metadata');
  const name = textAt(metadata, 'name') ?? '';
  const within = namespaced ? (textAt(metadata, 'namespace') ?? '') : '';
  const uid = textAt(metadata, 'uid') ?? '';
  const version = textAt(metadata, 'resourceVersion') ?? '';
  const sayings = [textAt(item, 'apiVersion') ?? apiVersion, textAt(item, 'kind') ?? kind];
  const isOurs =
    sayings[0] === apiVersion && sayings[1] === kind && (namespace === undefined || within === namespace);
  if (!isOurs || name === '' || uid === '' || !/^[0-9]{1,20}$/.test(version))
    throw refuse('unavailable', `among the objects of ${kind} is one that is none, or of another place`);
  const tree: TreeMap = new Map([...(mapAt(item) ?? []), ['apiVersion', apiVersion], ['kind', kind]]);
  const path = objectPath(apiVersion, kind, within, name);
  const { at, leaves } = readLeaves(tree, kind);
  const inside = leaves.map((leaf): [string, DeclaredLeaf] => [leaf.path.slice(at.length), leaf]);
  return {
    resource,
    namespace: within,
    name,
    path,
    uid,
    resourceVersion: BigInt(version),
    owners: mapsAt(metadata, 'ownerReferences').flatMap((each) => textAt(each, 'uid') ?? []),
    leaves: new Map(inside),
    tree,
  };
}

function readLeaves(tree: TreeMap, kind: string): ReturnType<typeof leavesOfObject> {
  try {
    return leavesOfObject(tree, IGNORED);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    // The refusal names a path, which holds text of the cluster.
    throw refuse('unavailable', `an object of ${kind} cannot be read: a path of it is too long, or no text`);
  }
}

/** SHA-256 of all that is compared of an object, for comparing two servers: its leaves, and the images that run, which are in the status. */
export function printOf({ leaves, tree }: Pick<LiveObject, 'leaves' | 'tree'>): string {
  const hash = createHash('sha256');
  for (const [path, { value }] of leaves) hash.update(`${path}\0${value.length}\0`).update(value);
  for (const statuses of STATUSES)
    for (const each of mapsAt(tree, 'status', statuses))
      hash.update(`\0${statuses}\0${textAt(each, 'name') ?? ''}\0${textAt(each, 'imageID') ?? ''}\0`);
  return hash.digest('hex');
}

/** Where a pod's status has its containers. */
export const STATUSES = ['initContainerStatuses', 'containerStatuses', 'ephemeralContainerStatuses'] as const;

/** Who set what, for names in findings. */
export function managersIn({ tree }: LiveObject, path?: string): string {
  return managersOf(mapsAt(partAt(tree, 'metadata'), 'managedFields'), path);
}
