/**
 * Counts that the registration policy limits (spec/statements.md §2): the commitments and subjects of a key in the
 * whole log, and its statements between two policies. A count is stored like a chain, by a key of its own, as number
 * and newest entry id, in the transaction that logs the entry. Policies are not counted, so that a limit never keeps an
 * admin from raising it.
 */
import { entryId } from '../bytes/brand.ts';
import { refuse } from '../bytes/refusal.ts';
import type { ParsedStatement } from '../statement/parse.ts';
import type { Policy } from '../statement/policy.ts';
import { answerable, type Speaker } from './delegated.ts';
import type { ChainLink } from './order.ts';
import type { InForce } from './rules.ts';

/** The parts of a statement that counts depend on. Proofs by delegation count for the delegator, who can make keys at will. */
export type Counted = Pick<ParsedStatement, 'kind' | 'subject'> & Speaker;

interface Limits {
  readonly subjects: number;
  readonly commitments: number;
  readonly statements: number;
}

function limitsOf({ document: { limits }, keys }: Policy, kid: string): Limits {
  const enrolled = keys.get(kid)?.enrolled;
  return {
    subjects: enrolled?.maxSubjects ?? limits.keySubjects ?? Infinity,
    commitments: enrolled?.maxCommitments ?? limits.keyCommitments ?? Infinity,
    statements: enrolled?.maxStatements ?? limits.keyStatements ?? Infinity,
  };
}

const NO_ENTRY = entryId('0'.repeat(64));

// Index keys of counts begin with "count"; keys of chains of proofs and of commitments never do.
const commitmentsKey = (kid: string): string => `count commitments ${kid}`;
const subjectsKey = (kid: string): string => `count subjects ${kid}`;
const subjectKey = (kid: string, subject: string): string => `count subject ${kid} ${subject}`;
const statementsKey = (kid: string, policy: number): string => `count statements ${policy} ${kid}`;

/**
 * Keys of the counts that admission looks up. Statements are counted only while the policy limits them, and start from
 * 0 with each policy. Commitments and subjects are always counted, since a later policy may limit them.
 */
export function countKeys(counted: Counted, inForce: InForce | undefined): readonly string[] {
  const { kind, subject } = counted;
  const kid = answerable(counted);
  if (kind === 'policy' || inForce === undefined) return [];
  const isLimited = Number.isFinite(limitsOf(inForce.policy, kid).statements);
  return [
    ...(kind === 'commitment' ? [commitmentsKey(kid), subjectsKey(kid), subjectKey(kid, subject)] : []),
    ...(isLimited ? [statementsKey(kid, inForce.index)] : []),
  ];
}

/**
 * Counts at their maximum. An incident check uses them for an entry that a limit forbids when the entries before it are
 * not at hand.
 */
export const FULL_COUNTS = {
  get: (key: string): ChainLink | undefined =>
    key.startsWith('count subject ') ? undefined : { seq: Number.MAX_SAFE_INTEGER - 1, id: NO_ENTRY },
};

/**
 * The counts with the statement included, by key. Refuses `limit-exceeded` if one exceeds what the policy allows the
 * key.
 */
export function countsAfter(
  parsed: Counted,
  inForce: InForce | undefined,
  counts: { get(key: string): ChainLink | undefined },
): ReadonlyMap<string, number> {
  const { kind, subject } = parsed;
  const kid = answerable(parsed);
  const after = new Map<string, number>();
  if (kind === 'policy' || inForce === undefined) return after;
  const limits = limitsOf(inForce.policy, kid);
  const add = (key: string, limit: number, what: string): void => {
    const number = (counts.get(key)?.seq ?? 0) + 1;
    if (number > limit)
      throw refuse(
        'limit-exceeded',
        `key ${kid} may have ${limit} ${what}, and has; ask an admin to log a policy that allows more`,
      );
    after.set(key, number);
  };
  if (kind === 'commitment') {
    add(commitmentsKey(kid), limits.commitments, 'commitments in this log');
    if (counts.get(subjectKey(kid, subject)) === undefined) {
      add(subjectsKey(kid), limits.subjects, 'subjects with commitments in this log');
      after.set(subjectKey(kid, subject), 1);
    }
  }
  if (Number.isFinite(limits.statements))
    add(statementsKey(kid, inForce.index), limits.statements, 'statements until the next policy');
  return after;
}
