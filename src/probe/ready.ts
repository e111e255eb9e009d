/**
 * Ready claims, one line for each probe of which the tables of frameworks name some (audit/controls/data). Reports ask whether a claim is
 * one of them, and pages that check reports load them without the descriptions (registry.ts).
 */
import type { Pack } from './pack.ts';
import { FILES_PACKS } from './files/pack.ts';
import { HTTP_PACKS } from './http/pack.ts';
import { IAM_PACKS } from './iam/pack.ts';
import { KUBERNETES_PACKS } from './kubernetes/pack.ts';
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
  ['files@1', FILES_PACKS],
  ['terraform@1', TERRAFORM_PACKS],
  ['iam@1', IAM_PACKS],
  ['kubernetes@1', KUBERNETES_PACKS],
]);
