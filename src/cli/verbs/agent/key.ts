/** `tallystick agent key`: the public key of an agent, to be enrolled, or to be delegated to. */
import { formatBase64 } from '../../../bytes/text.ts';
import { encodeCoseKey, kidOf } from '../../../cose/key.ts';
import { EXIT } from '../../exit.ts';
import type { Context } from '../../frame/context.ts';
import { agentHome } from './options.ts';

export async function runKey(context: Context): Promise<number> {
  const { output } = context;
  const { signer, keyName } = await agentHome(context);
  const coseKey = formatBase64(encodeCoseKey(signer.publicKey));
  const kid = kidOf(signer.publicKey);
  output.print(coseKey);
  output.note(`the public half of ${keyName}, kid ${kid}`);
  output.result('agent-key', { coseKey, kid });
  return EXIT.ok;
}
