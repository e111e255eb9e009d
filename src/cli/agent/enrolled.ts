/** Whether the log will take an agent's proofs, and the command that makes it. */
import { relative } from 'node:path';
import { refuse } from '../../bytes/refusal.ts';
import type { Policy } from '../../statement/policy.ts';
import type { Context } from '../context.ts';
import { layoutOf, roleKeyPath } from '../../service/layout.ts';
import { shellWord } from '../../bytes/shellword.ts';
import { isThere, type AgentHome } from './setup.ts';

/** Refuses `unknown-key`, `wrong-role`, `subject-not-allowed`; each names the command that changes it. */
export function assertEnrolled(
  policy: Policy | undefined,
  kid: string,
  subject: string,
  command: string,
): void {
  if (policy === undefined || policy.document.open) return;
  const advice = `an admin of the log runs: ${command}`;
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

/** What enrols this agent's key. */
export function enrolCommand({ config, world }: Context, { keyName }: AgentHome, subject: string): string {
  const key = keyName.startsWith('ssh-agent:') ? '<public key>' : relative(world.cwd, keyName);
  const at = config.log === undefined ? '' : ` --log ${config.log}`;
  // Beside a log of one's own the admin key is found by itself.
  const own = isThere(roleKeyPath(layoutOf(config), 'admin'));
  const admin = own ? '' : ' --key <admin key>';
  const name = shellWord(config.name ?? 'agent');
  return `tallystick policy enrol ${key} --name ${name} --role agent --subject ${shellWord(subject)}${at}${admin}`;
}
