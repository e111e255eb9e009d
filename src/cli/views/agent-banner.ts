/** What `tallystick agent` prints when it starts. */
import { relative } from 'node:path';
import { agentFiles } from '../../agent/database.ts';
import { logUrl } from '../frame/config.ts';
import type { Context } from '../frame/context.ts';
import { enrolCommand } from '../verbs/agent/options.ts';
import type { OpenedAgent } from '../../agent/open.ts';

/** The banner's text, without a newline at the end. */
export function agentBanner(
  context: Context,
  { agent, home }: OpenedAgent,
  subjects: readonly string[],
): string {
  const { config, output, world } = context;
  const { targets } = agentFiles(home.dir);
  const lines = [
    output.paint('bold', `Tallystick agent ${agent.identity.name}`),
    `  log        ${logUrl(config)}`,
    `  subjects   ${subjects.join(', ')}`,
    `  targets    ${relative(world.cwd, targets)}: ${home.rules.length} ${home.rules.length === 1 ? 'rule' : 'rules'}`,
    `  key        ${agent.signing.kid}`,
    `  budget     ${config.cpuBudget / 10} % of one core; a heartbeat every ${config.heartbeat} s`,
    `  waiting    ${agent.spool.waitingCount()} ${agent.spool.waitingCount() === 1 ? 'proof' : 'proofs'}`,
  ];
  if (home.madeKey) {
    const command = enrolCommand(context, home, subjects[0] ?? '**');
    lines.push('', output.paint('yellow', 'The key is new. An admin of the log enrols it:'), `  ${command}`);
  }
  return lines.join('\n');
}
