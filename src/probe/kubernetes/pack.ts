/** Ready claims of `kubernetes@1`. */
import type { Pack } from '../pack.ts';

const CHANGE = [{ framework: 'SOC2-2017', id: 'CC8.1' }];
const ACCESS = [
  { framework: 'SOC2-2017', id: 'CC6.3' },
  { framework: 'HIPAA-164.312', id: '(a)(1)' },
];
const BOUNDARY = [{ framework: 'SOC2-2017', id: 'CC6.6' }];

/** All that is declared is there as declared, and has nothing more. `extra` counts: a policy with one more rule is another. */
const AS_DECLARED =
  'size(o.kubernetes.differing) == 0 && size(o.kubernetes.missing) == 0 && size(o.kubernetes.deleted) == 0 && ' +
  'size(o.kubernetes.extra) == 0 && o.kubernetes.whole';
const CLOSED = 'size(o.kubernetes.undeclared) == 0 && o.kubernetes.whole';

export const KUBERNETES_PACKS: Readonly<Record<string, Pack>> = {
  'kubernetes-as-declared': {
    summary: 'an API server shows every declared object as declared, and no other of these kinds',
    needs: [],
    claims: [
      {
        id: 'kubernetes-as-declared',
        title: 'Every declared object is there, as declared',
        expr: AS_DECLARED,
        minEvidence: 'E0',
        severity: 'high',
        controls: CHANGE,
      },
      {
        id: 'kubernetes-closed',
        title: 'There is no object of these kinds that nobody declared',
        expr: CLOSED,
        minEvidence: 'E0',
        severity: 'medium',
        controls: CHANGE,
      },
    ],
  },
  'network-policies-as-declared': {
    summary: 'an API server shows the declared NetworkPolicies, and no other; not whether they are enforced',
    needs: [],
    defaults: { kinds: ['networking.k8s.io/v1/NetworkPolicy'] },
    claims: [
      {
        id: 'network-policies-as-declared',
        title: 'Every declared NetworkPolicy is there, as declared',
        expr: AS_DECLARED,
        minEvidence: 'E0',
        severity: 'high',
        controls: BOUNDARY,
      },
      {
        id: 'network-policies-closed',
        title: 'There is no NetworkPolicy that nobody declared',
        expr: CLOSED,
        minEvidence: 'E0',
        severity: 'high',
        controls: BOUNDARY,
      },
    ],
  },
  'network-policies-settled': {
    summary:
      'an API server shows the declared NetworkPolicies, no other, and none written lately: what network-policy-denied is against',
    needs: [],
    defaults: { kinds: ['networking.k8s.io/v1/NetworkPolicy'], settle: 3_600 },
    claims: [
      {
        id: 'network-policies-settled',
        title:
          'The declared NetworkPolicies are there, as declared, no other, and none was written in the last seconds (settle)',
        expr: `${AS_DECLARED} && size(o.kubernetes.undeclared) == 0 && o.kubernetes.settled`,
        minEvidence: 'E0',
        severity: 'high',
        controls: BOUNDARY,
      },
    ],
  },
  'rbac-as-declared': {
    summary: 'an API server shows the declared roles and bindings, and no other',
    needs: [],
    defaults: {
      kinds: ['Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding'].map(
        (kind) => `rbac.authorization.k8s.io/v1/${kind}`,
      ),
    },
    claims: [
      {
        id: 'rbac-as-declared',
        title: 'Every declared role and binding is there, as declared',
        expr: AS_DECLARED,
        minEvidence: 'E0',
        severity: 'critical',
        controls: ACCESS,
      },
      {
        id: 'rbac-closed',
        title: 'There is no role or binding that nobody declared',
        expr: CLOSED,
        minEvidence: 'E0',
        severity: 'critical',
        controls: ACCESS,
      },
    ],
  },
  'no-privileged-pods': {
    summary: 'no pod of some namespaces has more than the baseline of the Pod Security Standards',
    needs: ['namespaces'],
    defaults: { what: ['pods'] },
    claims: [
      {
        id: 'no-privileged-pods',
        title: 'There are pods, and none has what the baseline forbids',
        expr: 'size(o.kubernetes.pods.privileged) == 0 && o.kubernetes.pods.some',
        minEvidence: 'E0',
        severity: 'critical',
        controls: ACCESS,
      },
    ],
  },
  'images-as-declared': {
    summary: 'every container of declared workloads is of the declared image, and runs its digest',
    needs: ['namespaces'],
    defaults: { what: ['images'] },
    claims: [
      {
        id: 'images-as-declared',
        title: 'Every container has the declared image, and its node says that it runs that digest',
        expr: 'size(o.kubernetes.images.differing) == 0 && o.kubernetes.images.resolved',
        minEvidence: 'E0',
        severity: 'critical',
        controls: CHANGE,
      },
    ],
  },
  'rights-as-declared': {
    summary: 'users may not do what the claim names, by review and by the roles that the API server shows',
    needs: ['rights'],
    defaults: { what: ['rights'] },
    claims: [
      {
        id: 'rights-refused',
        title: 'None of the named rights is granted',
        expr: 'size(o.kubernetes.rights.allowed) == 0 && o.kubernetes.rights.settled',
        minEvidence: 'E0',
        severity: 'critical',
        controls: ACCESS,
      },
    ],
  },
};
