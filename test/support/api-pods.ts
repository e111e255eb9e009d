/** An API server that tests serve: the list of pods of one node over TLS, in pages, honest or lying. */
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { makeCertificate, SERVER_AUTH } from './certificates.ts';

export interface ShownPod {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly node?: string;
  readonly phase?: string;
  readonly deleted?: boolean;
  /** The runtime's uid, in the mirror of a pod that the kubelet made from a file. */
  readonly mirror?: string;
  /** Name → imageID of a container that runs; undefined: it waits. */
  readonly containers?: Readonly<Record<string, string | undefined>>;
}

export const NODE_NAME = 'node-1';
const TOKEN = 'token-of-the-node';

function podOf(pod: ShownPod): object {
  const { uid, namespace, name, node = NODE_NAME, phase = 'Running', deleted, mirror, containers = {} } = pod;
  return {
    metadata: {
      uid,
      namespace,
      name,
      ...(deleted === true && { deletionTimestamp: '2026-11-30T12:00:00Z' }),
      ...(mirror !== undefined && { annotations: { 'kubernetes.io/config.mirror': mirror } }),
    },
    spec: { nodeName: node, containers: Object.keys(containers).map((each) => ({ name: each })) },
    status: {
      phase,
      containerStatuses: Object.entries(containers).map(([each, imageID]) =>
        imageID === undefined
          ? { name: each, state: { waiting: {} } }
          : { name: each, imageID, state: { running: {} } },
      ),
    },
  };
}

export interface ServedApi {
  readonly url: string;
  readonly ca: string;
  readonly token: string;
  /** Paths that were asked for. */
  readonly asked: string[];
  close(): Promise<void>;
}

/**
 * `podsOf`: the pods at the number of the list, counted from 0; pages have two. `instead`: another answer to the number of
 * the request.
 */
export async function serveApi(
  podsOf: (list: number) => readonly ShownPod[],
  instead: (request: number) => { readonly status: number; readonly body: string } | undefined = () =>
    undefined,
): Promise<ServedApi> {
  const made = await makeCertificate({
    name: 'api',
    hosts: ['127.0.0.1'],
    ca: true,
    purposes: [SERVER_AUTH],
  });
  const asked: string[] = [];
  let lists = 0;
  const page = (token: string | null): string => {
    if (token === null) lists += 1;
    const from = Number(token ?? 0);
    const pods = podsOf(lists - 1);
    const next = from + 2 < pods.length ? String(from + 2) : '';
    const items = pods.slice(from, from + 2).map(podOf);
    return JSON.stringify({ kind: 'PodList', metadata: { continue: next }, items });
  };
  const server = createServer({ cert: made.certPem, key: made.keyPem }, (request, response) => {
    const url = new URL(request.url ?? '', 'https://api');
    const other = instead(asked.length);
    asked.push(`${request.method ?? ''} ${url.pathname}`);
    const end = (status: number, body = ''): void => void response.writeHead(status).end(body);
    if (request.headers.authorization !== `Bearer ${TOKEN}`) end(401);
    else if (other !== undefined) end(other.status, other.body);
    else if (url.searchParams.get('fieldSelector') !== `spec.nodeName=${NODE_NAME}`) end(400);
    else end(200, page(url.searchParams.get('continue')));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://127.0.0.1:${port}`,
    ca: made.certPem,
    token: TOKEN,
    asked,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
