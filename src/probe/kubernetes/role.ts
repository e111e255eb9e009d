/**
 * The Role that an agent needs for `kubernetes@1`: get, list and watch on the declared kinds where they are declared, and
 * nothing else. Never Secrets, no write, no impersonation. Of the namespace kube-system it may read the UID.
 */
import { stringify } from 'yaml';
import { printable } from '../../bytes/printable.ts';
import { refuse } from '../../bytes/refusal.ts';
import { manifestObjects } from '../../declare/sources/kubernetes/kubernetes.ts';
import { isHook } from '../../declare/sources/kubernetes/steps.ts';
import { isPlural, parseKind } from './server.ts';
import { textAt, type TreeMap } from '../tree.ts';

/** What is declared, or looked at: a kind, and where; an empty namespace is that of a kind in none. */
interface Reach {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
}

export interface RoleOptions {
  /** The service account of the agent, and its namespace. */
  readonly account: string;
  readonly accountNamespace: string;
  /** Where objects are that name no namespace. Default: `default`. */
  readonly namespace?: string | undefined;
  /** Whether it looks at pods and images, and so reads pods and what makes them. */
  readonly pods: boolean;
  /** Whether it asks for reviews of other users' rights, and reads all roles. */
  readonly rights: boolean;
}

/** Kinds in no namespace, of Kubernetes 1.36. Of other groups, a kind is taken to be in namespaces. */
const CLUSTER_WIDE: ReadonlySet<string> = new Set([
  'v1/Namespace',
  'v1/Node',
  'v1/PersistentVolume',
  'rbac.authorization.k8s.io/v1/ClusterRole',
  'rbac.authorization.k8s.io/v1/ClusterRoleBinding',
  'apiextensions.k8s.io/v1/CustomResourceDefinition',
  'apiregistration.k8s.io/v1/APIService',
  'storage.k8s.io/v1/StorageClass',
  'storage.k8s.io/v1/CSIDriver',
  'scheduling.k8s.io/v1/PriorityClass',
  'node.k8s.io/v1/RuntimeClass',
  'networking.k8s.io/v1/IngressClass',
  'admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration',
  'admissionregistration.k8s.io/v1/MutatingWebhookConfiguration',
  'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy',
  'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicyBinding',
]);

const READS = ['get', 'list', 'watch'];

function reachesOf(objects: readonly TreeMap[], { pods }: RoleOptions): readonly Reach[] {
  const declared = objects
    .map((object) => ({
      apiVersion: textAt(object, 'apiVersion') ?? '',
      kind: textAt(object, 'kind') ?? '',
      namespace: textAt(object, 'metadata', 'namespace') ?? '',
    }))
    .filter(({ apiVersion, kind }) => apiVersion !== 'v1' || kind !== 'Secret');
  if (!pods) return declared;
  return declared.flatMap((each) =>
    // What has no namespace has no pods in one.
    isWide(each)
      ? [each]
      : [
          each,
          { apiVersion: 'v1', kind: 'Pod', namespace: each.namespace },
          { apiVersion: 'apps/v1', kind: 'ReplicaSet', namespace: each.namespace },
          { apiVersion: 'batch/v1', kind: 'Job', namespace: each.namespace },
        ],
  );
}

/** What definitions of kinds among the manifests say: names in paths, by group and kind. */
function pluralsIn(objects: readonly TreeMap[]): ReadonlyMap<string, string> {
  const definitions = objects.filter((each) => textAt(each, 'kind') === 'CustomResourceDefinition');
  return new Map(
    definitions.flatMap((each): [string, string][] => {
      const [kind, plural] = [textAt(each, 'spec', 'names', 'kind'), textAt(each, 'spec', 'names', 'plural')];
      const key = `${textAt(each, 'spec', 'group') ?? ''}/${kind ?? ''}`;
      return plural === undefined ? [] : [[key, plural]];
    }),
  );
}

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

