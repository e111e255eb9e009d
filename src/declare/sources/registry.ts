/** Every kind of source that is read into leaves, one line each. Whole files, one leaf each, are in declare/node/files.ts. */
import { ANSIBLE_SOURCE } from './ansible/ansible.ts';
import { ENV_SOURCE } from './env.ts';
import { HELM_SOURCE } from './helm/helm.ts';
import { INI_SOURCE } from './ini.ts';
import { JSON_SOURCE } from './json.ts';
import { KUBERNETES_SOURCE } from './kubernetes/kubernetes.ts';
import { MATRIX_SOURCE } from './matrix.ts';
import { NGINX_SOURCE } from './nginx/nginx.ts';
import { PACKAGES_SOURCE } from './packages/packages.ts';
import { POSTGRESQL_SOURCE } from './postgresql/postgresql.ts';
import type { Source } from './source.ts';
import { SSHD_SOURCE } from './sshd/sshd.ts';
import { TERRAFORM_SOURCE } from './terraform/terraform.ts';
import { YAML_SOURCE } from './yaml.ts';

/** In the order of the help. */
export const SOURCES: readonly Source[] = [
  TERRAFORM_SOURCE,
  KUBERNETES_SOURCE,
  HELM_SOURCE,
  ANSIBLE_SOURCE,
  JSON_SOURCE,
  YAML_SOURCE,
  ENV_SOURCE,
  MATRIX_SOURCE,
  SSHD_SOURCE,
  POSTGRESQL_SOURCE,
  NGINX_SOURCE,
  INI_SOURCE,
  PACKAGES_SOURCE,
];

/** Kinds that are read from folders, in declare/node. */
export const FOLDER_KINDS: readonly string[] = ['files', 'oci'];

/** All kinds, as the first operand of `commit`. */
export const KINDS: readonly string[] = [...FOLDER_KINDS, ...SOURCES.map(({ kind }) => kind)];
