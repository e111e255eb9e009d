/**
 * Writes a trust policy as a tlog-policy file, so that a mirror's directory states against which keys it was checked.
 */
import { policyLines } from '../note/trust-text.ts';
import type { TrustPolicy } from '../note/trust.ts';

/** The text of a policy (C2SP tlog-policy), such that `parseTrustPolicy` reads the same policy again. */
export function formatTrustPolicy(policy: TrustPolicy): string {
  const others = policy.logs.flatMap(({ origin }) => (origin === undefined ? [] : [origin]));
  return [
    '# Whom this mirror trusts (C2SP tlog-policy): hand it to whoever checks the copy.',
    // A tlog-policy cannot express it, so whoever checks the copy must state it.
    ...others.map(
      (origin) =>
        `# This log calls itself otherwise than its key: ${JSON.stringify(origin)} is to be given as its origin`,
    ),
    ...policyLines(policy, true),
    '',
  ].join('\n');
}
