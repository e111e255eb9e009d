/**
 * Payloads by kind: deterministic CBOR maps with text keys (spec/statements.md §1), read strictly and
 * written by the same schemas. What an encoder returns has been read back: it refuses what the log would.
 */
import { decodeCbor, encodeCbor } from '../bytes/cbor.ts';
import { approval, type Approval } from './approval.ts';
import { commitment, type Commitment } from './commitment.ts';
import { deployment, type Deployment } from './deployment.ts';
import type { StatementKind } from './kinds.ts';
import { notice, type Notice } from './notice.ts';
import { compilePolicy, policyDocument, type Policy, type PolicyDocument } from './policy.ts';
import { runtimeProof, type RuntimeProof } from './proof.ts';
import type { Schema } from './schema.ts';
import { waiver, type Waiver } from './waiver.ts';

/** A payload that was read, told apart by `kind`; the log does not read what is `other`. */
export type Payload =
  | { readonly kind: 'policy'; readonly policy: Policy }
  | { readonly kind: 'commitment'; readonly commitment: Commitment }
  | { readonly kind: 'approval'; readonly approval: Approval }
  | { readonly kind: 'proof'; readonly proof: RuntimeProof }
  | { readonly kind: 'notice'; readonly notice: Notice }
  | { readonly kind: 'waiver'; readonly waiver: Waiver }
  | { readonly kind: 'deployment'; readonly deployment: Deployment }
  | { readonly kind: 'other' };

/** Reads a payload. Refuses `malformed-payload` naming the field, `malformed-cbor`, `non-deterministic`. */
export function parsePayload(kind: StatementKind, bytes: Uint8Array): Payload {
  switch (kind) {
    case 'policy':
      return { kind, policy: compilePolicy(read(policyDocument, bytes)) };
    case 'commitment':
      return { kind, commitment: read(commitment, bytes) };
    case 'approval':
      return { kind, approval: read(approval, bytes) };
    case 'proof':
      return { kind, proof: read(runtimeProof, bytes) };
    case 'notice':
      return { kind, notice: read(notice, bytes) };
    case 'waiver':
      return { kind, waiver: read(waiver, bytes) };
    case 'deployment':
      return { kind, deployment: read(deployment, bytes) };
    case 'other':
      break;
  }
  return { kind: 'other' };
}

function read<T>(schema: Schema<T>, bytes: Uint8Array): T {
  return schema.parse(decodeCbor(bytes), '');
}

function encoder<T>(schema: Schema<T>): (value: T) => Uint8Array<ArrayBuffer> {
  return (value) => {
    const bytes = encodeCbor(schema.encode(value));
    read(schema, bytes);
    return bytes;
  };
}

/** Payload bytes of a registration policy. Each encoder refuses `malformed-payload`, naming the field. */
export const encodePolicy: (value: PolicyDocument) => Uint8Array<ArrayBuffer> = encoder(policyDocument);
export const encodeCommitment: (value: Commitment) => Uint8Array<ArrayBuffer> = encoder(commitment);
export const encodeApproval: (value: Approval) => Uint8Array<ArrayBuffer> = encoder(approval);
export const encodeProof: (value: RuntimeProof) => Uint8Array<ArrayBuffer> = encoder(runtimeProof);
export const encodeNotice: (value: Notice) => Uint8Array<ArrayBuffer> = encoder(notice);
export const encodeWaiver: (value: Waiver) => Uint8Array<ArrayBuffer> = encoder(waiver);
export const encodeDeployment: (value: Deployment) => Uint8Array<ArrayBuffer> = encoder(deployment);
