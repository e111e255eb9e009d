/** The description of the probe `kubernetes@1`. */
import { scalars, type Shape } from '../../claim/shape.ts';
import type { Parameter } from '../../statement/commitment.ts';
import type { ParameterSpec, ProbeDescription } from '../description.ts';
import { isTaken } from '../target-form.ts';
import { addressOf, API_SERVER } from './address.ts';
import type { Grant } from '../grant.ts';
import { shellWord } from '../../bytes/shellword.ts';
import { KUBERNETES_PACKS } from './pack.ts';

/** What can be looked at. */
export const PARTS = ['objects', 'pods', 'images', 'rights'] as const;
export type Part = (typeof PARTS)[number];

const LIST: Shape = { list: 'any' };
const NAMES: Shape = { list: 'scalar' };

const ALWAYS: Readonly<Record<string, Shape>> = {
  ...scalars('version', 'cluster', 'servers', 'agree'),
  kinds: NAMES,
  namespaces: NAMES,
  conflicts: LIST,
};
const OBJECTS: Readonly<Record<string, Shape>> = {
  ...scalars('declared', 'whole', 'settled'),
  counts: { map: 'scalar' },
  differing: LIST,
  missing: NAMES,
  deleted: NAMES,
  undeclared: LIST,
  extra: LIST,
  unexplained: NAMES,
  ofCluster: NAMES,
  looked: NAMES,
};
const PODS: Shape = { members: { ...scalars('count', 'containers', 'some'), privileged: LIST } };
const IMAGES: Shape = {
  members: { ...scalars('pods', 'containers', 'resolved'), differing: LIST, unresolved: LIST },
};
const RIGHTS: Shape = {
  members: { ...scalars('asked', 'settled'), allowed: NAMES, unsettled: LIST, tried: { map: 'scalar' } },
};

function kubernetesShape(params: ReadonlyMap<string, Parameter>): Shape {
  const what = params.get('what');
  const has = (part: Part): boolean => (typeof what === 'object' ? what.includes(part) : part === 'objects');
  return {
    members: {
      ...ALWAYS,
      ...(has('objects') && OBJECTS),
      ...(has('pods') && { pods: PODS }),
      ...(has('images') && { images: IMAGES }),
      ...(has('rights') && { rights: RIGHTS }),
    },
  };
}

const PARAMETERS: Readonly<Record<string, ParameterSpec>> = {
  what: {
    type: 'texts',
    help: `what to look at: ${PARTS.join(', ')}`,
    fallback: ['objects'],
  },
  kinds: {
    type: 'texts',
    help: 'kinds to compare, apiVersion/Kind such as networking.k8s.io/v1/NetworkPolicy; by default those declared. Never Secrets',
  },
  namespaces: {
    type: 'texts',
    help: 'namespaces to look in; by default those of the declared objects',
  },
  namespace: {
    type: 'text',
    help: 'namespace of declared objects that name none; by default that of the release of a chart, else default',
  },
  cluster: {
    type: 'text',
    help: 'UID of the namespace kube-system of the only cluster that is meant',
  },
  closed: {
    type: 'boolean',
    help: 'also look for objects of these kinds that nobody declared',
    fallback: true,
  },
  settle: {
    type: 'number',
    help: 'seconds for which no declared object may have been written: o.kubernetes.settled tells it',
  },
  ignore: {
    type: 'texts',
    help: 'paths not to compare, with * and **: objects /v1/ConfigMap/shop/*, leaves of every object //spec/replicas',
  },
  platforms: {
    type: 'texts',
    help: 'digests of an image for each platform, after the declared digest that stands for them: `sha256:… sha256:…`',
  },
  rights: {
    type: 'texts',
    help: 'rights to check, `USER VERB RESOURCE[.GROUP] [in NAMESPACE]`, such as system:serviceaccount:shop:web get secrets in shop',
  },
  endpoints: {
    type: 'texts',
    help: 'further API servers of the same cluster, HOST:PORT, asked with the same credential',
    by: 'owner',
  },
  spki: {
    type: 'text',
    help: 'hex SHA-256 of the only public key to talk to, instead of a certificate',
    by: 'owner',
  },
};

const KUBERNETES_GRANTS: readonly Grant[] = [
  {
    lets: 'read the declared kinds where they are declared, and never Secrets (MANIFESTS: what was committed; --pods and --rights for claims about these)',
    by: 'kubernetes',
    statement: ({ who }) =>
      `tallystick agent profile --kubernetes MANIFESTS --account ${shellWord(who)} | kubectl apply -f -`,
  },
];

export const KUBERNETES: ProbeDescription = {
  name: 'kubernetes@1',
  summary: 'the objects that an API server shows, compared with the declared ones; pods, images and rights',
  target: { is: API_SERVER, fits: (target) => isTaken(() => addressOf(target)) },
  parameters: PARAMETERS,
  secrets: {
    token: { help: "the agent's own token, of a service account that may only read", isSent: true },
    ca: { help: 'PEM of the authorities that the API server must verify with', isSent: false },
    kubeconfig: { help: 'a kubeconfig with a token or a client certificate, in place of both', isSent: true },
    subject: { help: 'a token of the user whose rights are checked, to try them by reads', isSent: true },
    salt: { help: 'the salt secret of `commit`, for sensitive values', isSent: false },
  },
  observes: kubernetesShape,
  evidence:
    'E0: the API server says so, and whoever holds it can show anything. Several API servers that show one object differently contradict each other. ' +
    'E1: what a credential may read, where the owner gave one.',
  blastRadius:
    'GET of lists and objects of the named kinds, never of Secrets; reviews of rights, which make nothing; with the secret "subject" one GET of a random name for each right',
  timeoutMs: 120_000,
  grants: KUBERNETES_GRANTS,
  packs: KUBERNETES_PACKS,
};