/** Roles and bindings as manifests, one YAML document after another. Refuses `usage` if nothing is left to read. */
export function roleManifests(texts: readonly string[], options: RoleOptions): string {
  // Hooks of a chart let no kind be listed.
  const objects = manifestObjects(texts).filter((object) => options.pods || !isHook(object));
  const plurals = pluralsIn(objects);
  const readable = reachesOf(objects, options);
  if (readable.length === 0)
    throw refuse('usage', 'there is nothing here that an agent may read: Secrets are never listed');
  const wide = [
    { apiGroups: [''], resources: ['namespaces'], verbs: ['get'], resourceNames: ['kube-system'] },
    ...rulesOf(readable.filter(isWide), plurals),
    ...(options.rights ? REVIEWING : []),
  ];
  const byNamespace = Map.groupBy(
    readable.filter((each) => !isWide(each)),
    ({ namespace }) => namespace || (options.namespace ?? 'default'),
  );
  const all = [
    ...granted('', wide, options),
    ...[...byNamespace]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([namespace, inside]) => granted(namespace, rulesOf(inside, plurals), options)),
  ];
  return all.map((each) => stringify(each, { aliasDuplicateObjects: false })).join('---\n');
}

function isWide({ apiVersion, kind }: Reach): boolean {
  return CLUSTER_WIDE.has(`${apiVersion}/${kind}`);
}

/** What checking rights needs: all roles, and reviews, which make nothing. */
const REVIEWING: readonly Rule[] = [
  {
    apiGroups: ['rbac.authorization.k8s.io'],
    resources: ['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings'],
    verbs: READS,
  },
  { apiGroups: ['authorization.k8s.io'], resources: ['subjectaccessreviews'], verbs: ['create'] },
];

/** A role with its binding; for the whole cluster where the namespace is empty. */
function granted(
  namespace: string,
  rules: readonly Rule[],
  { account, accountNamespace }: RoleOptions,
): readonly object[] {
  const name = `tallystick-${account}`;
  const [role, binding] = namespace === '' ? ['ClusterRole', 'ClusterRoleBinding'] : ['Role', 'RoleBinding'];
  const metadata = { name, ...(namespace !== '' && { namespace }) };
  const subjects = [{ kind: 'ServiceAccount', name: account, namespace: accountNamespace }];
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: role, name };
  return [
    { ...RBAC, kind: role, metadata, rules },
    { ...RBAC, kind: binding, metadata, roleRef, subjects },
  ];
}

const RBAC = { apiVersion: 'rbac.authorization.k8s.io/v1' };

/**
 * Refuses `usage` for a name that would reach further than a declared kind: a star is every group or resource, a slash a part
 * such as pods/exec, and Secrets have one name in paths however a manifest spells the kind.
 */
function assertReadable({ apiVersion, kind }: Reach, group: string, resource: string): void {
  const isKind = parseKind(`${apiVersion}/${kind}`) !== undefined && isPlural(resource);
  if (isKind && (group !== '' || resource !== 'secrets')) return;
  throw refuse(
    'usage',
    `an agent may not read ${printable(apiVersion, 100)} ${printable(kind, 100)}: it is no kind of an API server, or it is read as Secrets`,
  );
}

/** One rule for each API group, with the plurals of its kinds. */
function rulesOf(reaches: readonly Reach[], plurals: ReadonlyMap<string, string>): readonly Rule[] {
  const groups = new Map<string, Set<string>>();
  for (const each of reaches) {
    const { apiVersion, kind } = each;
    const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
    const resources = groups.get(group) ?? new Set();
    const resource = plurals.get(`${group}/${kind}`) ?? pluralOf(kind);
    assertReadable(each, group, resource);
    resources.add(resource);
    groups.set(group, resources);
  }
  return [...groups]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([group, resources]) => ({
      apiGroups: [group],
      resources: [...resources].toSorted(),
      verbs: READS,
    }));
}

/** The name that a kind has in paths by custom. A definition of the kind among the manifests says it for certain. */
function pluralOf(kind: string): string {
  const name = kind.toLowerCase();
  if (name === 'endpoints') return name;
  if (/(?:s|x|ch|sh)$/.test(name)) return `${name}es`;
  return name.endsWith('y') && !/[aeiou]y$/.test(name) ? `${name.slice(0, -1)}ies` : `${name}s`;
}
