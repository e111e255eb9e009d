/** The command that makes the log take an agent's proofs. */
import { relative } from 'node:path';
import type { Context } from '../../frame/context.ts';
import { layoutOf, roleKeyPath } from '../../../service/layout.ts';
import { shellWord } from '../../../bytes/shellword.ts';
import { isThere, type AgentHome } from '../../../agent/home.ts';

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
