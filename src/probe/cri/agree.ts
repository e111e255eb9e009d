/**
 * What the runtime runs against what the API shows of this node. A pod counts as shown under its namespace and name with
 * its uid alone: the mirror of a pod that the kubelet made from a file has the runtime's uid in an annotation, which
 * anybody who may make pods can write, but not under the name of a pod that the API does not show.
 */
import type { ApiPod } from './api.ts';
import type { KnownImage } from './images.ts';
import type { Container, Sandbox } from './messages.ts';
import type { Running } from './runtime.ts';

/** One thing on which the two do not agree. */
export interface Finding {
  /** The same in every look that finds the same thing. */
  readonly id: string;
  readonly kind: 'pod' | 'container' | 'image';
  /** `namespace/pod`, with `/container` for one. Text of the target: it does not leave as it is. */
  readonly name: string;
  /** When it began, as the runtime says, POSIX seconds. */
  readonly since: number | undefined;
}

export interface Agreement {
  /** Pods that run here, and those of them that the API shows. */
  readonly running: number;
  readonly known: number;
  /** Runs here, and the API does not show it. */
  readonly hidden: readonly Finding[];
  /** The API says that it runs here, and it does not. */
  readonly missing: readonly Finding[];
  /** Runs another image than the API shows. */
  readonly disagreeing: readonly Finding[];
  /** Runs, and the API tells no digest of its image: whether it is another cannot be said. */
  readonly untold: readonly Finding[];
}

/** `before` and `after`: the API's lists around the look at the runtime, so that what began or ended meanwhile is in one of them. */
export function agreementOf(
  { sandboxes, containers }: Pick<Running, 'sandboxes' | 'containers'>,
  before: readonly ApiPod[],
  after: readonly ApiPod[],
  imageOf: (container: Container) => KnownImage,
): Agreement {
  const shown = byName([...before, ...after]);
  const { pods, loose } = runningPods(sandboxes, containers);
  const hidden = loose.map((each) => finding('container', each.id, `?/?/${each.name}`, each.created));
  const disagreeing: Finding[] = [];
  const untold: Finding[] = [];
  const seen = new Set<string>();
  // The newest first: of several that say to be one pod, the others are not that pod.
  for (const { sandbox, containers: own } of pods.toSorted((x, y) => newestFirst(x.sandbox, y.sandbox))) {
    const known = (shown.get(nameOf(sandbox)) ?? []).filter((pod) => isOf(pod, sandbox));
    const found = finding('pod', sandbox.id, nameOf(sandbox), sandbox.created);
    if (known.every(({ uid }) => seen.has(uid))) {
      hidden.push(found);
      continue;
    }
    for (const { uid } of known) seen.add(uid);
    if (own.length > 0 && known.every(({ ended }) => ended)) disagreeing.push(found);
    const within = containersOf(sandbox, own, known, imageOf);
    hidden.push(...within.hidden);
    disagreeing.push(...within.disagreeing);
    untold.push(...within.untold);
  }
  const inBoth = new Set(before.map(({ uid }) => uid));
  const missing = after
    .filter(({ uid, runs }) => runs && inBoth.has(uid) && !seen.has(uid))
    .map((pod) => finding('pod', pod.uid, nameOf(pod), undefined));
  return { running: pods.length, known: seen.size, hidden, missing, disagreeing, untold };
}

/** The containers of a known pod that the API does not show, or shows with another image. A name runs once. */
function containersOf(
  sandbox: Sandbox,
  own: readonly Container[],
  known: readonly ApiPod[],
  imageOf: (container: Container) => KnownImage,
): Pick<Agreement, 'hidden' | 'disagreeing' | 'untold'> {
  const hidden: Finding[] = [];
  const disagreeing: Finding[] = [];
  const untold: Finding[] = [];
  const names = new Set<string>();
  for (const container of own.toSorted(newestFirst)) {
    const name = `${nameOf(sandbox)}/${container.name}`;
    const found = (kind: 'container' | 'image'): Finding =>
      finding(kind, container.id, name, container.created);
    const isShown = known.some((pod) => pod.containers.has(container.name));
    if (!isShown || names.has(container.name)) hidden.push(found('container'));
    else {
      const isSame = isShownImage(container, known, imageOf);
      if (isSame === undefined) untold.push(found('image'));
      else if (!isSame) disagreeing.push(found('image'));
    }
    names.add(container.name);
  }
  return { hidden, disagreeing, untold };
}

/** By attempt: the kubelet numbers them, and ends one before it begins the next. */
function newestFirst(a: Pick<Sandbox, 'attempt' | 'id'>, b: Pick<Sandbox, 'attempt' | 'id'>): number {
  return b.attempt - a.attempt || (a.id < b.id ? -1 : 1);
}

/**
 * What two looks in a row found. What only the second found was seen once: it may be about to begin or end, and is neither
 * counted nor taken for absent.
 */
export function confirmed(
  first: readonly Finding[],
  second: readonly Finding[],
): { readonly both: readonly Finding[]; readonly once: number } {
  const before = new Set(first.map(({ id }) => id));
  const both = second.filter(({ id }) => before.has(id));
  return { both, once: second.length - both.length };
}

function finding(kind: Finding['kind'], id: string, name: string, since: number | undefined): Finding {
  return { id: `${kind} ${id}`, kind, name, since };
}

function nameOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}

function byName(pods: readonly ApiPod[]): ReadonlyMap<string, readonly ApiPod[]> {
  const found = new Map<string, ApiPod[]>();
  for (const pod of pods) {
    const known = found.get(nameOf(pod));
    if (known === undefined) found.set(nameOf(pod), [pod]);
    else known.push(pod);
  }
  return found;
}

function isOf({ uid, mirror }: ApiPod, sandbox: Sandbox): boolean {
  return sandbox.uid === uid || (mirror !== undefined && sandbox.uid === mirror);
}

interface RunningPods {
  readonly pods: readonly { readonly sandbox: Sandbox; readonly containers: readonly Container[] }[];
  /** Containers that run in a pod that the runtime does not list. */
  readonly loose: readonly Container[];
}

/** Pods that are ready, or have a container that runs. */
export function runningPods(sandboxes: readonly Sandbox[], containers: readonly Container[]): RunningPods {
  const own = new Map<string, Container[]>(sandboxes.map(({ id }) => [id, []]));
  const loose: Container[] = [];
  for (const each of containers.filter(({ running }) => running)) (own.get(each.sandbox) ?? loose).push(each);
  const pods = sandboxes
    .map((sandbox) => ({ sandbox, containers: own.get(sandbox.id) ?? [] }))
    .filter(({ sandbox, containers: run }) => sandbox.ready || run.length > 0);
  return { pods, loose };
}

/** Whether a container runs the image that the API shows. undefined: the API, or the runtime, names no digest of it. */
function isShownImage(
  container: Container,
  pods: readonly ApiPod[],
  imageOf: (container: Container) => KnownImage,
): boolean | undefined {
  const told = pods.map((pod) => pod.containers.get(container.name)).filter((each) => each !== undefined);
  const { digests } = imageOf(container);
  if (told.some((each) => digests.has(each))) return true;
  return digests.size > 0 && told.length === pods.length ? false : undefined;
}
