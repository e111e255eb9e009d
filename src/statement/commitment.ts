/**
 * The payload of a commitment: what its author declares of one subject, the CWT `sub` of the statement
 * (design.md, "Proof-as-code"; spec/statements.md §3). It either declares (a salted tree over the
 * declaration, and claims to be proven) or withdraws an earlier commitment.
 */
import {
  array,
  bool,
  checked,
  mapOf,
  oneOf,
  prose,
  record,
  text,
  uint,
  wrong,
  type Of,
  type Schema,
} from './schema.ts';
import { isCborMap } from '../bytes/cbor.ts';
import { formatHex } from '../bytes/text.ts';
import { claim, type Claim } from './claim.ts';
import { openings, withDeclared, withoutDeclared } from './declared-parameter.ts';
import { SALTED_TREE } from './saltedleaf.ts';
import { target } from './target.ts';
import { distinct, inside, name, sha256, tier, time } from './vocabulary.ts';

/** Where the declaration came from, as the author's tools report it. */
const source = record(
  { kind: name },
  {
    tool: text(1, 128),
    toolVersion: text(1, 128),
    /** Versions of what shaped the result: format, providers, plug-ins. */
    versions: mapOf(text(1, 128), 64),
    git: record(
      {
        commit: text(40, 64, {
          pattern: /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/,
          says: 'a git commit in lower-case hex',
        }),
        /** Whether the work tree differed from the commit. */
        dirty: bool,
      },
      { repository: text(1, 512) },
    ),
    /** SHA-256 of the source as one file; leave it out when the file could be guessed. */
    digest: sha256,
  },
);

/** The rules that turned the source into leaves. Each exclusion is listed, with its reason. */
const canon = record(
  { profile: text(1, 64) },
  {
    /** SHA-256 of the profile's code or text. */
    profileDigest: sha256,
    excluded: array(record({ path: text(1, 1024), reason: text(1, 512) }), 512, 1),
  },
);

/** `leaves` and `root` of the declaration's salted tree. */
const tree = record({ alg: oneOf([SALTED_TREE]), leaves: uint(Number.MAX_SAFE_INTEGER, 1), root: sha256 });

/** closed: what `selector` finds is exactly the members (or the declared leaves) and nothing else. */
const scope = record(
  { world: oneOf(['open', 'closed']) },
  { selector: text(1, 1024), members: array(text(1, 512), 1024, 1) },
);

export type { Claim } from './claim.ts';
export type { Parameter } from './parameter.ts';

/** Ticket, reason and people behind a change, as the author tells it. */
const change = record({}, { ticket: text(1, 256), reason: prose(1, 2048), requestedBy: text(1, 256) });

const declarationFields = record(
  { environment: name, tier, source, canon, tree, scope, claims: array(claim, 256) },
  {
    /** Whom to ask, where the subject is found, and who must sign there. */
    target,
    /** Agents that must agree, by key thumbprint, and how many of them (class E2). */
    attestors: record({ threshold: uint(64, 1), kids: array(sha256, 64, 1) }),
    /** Approvals, each by another key than the author's, before this commitment counts. 0 when absent. */
    approvals: uint(16, 1),
    validity: record({}, { notBefore: time, notAfter: time }),
    /** Entry id of the newest commitment statement of the subject, which this one follows. Absent in the first. */
    supersedes: sha256,
    change,
    /** SHA-256 of a 32-byte seed, revealed later: when and what is sampled was fixed before. */
    seedCommitment: sha256,
    /** The leaves that claims name, in the order of the tree. */
    openings,
  },
);
export type Declaration = Of<typeof declarationFields>;

const declaration = checked(withValues(declarationFields), (value, at) => {
  distinct(value.claims, (each) => each.id, inside(at, 'claims'));
  distinct(value.canon.excluded ?? [], (each) => each.path, inside(at, 'canon.excluded'));
  distinct(value.scope.members ?? [], (each) => each, inside(at, 'scope.members'));
  for (const [i, { id, against }] of value.claims.entries())
    if (against !== undefined && !isPlainOther(value.claims, id, against))
      throw wrong(
        inside(at, `claims[${i}].against`),
        'is another claim of this commitment, which is against none',
      );
  const { attestors, validity } = value;
  if (attestors !== undefined) {
    distinct(attestors.kids, (kid) => formatHex(kid), inside(at, 'attestors.kids'));
    if (attestors.threshold > attestors.kids.length) {
      throw wrong(inside(at, 'attestors.threshold'), 'more agents must agree than are named');
    }
  }
  if ((validity?.notBefore ?? 0) >= (validity?.notAfter ?? Infinity)) {
    throw wrong(inside(at, 'validity'), 'notAfter must be later than notBefore');
  }
});

/** Whether a claim may be `against` one of this id. Two that are against each other would have no verdict. */
function isPlainOther(claims: readonly Claim[], id: string, against: string): boolean {
  return id !== against && claims.some((each) => each.id === against && each.against === undefined);
}

/** A declaration in whose claims the values of declared leaves stand among the parameters. */
function withValues(fields: Schema<Declaration>): Schema<Declaration> {
  return {
    parse(value, at) {
      const read = fields.parse(value, at);
      const { leaves, root } = read.tree;
      const claims = withDeclared(read.claims, read.openings ?? [], { root, count: leaves }, at);
      return Object.freeze({ ...read, claims });
    },
    encode: (value) =>
      fields.encode({ ...value, claims: withoutDeclared(value.claims, value.openings ?? []) }),
  };
}

const withdrawal = record(
  { /** Entry id of the commitment that no longer holds. */ withdraws: sha256 },
  {
    /** Entry id of the newest commitment statement of the subject, which this one follows. */ supersedes:
      sha256,
    change,
  },
);
export type Withdrawal = Of<typeof withdrawal>;

export type Commitment = Declaration | Withdrawal;

/** Whether a commitment only takes an earlier one back. */
export function isWithdrawal(commitment: Commitment): commitment is Withdrawal {
  return 'withdraws' in commitment;
}

export const commitment: Schema<Commitment> = {
  parse: (value, at) =>
    isCborMap(value) && value.has('withdraws') ? withdrawal.parse(value, at) : declaration.parse(value, at),
  encode: (value) => (isWithdrawal(value) ? withdrawal.encode(value) : declaration.encode(value)),
};
