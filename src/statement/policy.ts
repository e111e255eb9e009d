/**
 * The payload of a registration policy, entry 0 of every log and any later entry that changes it: which
 * keys may submit, in which role, for which subjects, within which limits (RFC 9943 §6; design.md, "One
 * tree, two worlds"; spec/statements.md §2). It also names the log's own keys: a client that trusts a vkey
 * learns the receipt keys from the log itself.
 */
import { refuse, type Refusal } from '../bytes/refusal.ts';
import { formatHex } from '../bytes/text.ts';
import { keyThumbprint } from '../cose/key.ts';
import { parseVkey } from '../note/key.ts';
import { assertStrongKey, type PublicKey } from '../sign/algorithm.ts';
import type { StatementKind } from './kinds.ts';
import { matcher, pattern } from './pattern.ts';
import { publicKey } from './public-key.ts';
import { array, bool, checked, oneOf, record, text, uint, wrong, type Of, type Schema } from './schema.ts';
import { count, distinct, inside, origin, sha256, time } from './vocabulary.ts';

/** `delegator` submits nothing: its delegations let keys of nodes prove (delegation.ts). */
export const ROLES = ['admin', 'author', 'approver', 'agent', 'monitor', 'submitter', 'delegator'] as const;
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

/** What the bytes of an entry are. A policy with any other value is refused. */
export const ENTRY_DEFINITION =
  'entry = d2 84 || bstr(protected as received) || a0 || bstr(payload) || bstr(signature), shortest heads; ' +
  'leaf = SHA-256(00 || entry); entry id = SHA-256(entry)';

/** The largest entry: its length is a 16-bit number in an entry bundle (C2SP tlog-tiles). */
export const MAX_ENTRY_BYTES = 65_535;

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
    /** In place of limits.keySubjects, limits.keyCommitments and limits.keyStatements. */
    maxSubjects: count,
    maxCommitments: count,
    maxStatements: count,
    notBefore: time,
    notAfter: time,
  },
);
export type EnrolledKey = Of<typeof enrolledKey>;

/** A key whose entries from index `since` on are not believed, also those that were logged before this policy. */
const revokedKey = record({ kid: sha256, since: count }, { reason: text(1, 512) });

export type RevokedKey = Of<typeof revokedKey>;

/** The rules that this version knows (spec/statements.md §7). They change with what a statement may say, too. */
export const RULES = 5;

/** By rules that are not read any more: the versions of tallystick that made such logs. */
const MADE_BY: Readonly<Record<number, string>> = {
  1: '0.1',
  2: '0.2, 0.3 or 0.4.0',
  3: '0.5.0',
  4: '0.6.0',
};

const documentFields = record(
  {
    /** Version of the rules that entries after this policy are held to. */
    rules: uint(RULES, RULES),
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
    limits: record(
      { entryBytes: uint(MAX_ENTRY_BYTES, 1024) },
      {
        /** Different subjects that commitments of one key may be about, in the whole log. */
        keySubjects: count,
        /** Commitments of one key in the whole log. */
        keyCommitments: count,
        /** Statements of one key between two policies; policies do not count. */
        keyStatements: count,
      },
    ),
  },
  {
    /** Entry id of the policy in force that this one replaces. Absent in entry 0 alone. */
    replaces: sha256,
    /** The least `approvals` a commitment must ask for. 0 when absent. */
    approvals: uint(16, 1),
    /** True: statements of other kinds than ours must name this log in `aud` too. False when absent. */
    requireAudience: bool,
    /** Keys that are revoked with this policy, or from an earlier entry on than before. What was revoked stays so. */
    revoked: array(revokedKey, 4096, 1),
  },
);
export type PolicyDocument = Of<typeof documentFields>;

