/**
 * Ready claims, one line for each probe that has some. Reports ask whether a claim is one of them, and pages that check reports load
 * them without the descriptions (registry.ts).
 */
import type { Pack } from './pack.ts';
import { API_PACKS } from './api/pack.ts';
import { CONTAINER_PACKS } from './container/pack.ts';
import { CRI_PACKS } from './cri/pack.ts';
import { EXEC_PACKS } from './exec/pack.ts';
import { FILES_PACKS } from './files/pack.ts';
import { HTTP_PACKS } from './http/pack.ts';
import { IAM_PACKS } from './iam/pack.ts';
import { KMS_PACKS } from './kms/pack.ts';
import { KUBERNETES_PACKS } from './kubernetes/pack.ts';
import { NET_PACKS } from './net/pack.ts';
import { OCI_PACKS } from './oci/pack.ts';
import { PACKAGES_PACKS } from './packages/pack.ts';
import { POSTGRES_PACKS } from './postgres/pack.ts';
import { SSH_PACKS } from './ssh/pack.ts';
import { TERRAFORM_PACKS } from './terraform/pack.ts';
import { TLS_PACKS } from './tls/pack.ts';

/** Packs by the name of their probe. */
export const READY: ReadonlyMap<string, Readonly<Record<string, Pack>>> = new Map([
  ['tls@1', TLS_PACKS],
  ['ssh@1', SSH_PACKS],
  ['postgres@1', POSTGRES_PACKS],
  ['http@1', HTTP_PACKS],
  ['net@1', NET_PACKS],
  ['files@1', FILES_PACKS],
  ['terraform@1', TERRAFORM_PACKS],
  ['iam@1', IAM_PACKS],
  ['kms@1', KMS_PACKS],
  ['kubernetes@1', KUBERNETES_PACKS],
  ['cri@1', CRI_PACKS],
  ['oci@1', OCI_PACKS],
  ['packages@1', PACKAGES_PACKS],
  ['container@1', CONTAINER_PACKS],
  ['api@1', API_PACKS],
  ['exec@1', EXEC_PACKS],
]);
