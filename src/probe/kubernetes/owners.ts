/**
 * What controllers make for declared objects. An owner reference alone shows nothing, since whoever may make an object may write one. So
 * the owner is looked for by its uid among the objects that were listed, and has to select what it is said to have made: a controller
 * counts what it selects as its own, and takes away what is too much.
 */
import type { LiveObject } from './object.ts';
import { labelsAt, selects } from './selector.ts';
import { mapAt, mapsAt, partAt, textAt } from '../tree.ts';

type Selects = (maker: LiveObject, made: LiveObject) => boolean;

const bySelector: Selects = ({ tree }, made) => {
  const selector = mapAt(tree, 'spec', 'selector');
  return selector !== undefined && selector.size > 0 && selects(selector, labelsOf(made));
};
/** The selector of a ReplicationController is its labels. */
const byLabels: Selects = ({ tree }, made) => {
  const wanted = labelsAt(tree, 'spec', 'selector');
  const labels = labelsOf(made);
  return wanted.length > 0 && wanted.every(([name, value]) => labels.get(name) === value);
};
const byNameBefore: Selects = ({ name }, made) => made.name.startsWith(`${name}-`);
const byName: Selects = ({ name }, made) => made.name === name;
const byServiceName: Selects = ({ name }, made) => labelsOf(made).get('kubernetes.io/service-name') === name;

/**
 * What each kind is made by, and how its maker knows it. Of other kinds nothing is made for anybody: a Role that names a declared
 * Deployment stays undeclared.
 */
const MAKERS: ReadonlyMap<string, Readonly<Record<string, Selects>>> = new Map([
  [
    'v1/Pod',
    {
      ReplicaSet: bySelector,
      StatefulSet: bySelector,
      DaemonSet: bySelector,
      Job: bySelector,
      ReplicationController: byLabels,
    },
  ],
  ['apps/v1/ReplicaSet', { Deployment: bySelector }],
  ['apps/v1/ControllerRevision', { StatefulSet: bySelector, DaemonSet: bySelector }],
  ['batch/v1/Job', { CronJob: byNameBefore }],
  ['v1/Endpoints', { Service: byName }],
  ['discovery.k8s.io/v1/EndpointSlice', { Service: byServiceName }],
]);

function labelsOf({ tree }: LiveObject): ReadonlyMap<string, string> {
  return new Map(labelsAt(tree, 'metadata', 'labels'));
}

/** UIDs of declared objects, and of those that controllers made for them: the ReplicaSet of a Deployment, and its pods. */
export function ownedObjects(
  objects: ReadonlyMap<string, LiveObject>,
  declared: ReadonlySet<string>,
): ReadonlySet<string> {
  const known = new Map<string, LiveObject>();
  for (const each of objects.values()) if (declared.has(each.path)) known.set(each.uid, each);
  for (let before = -1; before !== known.size;) {
    before = known.size;
    for (const each of objects.values())
      if (!known.has(each.uid) && isMade(each, known)) known.set(each.uid, each);
  }
  return new Set(known.keys());
}

function isMade(object: LiveObject, known: ReadonlyMap<string, LiveObject>): boolean {
  const { resource, namespace, tree } = object;
  const makers = MAKERS.get(`${resource.apiVersion}/${resource.kind}`);
  if (makers === undefined || namespace === '') return false;
  return mapsAt(partAt(tree, 'metadata'), 'ownerReferences').some((reference) => {
    const maker = known.get(textAt(reference, 'uid') ?? '');
    if (maker === undefined || maker.namespace !== namespace) return false;
    const { kind } = maker.resource;
    if (
      (textAt(reference, 'kind') ?? kind) !== kind ||
      (textAt(reference, 'name') ?? maker.name) !== maker.name
    )
      return false;
    return Object.hasOwn(makers, kind) && makers[kind]?.(maker, object) === true;
  });
}
