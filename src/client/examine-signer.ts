/** Examines who made the statement: its signature, and the signer's enrolment. */
import { entryId } from '../bytes/brand.ts';
import { refuse } from '../bytes/refusal.ts';
import { formatHex } from '../bytes/text.ts';
import { keyThumbprint } from '../cose/key.ts';
import { verifyStatement } from '../cose/statement.ts';
import { admit, assertSigned, signerKey, type ChainLink, type Facts } from '../registration/admit.ts';
import { answerable, delegationOf } from '../registration/delegated.ts';
import { isOrdered, newestWanted } from '../registration/order.ts';
import type { VerifySignature } from '../sign/algorithm.ts';
import { policyFor, type Rules } from '../registration/rules.ts';
import type { ParsedStatement } from '../statement/parse.ts';
import { rolesFor } from '../registration/grants.ts';
import type { Checklist } from '../bytes/checklist.ts';
import { SPOKEN } from './evidence.ts';

/** Statement signature, and what the policy says of its signer. */
export function examineSigner(
  list: Checklist,
  statement: ParsedStatement,
  rules: Rules | undefined,
  verify?: VerifySignature,
): void {
  const key = statement.statement.confirmation;
  if (rules === undefined) {
    if (key === undefined)
      return list.skip('signature', 'the statement does not carry its key, and no policy is at hand');
    list.run('signature', () => {
      if (formatHex(keyThumbprint(key)) !== statement.kid)
        throw refuse('unknown-key', 'the statement carries another key than its kid says');
      verifyStatement(statement.statement, key, verify);
      return [undefined, `${SPOKEN[key.algorithm]}, by the key it carries, ${statement.kid}`];
    });
    return;
  }
  list.run('signature', () => {
    assertSigned(rules, statement, verify);
    const { algorithm } = signerKey(policyFor(rules, statement), statement);
    return [undefined, `${SPOKEN[algorithm]}, by key ${statement.kid}`];
  });
  list.run('enrolment', () => {
    const enrolled = policyFor(rules, statement).keys.get(answerable(statement))?.enrolled;
    const delegation = delegationOf(statement);
    // No time is proven here. The log checked the validity dates of the key when it admitted the statement.
    const time = Math.max(enrolled?.notBefore ?? 0, delegation?.notBefore ?? 0);
    admit(rules, statement, asClaimed(statement), time);
    const what = `a ${statement.kind} about this subject (role ${rolesFor(statement).join(' or ')})`;
    const who = enrolled === undefined ? 'the log is open: anyone' : `"${enrolled.name}"`;
    if (delegation !== undefined)
      return [undefined, `node ${delegation.node}, to which ${who} delegated, may write ${what}`];
    return [undefined, `${who} may write ${what}`];
  });
}

/**
 * The facts that the log looked up at admission cannot be looked up offline; they are taken from the statement itself.
 */
function asClaimed(statement: ParsedStatement): Facts {
  const { subject } = statement;
  const commitment = { kind: 'commitment', kid: '', subject } as const;
  const link = linkClaimed(statement);
  return { commitments: { get: () => commitment }, chains: { get: () => link } };
}

/** The link of a chain that the statement claims to continue. */
function linkClaimed(statement: ParsedStatement): ChainLink | undefined {
  if (isOrdered(statement)) {
    const id = newestWanted(statement);
    return id === undefined ? undefined : { seq: 0, id };
  }
  if (statement.kind !== 'proof' || statement.proof.prev === undefined) return undefined;
  return { seq: statement.proof.seq - 1, id: entryId(formatHex(statement.proof.prev)) };
}
