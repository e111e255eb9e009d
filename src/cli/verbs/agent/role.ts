/** `tallystick agent profile --kubernetes`: what the agent must be allowed to read in a cluster. */
import { refuse } from '../../../bytes/refusal.ts';
import { asUsage } from '../../../bytes/within.ts';
import { readTexts } from '../../../declare/node/texts.ts';
import { KUBERNETES_SOURCE } from '../../../declare/sources/kubernetes/kubernetes.ts';
import { roleManifests } from '../../../probe/kubernetes/role.ts';
import { EXIT } from '../../exit.ts';
import type { Context } from '../../frame/context.ts';

/** Prints Roles and bindings, to be looked at and applied by whoever owns the cluster. */
export async function runRole(
  { output, world }: Context,
  asked: {
    readonly manifests: readonly string[];
    readonly account: string;
    readonly namespace: string | undefined;
    readonly pods: boolean;
    readonly rights: boolean;
  },
): Promise<number> {
  const [, accountNamespace, account] = /^([a-z0-9-]{1,63})\/([a-z0-9.-]{1,253})$/.exec(asked.account) ?? [];
  if (accountNamespace === undefined || account === undefined)
    throw refuse('usage', '--account takes NAMESPACE/NAME, such as tallystick/agent');
  const text = await asUsage(async () => {
    const source = KUBERNETES_SOURCE;
    const operands = {
      source,
      named: asked.manifests,
      cwd: world.cwd,
      stdin: process.stdin,
      recursive: true,
    };
    const { pods, rights, namespace } = asked;
    const { texts } = await readTexts(operands);
    const manifests = texts.map((each) => each.text);
    return roleManifests(manifests, { account, accountNamespace, namespace, pods, rights });
  });
  output.print(text.trimEnd());
  output.result('agent-role', { manifests: text });
  return EXIT.ok;
}
