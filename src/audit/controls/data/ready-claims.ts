/** Groups of the ready claims that items of several frameworks name. */
import { ready } from '../framework.ts';

/** What travels over networks is encrypted with methods that are not broken. */
export const TRANSMISSION = [
  ...ready('tls@1', 'tls13-accepted', 'tls12-refused', 'old-tls-refused', 'certificate-lasts'),
  ...ready('ssh@1', 'ssh-host-key', 'ssh-ciphers', 'ssh-macs', 'ssh-kex', 'ssh-signatures'),
  ...ready(
    'postgres@1',
    'postgres-tls-on',
    'postgres-old-tls-refused',
    'postgres-plaintext-refused',
    'postgres-hba-tls',
  ),
];

/** Whoever comes in has to show who they are. */
export const AUTHENTICATION = [
  ...ready('ssh@1', 'ssh-no-passwords'),
  ...ready('http@1', 'auth-required'),
  ...ready('postgres@1', 'postgres-hba-proof', 'postgres-passwords'),
];

/** Nobody may do more than was granted. */
export const LEAST_PRIVILEGE = [
  ...ready('postgres@1', 'role-writes-refused', 'role-grants'),
  ...ready('iam@1', 'iam-least-privilege', 'iam-no-writes', 'iam-all-judged', 'iam-grants-unused'),
  ...ready('kubernetes@1', 'rbac-as-declared', 'rbac-closed', 'rights-refused', 'no-privileged-pods'),
];

/** What runs is what was declared, and nothing else. */
export const DECLARED_STATE = [
  ...ready('files@1', 'files-unchanged', 'files-closed', 'files-inside'),
  ...ready('postgres@1', 'postgres-unaltered'),
  ...ready('terraform@1', 'terraform-as-planned', 'terraform-closed'),
  ...ready('kubernetes@1', 'kubernetes-as-declared', 'kubernetes-closed', 'images-as-declared'),
];

/** Files are the ones that were declared. */
export const FILE_INTEGRITY = ready('files@1', 'files-unchanged', 'files-closed', 'files-inside');

/** Logs of somebody else are whole and unaltered. */
export const LOGGING = ready('iam@1', 'iam-trail-signed', 'iam-trail-whole');

/** The service does not let itself be overwhelmed. */
export const AVAILABILITY = ready('http@1', 'rate-limited');

/** Every ready claim: for items that ask for configuration as such to be watched. */
export const EVERYTHING = [
  ...TRANSMISSION,
  ...AUTHENTICATION,
  ...LEAST_PRIVILEGE,
  ...DECLARED_STATE,
  ...LOGGING,
  ...AVAILABILITY,
];
