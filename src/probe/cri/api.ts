/** The API server's list of the pods of one node. It is what the API says: it is compared with the runtime, never believed. */
import { refuse, type Refusal } from '../../bytes/refusal.ts';
import type { ApiServer } from '../kubernetes/api.ts';
import { CONTAINERS } from '../kubernetes/pods.ts';
import { STATUSES } from '../kubernetes/object.ts';
import { itemsAt, mapAt, mapsAt, partAt, textAt, type Tree } from '../tree.ts';
import { digestIn } from './images.ts';

/** A pod as the API shows it. */
export interface ApiPod {
  readonly uid: string;
  /** Of a pod that the kubelet made from a file: the uid under which the runtime knows it. */
  readonly mirror: string | undefined;
  readonly namespace: string;
  readonly name: string;
  /** Whether the API says that it runs, and that nobody deletes it. */
  readonly runs: boolean;
  /** Whether the API says that it ended: Succeeded or Failed. */
  readonly ended: boolean;
  /** Names of all its containers, and the digest of the image of each that the API says runs. */
  readonly containers: ReadonlyMap<string, string | undefined>;
}

const PAGE = 250;
const MAX_PAGES = 20;
/** How often a list that expired on the way is begun again. */
const MAX_RESTARTS = 2;
const WHAT = "the list of this node's pods";

/** Lists to the last page. Refuses `unavailable`, `too-large`. */
export async function podsOfNode(api: ApiServer, node: string): Promise<readonly ApiPod[]> {
  for (let restarts = 0; restarts <= MAX_RESTARTS; restarts++) {
    const pods = await listOnce(api, node);
    if (pods !== undefined) return pods;
  }
  throw api.refusal(410, WHAT);
}

/** Undefined if the list expired. */
async function listOnce(api: ApiServer, node: string): Promise<readonly ApiPod[] | undefined> {
  const pods: ApiPod[] = [];
  let next = '';
  for (let page = 0; page < MAX_PAGES; page++) {
    const query = new URLSearchParams({ fieldSelector: `spec.nodeName=${node}`, limit: String(PAGE) });
    if (next !== '') query.set('continue', next);
    const { status, body } = await api.ask({ path: `/api/v1/pods?${query.toString()}` });
    if (status === 410) return undefined;
    if (status !== 200) throw api.refusal(status, WHAT, '/api/v1/pods');
    const list = podsIn(body, node);
    pods.push(...list.pods);
    next = list.next;
    if (next === '') return pods;
  }
  throw refuse('too-large', `the API lists more than ${PAGE * MAX_PAGES} pods of this node`);
}

/** A PodList. Refuses `unavailable` for anything else; pods of other nodes are left out. `next`: empty on the last page. */
export function podsIn(
  list: Tree,
  node: string,
): { readonly pods: readonly ApiPod[]; readonly next: string } {
  if (textAt(list, 'kind') !== 'PodList') throw noList();
  const pods = itemsAt(list, 'items')
    .filter((pod) => textAt(pod, 'spec', 'nodeName') === node)
    .map(podOf);
  return { pods, next: textAt(list, 'metadata', 'continue') ?? '' };
}

function podOf(pod: Tree): ApiPod {
  const metadata = mapAt(pod, 'metadata');
  const [uid, namespace, name] = ['uid', 'namespace', 'name'].map((each) => textAt(metadata, each));
  if (uid === undefined || namespace === undefined || name === undefined) throw noList();
  const containers = new Map<string, string | undefined>();
  for (const list of CONTAINERS)
    for (const each of mapsAt(pod, 'spec', list)) containers.set(textAt(each, 'name') ?? '', undefined);
  for (const list of STATUSES)
    for (const each of mapsAt(pod, 'status', list)) {
      const named = textAt(each, 'name');
      const runs = partAt(each, 'state', 'running') !== undefined;
      if (named !== undefined && runs) containers.set(named, digestIn(textAt(each, 'imageID') ?? ''));
    }
  return {
    uid,
    mirror: textAt(metadata, 'annotations', 'kubernetes.io/config.mirror'),
    namespace,
    name,
    ended: ['Succeeded', 'Failed'].includes(textAt(pod, 'status', 'phase') ?? ''),
    runs: textAt(pod, 'status', 'phase') === 'Running' && partAt(metadata, 'deletionTimestamp') === undefined,
    containers,
  };
}

function noList(): Refusal {
  return refuse('unavailable', 'what the API answered is no list of pods');
}
