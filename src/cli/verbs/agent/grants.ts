/** `tallystick agent profile --grants`: what the owners of targets must allow the agent, as statements. */
import { userInfo } from 'node:os';
import { grantsOfProbes, grantsOfRules, type Grantees } from '../../../agent/needed-grants.ts';
import { isThere } from '../../../agent/home.ts';
import { agentFiles } from '../../../agent/database.ts';
import { readTargets } from '../../../agent/targets.ts';
import { probeCalled, PROBES } from '../../../probe/registry.ts';
import { EXIT } from '../../exit.ts';
import type { Context } from '../../frame/context.ts';
import { grantsText } from '../../views/agent-grants.ts';

/** Prints the grants of the named probes; without one, of the rules in targets.yaml; without a rule, of every probe. */
export async function runGrants(
  { config, output }: Context,
  asked: { readonly probes: readonly string[]; readonly role: string; readonly account: string },
): Promise<number> {
  const to: Grantees = {
    sql: asked.role,
    shell: userInfo().username,
    kubernetes: asked.account,
    iam: '',
  };
  const { targets } = agentFiles(config.agentDir);
  const rules = asked.probes.length === 0 && isThere(targets) ? await readTargets(targets) : [];
  const named = asked.probes.length === 0 ? PROBES : asked.probes.map((name) => probeCalled(name));
  const needed = rules.length > 0 ? grantsOfRules(rules, PROBES, to) : grantsOfProbes(named, to);
  output.print(grantsText(needed));
  output.result('agent-grants', { probes: needed.map((each) => ({ ...each, grants: [...each.grants] })) });
  return EXIT.ok;
}
