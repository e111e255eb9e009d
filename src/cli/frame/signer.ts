/** Which key signs for a role. */
import { existsSync } from 'node:fs';
import { refuse } from '../../bytes/refusal.ts';
import { loadSigner } from '../../keys/load.ts';
import { layoutOf, roleKeyPath } from '../../service/layout.ts';
import type { Signer } from '../../sign/signer.ts';
import type { Role } from '../../statement/policy.ts';
import type { Context } from './context.ts';

/**
 * --key or its environment variable, else the key that `init` made for the role in the data directory, else `key` of
 * tallystick.yaml: that one comes last, because it is the committer's. Refuses `usage`, and what `loadSigner` refuses.
 */
export async function signerOf({ config, resolved }: Context, role: Role): Promise<Signer> {
  const source = resolved.settled.find(({ name }) => name === 'key')?.source;
  const path = roleKeyPath(layoutOf(config), role);
  const asked = source === 'flag' || source === 'env';
  if (config.key !== undefined && (asked || !existsSync(path))) return loadSigner(config.key);
  if (existsSync(path)) return loadSigner(path);
  throw refuse('usage', `${path} is not there: name the ${role} key with --key, a file or ssh-agent:`);
}
