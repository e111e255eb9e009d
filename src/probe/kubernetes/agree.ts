/**
 * Compares what API servers of one cluster show. A revision of an object is the same everywhere, so two servers of one version
 * that show one uid at one resource version differently contradict each other, and so do a list and a GET. Each difference is
 * asked for a second time. One that was seen once may be a change under way: nothing is known then.
 */
import { liveObject, printOf, type LiveObject } from './object.ts';
import { collectionPath, objectUrl } from './server.ts';
import { textAt } from '../tree.ts';
import { shownPath } from './shown.ts';
import { newestOf, type View } from './view.ts';
import type { ApiServer } from './api.ts';
import type { Placed } from './world.ts';

export interface Disagreement {
  /** Path, as it may leave the agent. */
  readonly path: string;
  /** What is shown in two ways, in words. */
  readonly what: string;
  /** Whether it was seen twice at one revision. */
  readonly isConfirmed: boolean;
}

/** Most differences that are asked for again. */
const MAX_AGAIN = 20;

/** Objects that another server of the same version shows differently, or not. */
export async function disagreements(one: View, other: View): Promise<readonly Disagreement[]> {
  const found: Disagreement[] = [];
  const suspects = [...new Set([...one.objects.keys(), ...other.objects.keys()])].filter(
    (path) => !isShownAlike(one.objects.get(path), other.objects.get(path)),
  );
  for (const path of suspects.slice(0, MAX_AGAIN)) {
    const [here, there] = [one.objects.get(path), other.objects.get(path)];
    const first =
      here !== undefined && there !== undefined
        ? await differs(one.api, other.api, here, there)
        : here !== undefined
          ? await lacks(one.api, other, here)
          : there !== undefined && (await lacks(other.api, one, there));
    if (first !== undefined && first !== false) found.push({ path: shownPath(path), ...first });
  }
  if (suspects.length > MAX_AGAIN)
    found.push({
      path: '',
      what: `${suspects.length - MAX_AGAIN} more objects are shown differently`,
      isConfirmed: false,
    });
  return found;
}

function isShownAlike(here: LiveObject | undefined, there: LiveObject | undefined): boolean {
  return here !== undefined && there !== undefined && printOf(here) === printOf(there);
}

type Found = Pick<Disagreement, 'what' | 'isConfirmed'>;

/** Two servers show an object with different contents. undefined: it changed meanwhile, and they agree now. */
async function differs(
  one: ApiServer,
  other: ApiServer,
  here: LiveObject,
  there: LiveObject,
): Promise<Found | undefined> {
  const what = `${one.name} and ${other.name} show it differently at one revision`;
  const wasSame = isSameRevision(here, there);
  const [again, againThere] = [await get(one, here), await get(other, there)];
  // Who refuses the second question cannot take back what was seen.
  if (again === undefined || againThere === undefined) return { what, isConfirmed: false };
  const isSame = isSameRevision(again, againThere);
  if (isSame && !isShownAlike(again, againThere)) return { what, isConfirmed: wasSame };
  // They agree now, or cannot be compared now. If they disagreed about one revision before, that was seen once.
  if (wasSame) return { what, isConfirmed: false };
  const [behind, ahead] = again.resourceVersion < againThere.resourceVersion ? [one, other] : [other, one];
  const newest = again.resourceVersion < againThere.resourceVersion ? againThere : again;
  const late = await get(behind, newest);
  if (isSame || (late !== undefined && late.resourceVersion >= newest.resourceVersion)) return undefined;
  return { what: `${behind.name} shows it as it was before ${ahead.name} showed it`, isConfirmed: false };
}

/** A server shows an object, and the lists of another lack it. */
async function lacks(has: ApiServer, without: View, object: LiveObject): Promise<Found> {
  const what = `${has.name} shows it, and ${without.api.name} does not`;
  // The server without it shows a state from before the object's last change: it is behind, and view.ts says so.
  if (newestOf(without) < object.resourceVersion) return { what, isConfirmed: false };
  const before = await get(has, object);
  const missing = await without.api.ask({ path: urlOf(object) });
  const after = await get(has, object);
  // It was there at one revision before and after the other server said that it is not.
  const stood =
    before !== undefined &&
    after !== undefined &&
    isSameRevision(before, after) &&
    isSameRevision(before, object);
  if (missing.status === 404 && stood) return { what, isConfirmed: true };
  if (missing.status === 200 && stood && (await isHidden(without, object)))
    return {
      what: `${without.api.name} shows it when asked for it, and its list lacks it`,
      isConfirmed: true,
    };
  // It was made or deleted meanwhile, or one of the two gives no second answer: the lists differed, and nobody can tell why.
  return { what, isConfirmed: false };
}

/** Declared objects that the lists of a server lack, though the server shows them when it is asked for them. */
export async function hiddenInLists(
  view: View,
  deleted: readonly Placed[],
): Promise<readonly Disagreement[]> {
  const found: Disagreement[] = [];
  for (const { resource, namespace, wanted, path } of deleted.slice(0, MAX_AGAIN)) {
    const { status, body } = await view.api.ask({ path: objectUrl(resource, namespace, wanted.name) });
    if (status !== 200) continue;
    found.push({
      path: shownPath(path),
      what: `${view.api.name} shows it when asked for it, and its list lacks it`,
      isConfirmed: await isHidden(view, liveObject(body, resource, namespace)),
    });
  }
  return found;
}

/**
 * Whether two lists of a server lack an object that it shows, though they are not older than the object's last change: what is
 * there unchanged since then was there at the state of the lists. The second list is read now.
 */
async function isHidden(view: View, object: LiveObject): Promise<boolean> {
  const { resource, namespace, resourceVersion } = object;
  const listed = view.lists.find(
    (each) =>
      each.resource.apiVersion === resource.apiVersion &&
      each.resource.plural === resource.plural &&
      each.namespace === namespace,
  );
  if (listed === undefined || listed.resourceVersion < resourceVersion) return false;
  const again = await view.again(resource, namespace);
  const now = await get(view.api, object);
  return (
    now !== undefined &&
    isSameRevision(now, object) &&
    again.resourceVersion >= resourceVersion &&
    !again.objects.some(({ path }) => path === object.path)
  );
}

function isSameRevision(one: LiveObject, other: LiveObject): boolean {
  return (
    one.uid === other.uid &&
    one.resourceVersion === other.resourceVersion &&
    one.resource.apiVersion === other.resource.apiVersion
  );
}

async function get(api: ApiServer, object: LiveObject): Promise<LiveObject | undefined> {
  const { status, body } = await api.ask({ path: urlOf(object) });
  return status === 200 ? liveObject(body, object.resource, object.namespace) : undefined;
}

function urlOf({ resource, namespace, name }: LiveObject): string {
  return objectUrl(resource, namespace, name);
}

/**
 * Why a server shows the past: asked after others have shown a newer state, it still shows an older one of the first kind.
 * undefined: it does not.
 */
export async function behindReason(view: View, newest: bigint): Promise<string | undefined> {
  const [first] = view.lists;
  if (first === undefined || first.resourceVersion >= newest) return undefined;
  const path = `${collectionPath(first.resource, first.namespace)}?limit=1`;
  const version = textAt(await view.api.read(path, 'a list'), 'metadata', 'resourceVersion') ?? '';
  if (/^[0-9]{1,20}$/.test(version) && BigInt(version) >= newest) return undefined;
  return `${view.api.name} shows an older state than another API server showed before`;
}
