/**
 * The payload of a registration policy, entry 0 of every log and any later entry that changes it: which
 * keys may submit, in which role, for which subjects, within which limits (RFC 9943 §6; design.md, "One
 * tree, two worlds"; spec/statements.md §2). It also names the log's own keys, so that who trusts a vkey
 * learns the receipt keys from the log itself.
 */
import { equalBytes } from '../bytes/compare.ts';
import { Refusal } from '../bytes/refusal.ts';
import { decodeCoseKey, encodeCoseKey, keyThumbprint } from '../cose/key.ts';
import { parseVkey } from '../note/key.ts';
import { assertStrongKey, type PublicKey } from '../sign/algorithm.ts';
import type { StatementKind } from './kinds.ts';
import { matcher, pattern } from './pattern.ts';
import {
  array,
  bool,
  checked,
  describe,
  oneOf,
  record,
  text,
  uint,
  wrong,
  type Of,
  type Schema,
} from './schema.ts';
import { count, distinct, inside, origin, sha256, time } from './vocabulary.ts';

export const ROLES = ['admin', 'author', 'approver', 'agent', 'monitor', 'submitter'] as const;
export type Role = (typeof ROLES)[number];

/** The role that may submit each kind of statement. */
export const ROLE_FOR = {
  policy: 'admin',
  commitment: 'author',
  approval: 'approver',
  proof: 'agent',
  notice: 'monitor',
  waiver: 'approver',
  deployment: 'author',
  other: 'submitter',
} as const satisfies Record<StatementKind, Role>;

/** What the bytes of an entry are (standards A1). The only value: a log of other entries is another log. */
export const ENTRY_DEFINITION =
  'entry = d2 84 || bstr(protected as received) || a0 || bstr(payload) || bstr(signature), shortest heads; ' +
  'leaf = SHA-256(00 || entry); entry id = SHA-256(entry)';

/** The largest entry: its length is a 16-bit number in an entry bundle (C2SP tlog-tiles). */
export const MAX_ENTRY_BYTES = 65_535;

/** COSE_Key bytes, exactly as `encodeCoseKey` writes them. */
const publicKey: Schema<PublicKey> = {
  parse(value, at) {
    if (!(value instanceof Uint8Array)) throw wrong(at, `expected COSE_Key bytes, got ${describe(value)}`);
    const key = readCoseKey(value, at);
    if (!equalBytes(encodeCoseKey(key), value)) {
      throw wrong(at, 'expected the COSE_Key with its thumbprint as kid, its alg, and no other members');
    }
    return key;
  },
  encode: encodeCoseKey,
};

function readCoseKey(bytes: Uint8Array, at: string): PublicKey {
  try {
    return decodeCoseKey(bytes).key;
  } catch (error) {
    if (error instanceof Refusal) throw wrong(at, error.message);
    throw error;
  }
}

/** A key that may submit. */
const enrolledKey = record(
  {
    key: publicKey,
    /** For people: never compared. */
    name: text(1, 128),
    roles: array(oneOf(ROLES), ROLES.length, 1),
    subjects: array(pattern, 64, 1),
  },
  {
    /** The only `iss` this key may sign with; any when absent. */
    issuer: text(1, 1024),
    maxBytes: uint(MAX_ENTRY_BYTES, 1),
    notBefore: time,
    notAfter: time,
  },
);
export type EnrolledKey = Of<typeof enrolledKey>;

/** A key not to be believed from entry `since` on, whatever it signed and whenever it was logged. */
const revokedKey = record({ kid: sha256, since: count }, { reason: text(1, 512) });

