/** The description of the probe `cri@1`. */
import type { ProbeDescription } from '../description.ts';
import { absolutePath } from '../target-form.ts';
import type { Grant } from '../grant.ts';
import { shellWord } from '../../bytes/shellword.ts';
import { scalars, type Shape } from '../../claim/shape.ts';
import { CRI_PACKS } from './pack.ts';

const LIST: Shape = { list: 'any' };

const CRI_SHAPE: Shape = {
  members: {
    ...scalars('runtime', 'version', 'settled'),
    pods: { members: scalars('running', 'known', 'hidden', 'missing', 'once') },
    containers: {
      members: scalars('running', 'compared', 'same', 'differing', 'undeclared', 'unpinned', 'unresolved'),
    },
    hidden: LIST,
    missing: LIST,
    disagreeing: LIST,
    differing: LIST,
    undeclared: LIST,
    looked: { list: 'scalar' },
  },
};

export const SOCKET_GRANT: Grant = {
  lets: "open the runtime's socket; whoever may do that is root on the node",
  by: 'shell',
  statement: ({ who, target }) => `setfacl -m ${shellWord(`u:${who}:rw`)} ${shellWord(target)}`,
};

export const PODS_GRANT: Grant = {
  lets: "list pods, for the API's list of this node's",
  by: 'kubernetes',
  statement: ({ who }) =>
    'kubectl create clusterrole tallystick-pods --verb=get,list --resource=pods\n' +
    `kubectl create clusterrolebinding tallystick-pods --clusterrole=tallystick-pods --serviceaccount=${shellWord(who.replace('/', ':'))}`,
};

const CRI_GRANTS = [SOCKET_GRANT, PODS_GRANT];

export const CRI: ProbeDescription = {
  name: 'cri@1',
  summary: "what a node's container runtime runs, against the API's list of its pods and the declared images",
  target: absolutePath('the absolute path of a socket, such as /run/containerd/containerd.sock'),
  parameters: {
    pods: { type: 'boolean', help: "compare with the API's list of this node's pods", fallback: true },
    images: { type: 'boolean', help: 'compare images with the committed manifests', fallback: true },
    namespace: {
      type: 'text',
      help: 'namespace of committed objects that name none',
      fallback: 'default',
    },
    platforms: {
      type: 'texts',
      help: 'digests of an image for each platform, after the declared digest that stands for them: `sha256:… sha256:…`',
    },
    settle: {
      type: 'number',
      help: 'seconds after which what does not agree is looked at again, at most 60',
      fallback: 20,
    },
    api: { type: 'text', help: 'URL of the API server, https', by: 'owner' },
    node: { type: 'text', help: "this node's name in the API", by: 'owner' },
  },
  secrets: {
    token: { help: 'bearer token of a ServiceAccount that may list pods and nothing else', isSent: true },
    ca: { help: "PEM certificates of the API server's authority", isSent: false },
    kubeconfig: { help: 'a kubeconfig with a token or a client certificate, in place of both', isSent: true },
    salt: { help: 'the salt secret of `commit`, for the marks of pods', isSent: false },
  },
  observes: () => CRI_SHAPE,
  evidence:
    "E1: this agent read the runtime's socket and the API's list itself. Whoever is root on the node can change the first, the API server the second. An " +
    'agent that the API starts, or whose key it holds, is within reach of the API that it checks.',
  blastRadius:
    'four calls of the runtime, and two lists of the API of at most 20 pages, each begun again up to twice if it expires; all of it twice where they do not agree. ' +
    'Writes nothing. The socket itself lets its reader do anything on the node',
  timeoutMs: 240_000,
  grants: CRI_GRANTS,
  needs: ['fs-read'],
  packs: CRI_PACKS,
};