const ofTheseRules: Schema<PolicyDocument> = checked(documentFields, (value, at) => {
  const kids = value.keys.map((each) => formatHex(keyThumbprint(each.key)));
  distinct(kids, (kid) => kid, inside(at, 'keys'));
  const revoked = value.revoked ?? [];
  distinct(revoked, (each) => formatHex(each.kid), inside(at, 'revoked'));
  const enrolled = new Set(kids);
  for (const [i, each] of revoked.entries()) {
    if (enrolled.has(formatHex(each.kid)))
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
  distinct(value.log.receiptKeys, (key) => formatHex(keyThumbprint(key)), inside(at, 'log.receiptKeys'));
  for (const [i, vkey] of value.log.vkeys.entries()) {
    if (!vkey.startsWith(`${value.origin}+`)) {
      throw wrong(`${inside(at, 'log.vkeys')}[${i}]`, "expected a vkey named as the log's origin");
    }
  }
});

/**
 * Refuses `older-version` for a policy of an earlier tallystick, and `newer-version` for one whose rules are not known here,
 * before anything else of it is read.
 */
export const policyDocument: Schema<PolicyDocument> = {
  parse(value, at) {
    const rules = value instanceof Map ? (value.get('rules') ?? value.get('version')) : undefined;
    if (typeof rules === 'number' && rules < RULES)
      throw refuse(
        'older-version',
        `the registration policy has rules ${rules} and was made by tallystick ${MADE_BY[rules] ?? 'of an earlier version'}, whose logs are ` +
          'not read any more: make a new log with `tallystick init`',
      );
    if (typeof rules === 'number' && rules > RULES)
      throw refuse(
        'newer-version',
        `the registration policy has rules ${rules}, and this tallystick knows rules ${RULES}: update tallystick`,
      );
    return ofTheseRules.parse(value, at);
  },
  encode: (value) => ofTheseRules.encode(value),
};

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
  /** Key thumbprint → from which entry on it is not believed. Of a log: every revocation so far. */
  readonly revoked: ReadonlyMap<string, RevokedKey>;
}

/** Makes a document ready to decide. */
export function compilePolicy(document: PolicyDocument): Policy {
  const keys = document.keys.map((enrolled): [string, Enrolment] => {
    const matchers = enrolled.subjects.map(matcher);
    return [
      formatHex(keyThumbprint(enrolled.key)),
      { enrolled, allows: (subject) => matchers.some((matches) => matches(subject)) },
    ];
  });
  const revoked = (document.revoked ?? []).map((each): [string, RevokedKey] => [formatHex(each.kid), each]);
  return { document, keys: new Map(keys), revoked: new Map(revoked) };
}

/**
 * Refuses `weak-key` or `malformed-key` when a key that `current` does not already hold is not a strong one, and
 * `policy-rejected` when one key has two roles of the log. It costs up to a millisecond a key, so it is not part of reading
 * a policy: call it only once the policy's signature is known to be good.
 */
export function assertStrongPolicy(policy: Policy, current?: Policy): void {
  for (const [kid, { enrolled }] of policy.keys) if (!current?.keys.has(kid)) assertStrongKey(enrolled.key);
  const { receiptKeys, vkeys } = policy.document.log;
  for (const key of receiptKeys) assertStrongKey(key);
  assertApart(
    policy,
    receiptKeys,
    vkeys.map((vkey) => parseVkey(vkey).key),
  );
}

/**
 * Each key of the log must sign for one purpose only. Otherwise a signature could pass for something else: if the receipt
 * key were enrolled, a receipt with its root as payload would be a valid statement of that key.
 */
function assertApart(
  policy: Policy,
  receiptKeys: readonly PublicKey[],
  checkpointKeys: readonly PublicKey[],
): void {
  const receipts = new Set(receiptKeys.map((key) => formatHex(keyThumbprint(key))));
  for (const key of checkpointKeys) {
    const kid = formatHex(keyThumbprint(key));
    if (receipts.has(kid)) throw shared(kid, 'signs checkpoints and receipts');
    if (policy.keys.has(kid)) throw shared(kid, 'signs checkpoints, and is enrolled');
  }
  for (const kid of receipts) if (policy.keys.has(kid)) throw shared(kid, 'signs receipts, and is enrolled');
}

function shared(kid: string, what: string): Refusal {
  return refuse('policy-rejected', `key ${kid} ${what}; give each role of the log a key of its own`);
}
