/**
 * Refuses a new commitment that would drop claims or approvals by accident. A new commitment ends the one before with all
 * of its claims, and alerts nobody. If somebody forgot the claims file on the command line, nothing would be checked any
 * more, and nothing would look wrong.
 */
import { declaresAlone } from '../appraisal/history.ts';
import { refuse } from '../bytes/refusal.ts';
import type { LogClient } from '../client/client.ts';
import type { ProvenEntry } from '../client/view.ts';
import type { Declaration } from '../statement/commitment.ts';
import { parseStatement } from '../statement/parse.ts';
import type { Policy } from '../statement/policy.ts';
import type { CommitRequest } from './request.ts';

/** The commitments to compare with: the one in force, and a newer one that lacks approvals. */
export interface ComparedCommitment {
  readonly index: number;
  readonly declaration: Declaration;
  /** Whether it is in force, with all approvals it needs. */
  readonly effective: boolean;
}

/**
 * Refuses `usage` if a commitment to compare with has claims, or asks for approvals, and the request has none, or lost a claim with the leaf that it reads, without
 * saying so explicitly. `standing` reads these commitments, and is called only if they are needed.
 */
export async function assertNoSilentDowngrade(
  {
    subject,
    declaration,
    none,
    undeclared,
  }: Pick<CommitRequest, 'subject' | 'declaration' | 'none' | 'undeclared'>,
  standing: () => Promise<readonly ComparedCommitment[]>,
): Promise<void> {
  const noClaims = declaration.claims.length === 0 && !none.claims;
  const noApprovals = declaration.approvals === undefined && !none.approvals;
  const gone = none.claims ? [] : undeclared;
  if (!noClaims && !noApprovals && gone.length === 0) return;
  for (const { index, declaration: before } of await standing()) {
    const claims = noClaims ? before.claims.map(({ id }) => id) : vanished(before, declaration, gone);
    const approvals = noApprovals ? (before.approvals ?? 0) : 0;
    const lost = [
      ...(claims.length === 0 ? [] : [`${counted(claims.length, 'claim')} (${shortly(claims)})`]),
      ...(approvals === 0 ? [] : [`the ${counted(approvals, 'approval')} that it asks for`]),
    ];
    if (lost.length > 0)
      throw refuse(
        'usage',
        `entry ${index} about ${subject} would be replaced without ${lost.join(' and ')}; ` +
          (claims.length > 0 && !noClaims
            ? 'what they read is not declared any more: declare it again, give its value under params, or drop all claims first'
            : 'give them again, or say that they are dropped'),
        {
          remedy: {
            ...(claims.length === 0 ? {} : { ...(noClaims && { claims: true as const }), dropClaims: true }),
            ...(approvals === 0 ? {} : { approvals: 0 }),
          },
        },
      );
  }
}

/** Ids of claims that are there no more and read a leaf that is not declared any more: nobody took them out of the claims file. */
function vanished(before: Declaration, after: Declaration, undeclared: readonly string[]): readonly string[] {
  return before.claims
    .filter(({ id }) => !after.claims.some((each) => each.id === id))
    .filter(({ declared }) => undeclared.some((path) => [...(declared?.values() ?? [])].includes(path)))
    .map(({ id }) => id);
}

/**
 * The commitment in force, then a newer one that lacks approvals. The whole history of the subject is read only if the
 * newest entry alone does not show them.
 */
export async function comparedCommitments(
  client: Pick<LogClient, 'snapshot'>,
  subject: string,
  { index, bytes }: ProvenEntry,
  policy: Policy | undefined,
): Promise<readonly ComparedCommitment[]> {
  const isRevoked = (kid: string): boolean => policy?.revoked.has(kid) === true;
  const declaration = declaresAlone(parseStatement(bytes), isRevoked);
  if (declaration !== undefined) return [{ index, declaration, effective: true }];
  const { inForce, pending } = await (await client.snapshot()).history(subject);
  return [inForce, pending].flatMap((each) =>
    each === undefined
      ? []
      : [
          {
            index: each.entry.index,
            declaration: each.declaration,
            effective: each.effective !== undefined,
          },
        ],
  );
}

const counted = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;

/** The first few. */
function shortly(ids: readonly string[]): string {
  const more = ids.length > 3 ? ', …' : '';
  return `${ids.slice(0, 3).join(', ')}${more}`;
}
