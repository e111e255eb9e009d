/** The directory in which client verbs store data between runs. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { PROOFS_FOLDER } from '../../declare/node/proofs.ts';
import type { Context } from './context.ts';

/** Where clients store the heads that they saw: --state-dir, else the XDG state directory. */
export function stateDirOf({ config, world: { env } }: Pick<Context, 'config' | 'world'>): string {
  if (config.stateDir !== undefined) return config.stateDir;
  const xdg = env['XDG_STATE_HOME'];
  // The XDG Base Directory specification ignores a relative path.
  const base = xdg?.startsWith('/') === true ? xdg : join(env['HOME'] ?? homedir(), '.local', 'state');
  return join(base, 'tallystick');
}

/** The folder of the proof directories. */
export function proofsFolderOf({ config, world }: Pick<Context, 'config' | 'world'>): string {
  return config.proofsDir ?? join(world.cwd, PROOFS_FOLDER);
}
