/**
 * Kinds of statement, told apart by the content type in the protected header (COSE label 3). A kind is
 * what the registration policy grants and what searches filter by.
 */

/** Content type → kind. Anything else, hash envelopes included, is `other`. */
export const CONTENT_TYPES = {
  'application/vnd.tallystick.policy.v1+cbor': 'policy',
  'application/vnd.tallystick.commitment.v1+cbor': 'commitment',
  'application/vnd.tallystick.approval.v1+cbor': 'approval',
  'application/vnd.tallystick.proof.v1+cbor': 'proof',
  'application/vnd.tallystick.notice.v1+cbor': 'notice',
} as const;

export type StatementKind = (typeof CONTENT_TYPES)[keyof typeof CONTENT_TYPES] | 'other';

/** Every kind, in the order documentation lists them. */
export const STATEMENT_KINDS = [
  'policy',
  'commitment',
  'approval',
  'proof',
  'notice',
  'other',
] as const satisfies readonly StatementKind[];
