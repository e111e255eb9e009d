/**
 * What the roles and bindings that an API server shows grant, evaluated here (k8s.io/kubernetes v1.36, plugin/pkg/auth/
 * authorizer/rbac). Grants of single objects by name (`resourceNames`) are no grant of the kind.
 */
import type { LiveObject } from './object.ts';
import type { Review } from './settings.ts';
import { itemsAt, mapAt, mapsAt, partAt, textAt, textsAt, type Tree } from '../tree.ts';

const RBAC_GROUP = 'rbac.authorization.k8s.io/';

/** Groups that every API server gives a user: those of a service account, and whoever is authenticated. */
export function groupsOf(user: string): readonly string[] {
  const [, namespace] = /^system:serviceaccount:([a-z0-9.-]+):[a-z0-9.-]+$/.exec(user) ?? [];
  const own =
    namespace === undefined ? [] : ['system:serviceaccounts', `system:serviceaccounts:${namespace}`];
  return [...own, 'system:authenticated'];
}

/**
 * `allowed` by the rules that stand in roles; `pending`: only by rules that an aggregated ClusterRole selects and does not
 * have yet; `refused`: by nothing.
 */
export type Granted = 'allowed' | 'pending' | 'refused';

export function grantedBy(objects: ReadonlyMap<string, LiveObject>, review: Review): Granted {
  // A kind of that name in another group grants nothing.
  const all = [...objects.values()].filter(({ resource }) => resource.apiVersion.startsWith(RBAC_GROUP));
  const roles = new Map(all.map((each) => [`${each.resource.kind}/${each.namespace}/${each.name}`, each]));
  const clusterRoles = all.filter(({ resource }) => resource.kind === 'ClusterRole');
  let granted: Granted = 'refused';
  for (const binding of all) {
    const { kind } = binding.resource;
    const counts =
      kind === 'ClusterRoleBinding' ||
      (kind === 'RoleBinding' && review.namespace !== '' && binding.namespace === review.namespace);
    if (!counts || !mapsAt(binding.tree, 'subjects').some((each) => isSubject(each, review.user))) continue;
    const [ofKind, name] = [
      textAt(binding.tree, 'roleRef', 'kind') ?? '',
      textAt(binding.tree, 'roleRef', 'name') ?? '',
    ];
    const role = roles.get(`${ofKind}/${ofKind === 'Role' ? binding.namespace : ''}/${name}`);
    if (role === undefined) continue;
    if (allows(role, review)) return 'allowed';
    if (aggregated(role, clusterRoles).some((each) => allows(each, review))) granted = 'pending';
  }
  return granted;
}

function isSubject(subject: Tree, user: string): boolean {
  const [kind, name] = [textAt(subject, 'kind'), textAt(subject, 'name') ?? ''];
  if (kind === 'User') return name === user;
  if (kind === 'Group') return groupsOf(user).includes(name);
  const namespace = textAt(subject, 'namespace') ?? '';
  return kind === 'ServiceAccount' && user === `system:serviceaccount:${namespace}:${name}`;
}

function allows({ tree }: LiveObject, { verb, group, resource }: Review): boolean {
  return mapsAt(tree, 'rules').some(
    (rule) =>
      has(textsAt(rule, 'verbs'), verb) &&
      has(textsAt(rule, 'apiGroups'), group) &&
      hasResource(textsAt(rule, 'resources'), resource) &&
      itemsAt(rule, 'resourceNames').length === 0,
  );
}

function has(list: readonly string[], wanted: string): boolean {
  return list.includes('*') || list.includes(wanted);
}

// A star is all resources, and a star before a subresource is that part of all.
function hasResource(list: readonly string[], wanted: string): boolean {
  const part = wanted.includes('/') ? `*/${wanted.slice(wanted.indexOf('/') + 1)}` : wanted;
  return has(list, wanted) || list.includes(part);
}

/** The ClusterRoles that a ClusterRole takes its rules from, by their labels. */
function aggregated({ tree }: LiveObject, clusterRoles: readonly LiveObject[]): readonly LiveObject[] {
  const selectors = mapsAt(tree, 'aggregationRule', 'clusterRoleSelectors');
  return clusterRoles.filter((role) => {
    const labels = mapAt(role.tree, 'metadata', 'labels');
    return selectors.some((selector) => {
      const wanted = mapAt(selector, 'matchLabels');
      // Expressions are rare there; a selector that has some is taken to select nothing here, and the review decides.
      if (partAt(selector, 'matchExpressions') !== undefined || wanted === undefined) return false;
      return [...wanted].every(([name, value]) => labels?.get(name) === value);
    });
  });
}
