/** Whether the log will take an agent's proofs. */
import { refuse } from '../bytes/refusal.ts';
import type { Policy } from '../statement/policy.ts';

/**
 * Refuses `unknown-key`, `wrong-role`, `subject-not-allowed`; each names the command that changes it. `enrolled`: whether the
 * policy has the key already.
 */
export function assertEnrolled(
  policy: Policy | undefined,
  kid: string,
  subject: string,
  command: (enrolled: boolean) => string,
): void {
  if (policy === undefined || policy.document.open) return;
  const advice = (enrolled: boolean): string => `an admin of the log runs: ${command(enrolled)}`;
  if (policy.revoked.has(kid))
    throw refuse('unknown-key', `the agent's key ${kid} was revoked; make another`);
  const enrolment = policy.keys.get(kid);
  if (enrolment === undefined)
    throw refuse('unknown-key', `the log does not know the agent's key; ${advice(false)}`);
  const { name, roles } = enrolment.enrolled;
  if (!roles.includes('agent'))
    throw refuse(
      'wrong-role',
      `the key of ${name} may not prove (its roles: ${roles.join(', ')}); ${advice(true)}`,
    );
  if (!enrolment.allows(subject))
    throw refuse('subject-not-allowed', `the key of ${name} may not prove ${subject}; ${advice(true)}`);
}
