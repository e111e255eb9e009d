/** Restarts the same program under Node's permission model, so that the agent has no more permissions than it needs. */
import { operatorRule } from '../../../agent/enrolment.ts';
import { refuse } from '../../../bytes/refusal.ts';
import type { Context } from '../../frame/context.ts';
import { makeFolder } from '../../../platform/files.ts';
import { stateDirOf, proofsFolderOf } from '../../frame/state.ts';
import { confinement } from '../../../agent/grants.ts';
import { isConfined } from '../../../agent/profile.ts';
import { agentHome, surroundings } from './options.ts';

/**
 * Makes missing directories and keys, then replaces this process by the same program with fewer permissions. Returns if
 * the process is confined already. `targets`: those enrolled for this run, besides targets.yaml.
 */
export async function confine(context: Context, targets: readonly string[] = []): Promise<void> {
  if (isConfined()) return;
  const home = await agentHome(context);
  await Promise.all([stateDirOf(context), proofsFolderOf(context)].map((dir) => makeFolder(dir)));
  if (process.execve === undefined)
    throw refuse(
      'config-invalid',
      'this system cannot --confine; start node with the flags of agent profile --flags',
    );
  const quiet = ['PERM0001', 'PERM0002', 'ExperimentalWarning'].map((name) => `--disable-warning=${name}`);
  const rules = targets.length === 0 ? home.rules : [operatorRule(targets), ...home.rules];
  const flags = [...quiet, ...confinement({ ...home, rules }, surroundings(context))];
  process.execve(process.execPath, [process.execPath, ...flags, ...process.argv.slice(1)]);
}
