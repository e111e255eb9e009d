/** `tallystick agent delegate`: lets keys of nodes prove for a while, without enrolling each of them. */
import { resolve } from 'node:path';
import { refuse } from '../../../bytes/refusal.ts';
import { formatTime } from '../../../bytes/time.ts';
import { delegate, nodesNamed } from '../../../policy/delegating.ts';
import { policyInForce } from '../../../policy/in-force.ts';
import { issuerOf } from '../../../registration/issuer.ts';
import { MAX_DELEGATION } from '../../../statement/delegation.ts';
import { line } from '../../../words/plain.ts';
import { EXIT } from '../../exit.ts';
import type { Context } from '../../frame/context.ts';
import { durationOf } from '../../frame/flagtext.ts';
import { clientReading } from '../../frame/reading.ts';
import { signerOf } from '../../frame/signer.ts';

export interface DelegateAsked {
  /** A public key, or a folder of them. */
  readonly keys: string;
  readonly node: string | undefined;
  readonly subjects: readonly string[];
  readonly lasting: string | undefined;
  readonly renew: string | undefined;
  readonly apart: boolean;
  readonly out: string | undefined;
}

const MOST_DAYS = MAX_DELEGATION / 86_400;
/** Seconds before now from which on a delegation counts: clocks differ, and so does where it is copied first. */
const EARLIER = 300;

export async function runDelegate(context: Context, asked: DelegateAsked): Promise<number> {
  const { output, world } = context;
  const { keys, node, subjects, apart, out } = asked;
  if (subjects.length === 0)
    throw refuse('usage', "say what the nodes prove: --subject 'prod/cluster/nodes/{node}'");
  const lasting = durationOf(asked.lasting ?? '7d', '--for', MOST_DAYS);
  const renew = asked.renew === undefined ? undefined : durationOf(asked.renew, '--renew', MOST_DAYS);
  const now = Math.floor(world.now() / 1000);
  const from = now - Math.min(EARLIER, MAX_DELEGATION - lasting);
  const nodes = await nodesNamed(resolve(world.cwd, keys), {
    node,
    out: resolve(world.cwd, out ?? '.'),
    cwd: world.cwd,
  });
  const { policy } = await policyInForce(await clientReading(context));
  const signer = await signerOf(context, 'delegator');
  const options = {
    subjects,
    issuer: issuerOf(policy, signer.publicKey),
    from,
    until: now + lasting,
    apart,
    unlessUntil: renew === undefined ? undefined : now + renew,
  };
  const made = await delegate(nodes, options, policy, signer);
  for (const each of made)
    output.print(
      `${each.made ? 'delegated' : 'kept     '}  ${line(each.node)}  until ${formatTime(each.notAfter)}  ${each.file}`,
    );
  output.note('each file goes into the agent directory of its node, as delegation.cose');
  output.result('agent-delegate', {
    delegations: made.map(({ node: name, file, kid, notAfter, made: isNew }) => ({
      node: name,
      file,
      kid,
      not_after: notAfter,
      made: isNew,
    })),
  });
  return EXIT.ok;
}
