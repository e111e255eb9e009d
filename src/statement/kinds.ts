/**
 * Kinds of statement, told apart by the content type in the protected header (COSE label 3). A kind is
 * what the registration policy grants and what searches filter by.
 */
import { refuse } from '../bytes/refusal.ts';

/** Content type → kind. Anything else, hash envelopes included, is `other`. */
export const CONTENT_TYPES = {
  'application/vnd.tallystick.policy.v1+cbor': 'policy',
  'application/vnd.tallystick.commitment.v1+cbor': 'commitment',
  'application/vnd.tallystick.approval.v1+cbor': 'approval',
  'application/vnd.tallystick.proof.v1+cbor': 'proof',
  'application/vnd.tallystick.notice.v1+cbor': 'notice',
  'application/vnd.tallystick.waiver.v1+cbor': 'waiver',
  'application/vnd.tallystick.deployment.v1+cbor': 'deployment',
} as const;

export type StatementKind = (typeof CONTENT_TYPES)[keyof typeof CONTENT_TYPES] | 'other';

/** Every kind. Stores number them by this order: it only ever grows at the end. */
export const STATEMENT_KINDS = [
  'policy',
  'commitment',
  'approval',
  'proof',
  'notice',
  'other',
  'waiver',
  'deployment',
] as const satisfies readonly StatementKind[];

const KINDS: ReadonlyMap<string, StatementKind> = new Map(Object.entries(CONTENT_TYPES));

/** Media types under this prefix are ours to define, now and later. */
const RESERVED = 'application/vnd.tallystick.';

/**
 * The kind of a content type. Refuses `malformed-statement` for one below our prefix that this version does not know.
 * If it were logged unread today, a later version would judge it by other rules.
 */
export function kindOf(contentType: string | number | undefined): StatementKind {
  if (typeof contentType !== 'string') return 'other';
  const kind = KINDS.get(contentType);
  if (kind !== undefined) return kind;
  if (contentType.toLowerCase().startsWith(RESERVED)) {
    const known = Object.keys(CONTENT_TYPES).join(', ');
    throw refuse('malformed-statement', `this version does not know that content type; it knows ${known}`);
  }
  return 'other';
}

/** The content type that makes a statement of a kind. */
export function contentTypeOf(kind: Exclude<StatementKind, 'other'>): string {
  for (const [contentType, each] of KINDS) if (each === kind) return contentType;
  throw new RangeError(`no content type for ${kind}`);
}
