/**
 * Images: what the declaration says, what the live pod's spec says, and what its node says that it runs (`status.imageID`). A
 * node may tell the digest of the index or of the manifest for its platform, so both are right where the claim names the
 * manifests; without them, another digest than the declared one may be either, and nothing is known.
 */
import { isList, isMap, type Value } from '../../claim/value.ts';
import { STATUSES, type LiveObject } from './object.ts';
import { CONTAINERS } from './pods.ts';
import { shownPath } from './shown.ts';
import { mapsAt, numberAt, partAt, textAt, type Tree } from '../tree.ts';
import type { Wanted } from './wanted.ts';

export interface Images {
  readonly pods: number;
  readonly containers: number;
  readonly differing: readonly Value[];
  readonly unresolved: readonly Value[];
}

/** Declared images, by the object whose pods have them: kind, namespace, name, list and name of the container. */
export type DeclaredImages = ReadonlyMap<string, string>;

/** Where a PodSpec stands in each kind that makes pods. */
const TEMPLATES: ReadonlyMap<string, string> = new Map([
  ['Pod', '/spec'],
  ['Deployment', '/spec/template/spec'],
  ['StatefulSet', '/spec/template/spec'],
  ['DaemonSet', '/spec/template/spec'],
  ['ReplicaSet', '/spec/template/spec'],
  ['ReplicationController', '/spec/template/spec'],
  ['Job', '/spec/template/spec'],
  ['CronJob', '/spec/jobTemplate/spec/template/spec'],
]);

export const WORKLOADS: readonly string[] = [...TEMPLATES.keys()];

export function declaredImages(wanted: readonly Wanted[], namespace: string): DeclaredImages {
  const images = new Map<string, string>();
  for (const { kind, namespace: own, name, leaves } of wanted) {
    const spec = TEMPLATES.get(kind);
    if (spec === undefined) continue;
    for (const list of CONTAINERS) {
      const names = leaves.get(`${spec}/${list}`);
      const steps = names !== undefined && isMap(names) ? names['list'] : undefined;
      if (steps === undefined || !isList(steps)) continue;
      for (const step of steps) {
        const image = typeof step === 'string' ? leaves.get(`${spec}/${list}/${step}/image`) : undefined;
        if (typeof step === 'string' && typeof image === 'string')
          images.set(keyOf(kind, own || namespace, name, list, step.replace(/^name=/, '')), image);
      }
    }
  }
  return images;
}

export function compareImages(
  pods: readonly LiveObject[],
  makerOf: (pod: LiveObject) => LiveObject | undefined,
  declared: DeclaredImages,
  platforms: ReadonlyMap<string, ReadonlySet<string>>,
): Images {
  const differing: Value[] = [];
  const unresolved: Value[] = [];
  let containers = 0;
  let counted = 0;
  for (const pod of pods) {
    if (['Succeeded', 'Failed'].includes(textAt(pod.tree, 'status', 'phase') ?? '')) continue;
    counted += 1;
    const maker = makerOf(pod);
    for (const [i, list] of CONTAINERS.entries())
      for (const container of mapsAt(pod.tree, 'spec', list)) {
        containers += 1;
        const name = textAt(container, 'name') ?? '';
        const path = shownPath(`${pod.path}/spec/${list}/name=${name}`);
        const wanted =
          maker && declared.get(keyOf(maker.resource.kind, maker.namespace, maker.name, list, name));
        const statuses = mapsAt(pod.tree, 'status', STATUSES[i] ?? '');
        const status = statuses.find((each) => textAt(each, 'name') === name);
        const isPast = maker !== undefined && wanted !== undefined && isReplacing(maker, list, name, wanted);
        const verdict = verdictOf({ wanted, container, status, platforms, isPast });
        if (verdict?.isDiffering === true) differing.push({ path, what: verdict.what });
        else if (verdict !== undefined) unresolved.push({ path, what: verdict.what });
      }
  }
  return { pods: counted, containers, differing, unresolved };
}

interface Verdict {
  readonly isDiffering: boolean;
  readonly what: string;
}

/** undefined: it is as declared. `isPast`: pods of an earlier revision are being replaced. */
function verdictOf({
  wanted,
  container,
  status,
  platforms,
  isPast,
}: {
  readonly wanted: string | undefined;
  readonly container: Tree;
  readonly status: Tree | undefined;
  readonly platforms: ReadonlyMap<string, ReadonlySet<string>>;
  readonly isPast: boolean;
}): Verdict | undefined {
  if (wanted === undefined) return differs('nobody declared this container');
  if (textAt(container, 'image') !== wanted)
    return isPast
      ? unclear('of an earlier revision, whose pods are being replaced')
      : differs('another image than the declared one');
  const digest = digestIn(wanted);
  if (digest === undefined) return unclear('declared by a tag, which may mean another image every day');
  const told = textAt(status, 'imageID') ?? '';
  const running = digestIn(told) ?? BARE.exec(told)?.[0];
  if (running === undefined) {
    const waits = status === undefined || partAt(status, 'state', 'waiting') !== undefined;
    return unclear(waits ? 'not started yet' : 'its node tells no digest');
  }
  const known = platforms.get(digest);
  if (running === digest || known?.has(running) === true) return undefined;
  if (digestIn(told) === undefined)
    return unclear('its node tells the id of a configuration, which is no digest of an image');
  return known === undefined
    ? unclear(
        'its node tells another digest, which may be the manifest of its platform; name it with platforms',
      )
    : differs('its node runs another digest');
}

const differs = (what: string): Verdict => ({ isDiffering: true, what });
const unclear = (what: string): Verdict => ({ isDiffering: false, what });

/** The digest in `name@sha256:…`. */
function digestIn(image: string): string | undefined {
  return /@(sha256:[0-9a-f]{64})$/.exec(image)?.[1];
}

const BARE = /^sha256:[0-9a-f]{64}$/;

/**
 * Whether the object that made a pod has the declared image by now, and says that it has not replaced all of its pods yet.
 * Who holds up a rollout keeps the claim UNKNOWN, never PROVEN.
 */
function isReplacing(
  { tree, resource: { kind } }: LiveObject,
  list: string,
  name: string,
  wanted: string,
): boolean {
  const spec = partAt(tree, ...(TEMPLATES.get(kind) ?? '').split('/').slice(1));
  const own = mapsAt(spec, list).find((each) => textAt(each, 'name') === name);
  if (textAt(own, 'image') !== wanted) return false;
  const of = (field: string): number => numberAt(tree, 'status', field) ?? 0;
  if (of('observedGeneration') < (numberAt(tree, 'metadata', 'generation') ?? 0)) return true;
  if (kind === 'DaemonSet') return of('updatedNumberScheduled') < of('desiredNumberScheduled');
  if (kind === 'CronJob') return true;
  return of('updatedReplicas') < of('replicas');
}

function keyOf(...parts: readonly string[]): string {
  return parts.join('\n');
}

/** The declared object that made a pod: itself, its owner, or the owner of that. */
export function makersAmong(objects: readonly LiveObject[]): (pod: LiveObject) => LiveObject | undefined {
  const byUid = new Map(objects.map((each) => [each.uid, each]));
  return (pod) => {
    let at = pod;
    for (let hops = 0; hops < 2; hops++) {
      const above = at.owners.map((uid) => byUid.get(uid)).find((each) => each !== undefined);
      if (above === undefined || !TEMPLATES.has(above.resource.kind) || above.resource.kind === 'Pod') break;
      at = above;
    }
    return at;
  };
}