const documentFields = record(
  {
    version: uint(1, 1),
    origin,
    /** True: any well-signed statement is taken. For evaluation only. */
    open: bool,
    entry: oneOf([ENTRY_DEFINITION]),
    log: record({
      vkeys: array(text(1, 2048), 8, 1),
      /** Current first, then retired ones that receipts in the world still carry. */
      receiptKeys: array(publicKey, 64, 1),
    }),
    keys: array(enrolledKey, 1024),
    /** Whether a key may prove what it committed itself. */
    selfProof: bool,
    limits: record({ entryBytes: uint(MAX_ENTRY_BYTES, 1024) }),
  },
  {
    /** The least `approvals` a commitment must ask for. 0 when absent. */
    approvals: uint(16, 1),
    /** True: statements of other kinds than ours must name this log in `aud` too. False when absent. */
    requireAudience: bool,
    revoked: array(revokedKey, 1024, 1),
  },
);
export type PolicyDocument = Of<typeof documentFields>;

export const policyDocument: Schema<PolicyDocument> = checked(documentFields, (value, at) => {
  const kids = value.keys.map((each) => keyThumbprint(each.key).toHex());
  distinct(kids, (kid) => kid, inside(at, 'keys'));
  const revoked = value.revoked ?? [];
  distinct(revoked, (each) => each.kid.toHex(), inside(at, 'revoked'));
  const enrolled = new Set(kids);
  for (const [i, each] of revoked.entries()) {
    if (enrolled.has(each.kid.toHex()))
      throw wrong(`${inside(at, 'revoked')}[${i}].kid`, 'the key is still enrolled');
  }
  for (const [i, each] of value.keys.entries()) {
    const place = `${inside(at, 'keys')}[${i}]`;
    distinct(each.roles, (role) => role, `${place}.roles`);
    distinct(each.subjects, (subject) => subject, `${place}.subjects`);
    if ((each.notBefore ?? 0) >= (each.notAfter ?? Infinity)) {
      throw wrong(`${place}.notAfter`, 'it must be later than notBefore');
    }
  }
  distinct(value.log.vkeys, (vkey) => vkey, inside(at, 'log.vkeys'));
  distinct(value.log.receiptKeys, (key) => keyThumbprint(key).toHex(), inside(at, 'log.receiptKeys'));
  for (const [i, vkey] of value.log.vkeys.entries()) {
    if (!vkey.startsWith(`${value.origin}+`)) {
      throw wrong(`${inside(at, 'log.vkeys')}[${i}]`, "expected a vkey named as the log's origin");
    }
  }
});

/** An enrolled key, ready to decide. */
export interface Enrolment {
  readonly enrolled: EnrolledKey;
  readonly allows: (subject: string) => boolean;
}

/** A policy, ready to decide. */
export interface Policy {
  readonly document: PolicyDocument;
  /** Key thumbprint (RFC 9679 SHA-256, lower-case hex) → enrolment. */
  readonly keys: ReadonlyMap<string, Enrolment>;
  /** Thumbprints of keys that may not come back. */
  readonly revoked: ReadonlySet<string>;
}

/** Makes a document ready to decide. */
export function compilePolicy(document: PolicyDocument): Policy {
  const keys = document.keys.map((enrolled): [string, Enrolment] => {
    const matchers = enrolled.subjects.map(matcher);
    return [
      keyThumbprint(enrolled.key).toHex(),
      { enrolled, allows: (subject) => matchers.some((matches) => matches(subject)) },
    ];
  });
  const revoked = (document.revoked ?? []).map((each) => each.kid.toHex());
  return { document, keys: new Map(keys), revoked: new Set(revoked) };
}

/**
 * Refuses `weak-key` or `malformed-key` when a key that `current` does not already hold is not a strong
 * one. Apart from reading the policy because it costs up to a millisecond a key: ask only once the
 * policy's signature is known to be good.
 */
export function assertStrongPolicy(policy: Policy, current?: Policy): void {
  for (const [kid, { enrolled }] of policy.keys) if (!current?.keys.has(kid)) assertStrongKey(enrolled.key);
  for (const key of policy.document.log.receiptKeys) assertStrongKey(key);
  for (const vkey of policy.document.log.vkeys) parseVkey(vkey);
}
