/** Whether the log will take an agent's proofs. */
import { refuse } from '../bytes/refusal.ts';
import type { Policy } from '../statement/policy.ts';

/** Refuses `unknown-key`, `wrong-role`, `subject-not-allowed`; each names the command that changes it. */
export function assertEnrolled(
  policy: Policy | undefined,
  kid: string,
  subject: string,
  command: () => string,
): void {
  if (policy === undefined || policy.document.open) return;
  const advice = `an admin of the log runs: ${command()}`;
  if (policy.revoked.has(kid))
    throw refuse('unknown-key', `the agent's key ${kid} was revoked; make another`);
  const enrolment = policy.keys.get(kid);
  if (enrolment === undefined)
    throw refuse('unknown-key', `the log does not know the agent's key; ${advice}`);
  const { name, roles } = enrolment.enrolled;
  if (!roles.includes('agent'))
    throw refuse(
      'wrong-role',
      `the key of ${name} may not prove (its roles: ${roles.join(', ')}); ${advice}`,
    );
  if (!enrolment.allows(subject))
    throw refuse('subject-not-allowed', `the key of ${name} may not prove ${subject}; ${advice} --replace`);
}
