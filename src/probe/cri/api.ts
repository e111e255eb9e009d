/** The API server's list of the pods of one node. It is what the API says: it is compared with the runtime, never believed. */
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { isIP } from 'node:net';
import { Refusal, refuse } from '../../bytes/refusal.ts';
import { decodeUtf8 } from '../../bytes/text.ts';
import { errorCode } from '../harmless.ts';
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
  /** Names of all its containers, and the digest of the image of each that the API says runs. */
  readonly containers: ReadonlyMap<string, string | undefined>;
}

export interface ApiServer {
  readonly url: URL;
  readonly node: string;
  readonly token: string;
  /** Authorities in PEM; undefined for those that Node knows. */
  readonly ca: string | undefined;
  readonly signal: AbortSignal;
}

export interface ApiPods {
  readonly pods: readonly ApiPod[];
  readonly bytes: number;
}

const PAGE = 250;
const MAX_PAGES = 20;
const MAX_BYTES = 16 * 1024 ** 2;
const REQUEST_MS = 15_000;

/** Lists to the last page. Refuses `unavailable`, `too-large`. */
export async function podsOfNode(server: ApiServer): Promise<ApiPods> {
  const pods: ApiPod[] = [];
  let bytes = 0;
  let next: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const { text, length } = await get(server, pathOf(server, next));
    bytes += length;
    const list = parsePods(text, server.node);
    pods.push(...list.pods);
    if (list.next === undefined) return { pods, bytes };
    next = list.next;
  }
  throw refuse('too-large', `the API lists more than ${PAGE * MAX_PAGES} pods of this node`);
}

function pathOf({ url, node }: ApiServer, next: string | undefined): string {
  const query = new URLSearchParams({ fieldSelector: `spec.nodeName=${node}`, limit: String(PAGE) });
  if (next !== undefined) query.set('continue', next);
  return `${url.pathname.replace(/\/$/, '')}/api/v1/pods?${query.toString()}`;
}

interface Body {
  readonly text: string;
  readonly length: number;
}

/** One GET. No redirect is followed, no proxy is used, and the token goes to a server that verified. */
async function get(server: ApiServer, path: string): Promise<Body> {
  const limit = AbortSignal.timeout(REQUEST_MS);
  try {
    return await ask(server, path, AbortSignal.any([server.signal, limit]));
  } catch (error) {
    server.signal.throwIfAborted();
    if (error instanceof Refusal && error.code !== 'malformed-text') throw error;
    throw refuse(
      'unavailable',
      limit.aborted
        ? `the API did not answer the list of pods in ${REQUEST_MS} ms`
        : `the API's list of pods cannot be read: ${errorCode(error)}`,
    );
  }
}

function ask({ url, token, ca }: ApiServer, path: string, signal: AbortSignal): Promise<Body> {
  const host = url.hostname.replaceAll(/^\[|\]$/g, '');
  return new Promise<Body>((resolve, reject) => {
    const asked = request({
      host,
      port: url.port === '' ? 443 : Number(url.port),
      path,
      agent: false,
      ...(ca !== undefined && { ca }),
      ...(isIP(host) === 0 && { servername: host }),
      signal,
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'application/json',
        'user-agent': 'tallystick-probe/1',
      },
    });
    asked.on('error', reject);
    asked.on('response', (response) => {
      collect(response).then(resolve, reject);
    });
    asked.end();
  });
}

async function collect(response: IncomingMessage): Promise<Body> {
  if (response.statusCode !== 200) {
    response.destroy();
    throw refuse('unavailable', `the API answers the list of pods with HTTP ${response.statusCode}`);
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response) {
    if (!(chunk instanceof Uint8Array)) continue;
    length += chunk.length;
    if (length > MAX_BYTES)
      throw refuse('too-large', `a page of the API's list has more than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return { text: decodeUtf8(new Uint8Array(Buffer.concat(chunks))), length };
}

/** A PodList. Refuses `unavailable` for anything else; pods of other nodes are left out. */
export function parsePods(
  text: string,
  node: string,
): { readonly pods: readonly ApiPod[]; readonly next: string | undefined } {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    throw noList();
  }
  const items = at(list, 'items');
  if (at(list, 'kind') !== 'PodList' || !Array.isArray(items)) throw noList();
  const next = textAt(at(list, 'metadata'), 'continue');
  return {
    pods: items.filter((pod: unknown) => at(at(pod, 'spec'), 'nodeName') === node).map(podOf),
    next: next === '' ? undefined : next,
  };
}

function podOf(pod: unknown): ApiPod {
  const [metadata, spec, status] = ['metadata', 'spec', 'status'].map((name) => at(pod, name));
  const [uid, namespace, name] = ['uid', 'namespace', 'name'].map((each) => textAt(metadata, each));
  if (uid === undefined || namespace === undefined || name === undefined) throw noList();
  const containers = new Map<string, string | undefined>();
  for (const list of ['initContainers', 'containers', 'ephemeralContainers'])
    for (const each of listAt(spec, list)) {
      const named = textAt(each, 'name');
      if (named !== undefined) containers.set(named, undefined);
    }
  for (const list of ['initContainerStatuses', 'containerStatuses', 'ephemeralContainerStatuses'])
    for (const each of listAt(status, list)) {
      const named = textAt(each, 'name');
      const runs = at(at(each, 'state'), 'running') !== undefined;
      if (named !== undefined && runs) containers.set(named, digestIn(textAt(each, 'imageID') ?? ''));
    }
  return {
    uid,
    mirror: textAt(at(metadata, 'annotations'), 'kubernetes.io/config.mirror'),
    namespace,
    name,
    runs: textAt(status, 'phase') === 'Running' && at(metadata, 'deletionTimestamp') === undefined,
    containers,
  };
}

function at(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}

function textAt(value: unknown, name: string): string | undefined {
  const found = at(value, name);
  return typeof found === 'string' ? found : undefined;
}

function listAt(value: unknown, name: string): readonly unknown[] {
  const found = at(value, name);
  return Array.isArray(found) ? found : [];
}

function noList(): Refusal {
  return refuse('unavailable', 'what the API answered is no list of pods');
}
