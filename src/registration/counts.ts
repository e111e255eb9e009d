/**
 * Counts that the registration policy limits (spec/statements.md §2): commitments and subjects of a key in the whole log,
 * and its statements between two policies. They are kept as chains are: number and newest entry id by key, in the same
 * transaction. Policies are never counted, so that no limit keeps an admin from raising it.
 */
import { entryId } from '../bytes/brand.ts';
import { refuse } from '../bytes/refusal.ts';
import type { ParsedStatement } from '../statement/parse.ts';
import type { Policy } from '../statement/policy.ts';
import type { ChainLink } from './order.ts';
import type { InForce } from './rules.ts';

/** As much of a statement as is counted. */
export type Counted = Pick<ParsedStatement, 'kind' | 'kid' | 'subject'>;

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

// No key of a chain of proofs or of commitments begins so.
const commitmentsKey = (kid: string): string => `count commitments ${kid}`;
const subjectsKey = (kid: string): string => `count subjects ${kid}`;
const subjectKey = (kid: string, subject: string): string => `count subject ${kid} ${subject}`;
const statementsKey = (kid: string, policy: number): string => `count statements ${policy} ${kid}`;

/**
 * The counts that admission looks up. Statements are counted only while the policy limits them: the next policy begins
 * anew. Commitments and subjects always are, since a later policy may limit them.
 */
export function countKeys({ kind, kid, subject }: Counted, inForce: InForce | undefined): readonly string[] {
  if (kind === 'policy' || inForce === undefined) return [];
  const isLimited = Number.isFinite(limitsOf(inForce.policy, kid).statements);
  return [
    ...(kind === 'commitment' ? [commitmentsKey(kid), subjectsKey(kid), subjectKey(kid, subject)] : []),
    ...(isLimited ? [statementsKey(kid, inForce.index)] : []),
  ];
}

/** Counts that are as high as can be: what an entry over a limit is judged by where those before it are not shown. */
export const FULL_COUNTS = {
  get: (key: string): ChainLink | undefined =>
    key.startsWith('count subject ') ? undefined : { seq: Number.MAX_SAFE_INTEGER - 1, id: NO_ENTRY },
};

/** The counts after the statement. Refuses `limit-exceeded` when one is more than the policy allows its key. */
export function countsAfter(
  parsed: Counted,
  inForce: InForce | undefined,
  counts: { get(key: string): ChainLink | undefined },
): ReadonlyMap<string, number> {
  const { kind, kid, subject } = parsed;
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
