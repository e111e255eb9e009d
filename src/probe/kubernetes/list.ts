/**
 * Lists every object of a kind, to the last page. All pages must be of one state of the store, and as many objects must come
 * as the server said were left. A list that expires on the way (410) is begun again.
 */
import { refuse } from '../../bytes/refusal.ts';
import type { ApiServer } from './api.ts';
import { liveObject, type LiveObject } from './object.ts';
import { collectionPath, type Resource } from './server.ts';
import { itemsAt, numberAt, textAt, type Tree } from '../tree.ts';

/** Objects of a page; most pages of a list; how often a list is begun again. */
const PAGE = 250;
const MAX_PAGES = 200;
const MAX_RESTARTS = 2;

export interface Listed {
  readonly resource: Resource;
  /** Empty for a kind that is in no namespace. */
  readonly namespace: string;
  readonly objects: readonly LiveObject[];
  /** The state of the store that the list is of. */
  readonly resourceVersion: bigint;
  readonly pages: number;
  /** Why objects may be missing; undefined if none can be, as far as the server's own numbers tell. */
  readonly fault: string | undefined;
}

/** Refuses `unavailable`, `too-large`. */
export async function listAll(api: ApiServer, resource: Resource, namespace: string): Promise<Listed> {
  for (let restarts = 0; restarts <= MAX_RESTARTS; restarts++) {
    const listed = await listOnce(api, resource, namespace);
    if (listed !== undefined) return listed;
  }
  throw api.refusal(410, whatOf(resource, namespace));
}

interface Page {
  readonly items: readonly Tree[];
  readonly resourceVersion: string;
  readonly left: number | undefined;
}

/** undefined if the list expired. */
async function listOnce(api: ApiServer, resource: Resource, namespace: string): Promise<Listed | undefined> {
  const what = whatOf(resource, namespace);
  const pages: Page[] = [];
  const tokens = new Set<string>();
  for (let token = ''; pages.length === 0 || token !== '';) {
    const query = new URLSearchParams({ limit: String(PAGE), ...(token !== '' && { continue: token }) });
    const path = collectionPath(resource, namespace);
    const { status, body } = await api.ask({ path: `${path}?${query.toString()}` });
    if (status === 410) return undefined;
    if (status !== 200) throw api.refusal(status, what, path);
    pages.push({
      items: itemsAt(body, 'items'),
      resourceVersion: textAt(body, 'metadata', 'resourceVersion') ?? '',
      left: numberAt(body, 'metadata', 'remainingItemCount'),
    });
    token = textAt(body, 'metadata', 'continue') ?? '';
    if (tokens.has(token))
      throw refuse(
        'unavailable',
        `${api.name} gives one page of ${what} for the next again and again: the list has no end`,
      );
    if (pages.length > MAX_PAGES)
      throw refuse(
        'too-large',
        `${what} of ${api.name} have more than ${MAX_PAGES} pages; name fewer kinds or namespaces in the claim`,
      );
    tokens.add(token);
  }
  return joined(pages, resource, namespace);
}

function joined(pages: readonly Page[], resource: Resource, namespace: string): Listed {
  const objects = pages.flatMap(({ items }) => items).map((item) => liveObject(item, resource, namespace));
  const [first] = pages;
  const version = first?.resourceVersion ?? '';
  if (!/^[0-9]{1,20}$/.test(version))
    throw refuse('unavailable', `${whatOf(resource, namespace)} come without a resource version`);
  return {
    resource,
    namespace,
    objects,
    resourceVersion: BigInt(version),
    pages: pages.length,
    fault: faultOf(pages, objects),
  };
}

/** Why a list may not be whole, by the server's own numbers. */
function faultOf(pages: readonly Page[], objects: readonly LiveObject[]): string | undefined {
  const [first] = pages;
  if (pages.some(({ resourceVersion }) => resourceVersion !== first?.resourceVersion))
    return 'its pages are of different states of the store';
  if (new Set(objects.map(({ path }) => path)).size !== objects.length) return 'it has an object twice';
  let after = objects.length;
  for (const { items, left } of pages) {
    after -= items.length;
    // Servers leave the number out where they do not know it.
    if (left !== undefined && left !== after)
      return `the server said that ${left} objects would follow a page, and ${after} came`;
  }
  const { resourceVersion: state = '' } = first ?? {};
  if (objects.some((each) => each.resourceVersion > BigInt(state)))
    return 'it has objects that are newer than it says that it is';
  return undefined;
}

function whatOf({ kind }: Resource, namespace: string): string {
  return namespace === '' ? `the objects of ${kind}` : `the objects of ${kind} in ${namespace}`;
}
