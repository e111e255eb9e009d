/** A unix socket of this machine as a target: that of a container runtime or engine. */
import { access, constants, lstat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { printable } from '../bytes/printable.ts';
import { refuse } from '../bytes/refusal.ts';
import type { ProbeDescription } from './description.ts';
import { lacks, type Grant } from './grant.ts';
import { assertForm } from './target-form.ts';

/**
 * A socket that another user made could answer in the place of the service that is meant. Refuses `config-invalid` for what is no
 * socket of root or of this user, `unavailable` where there is none, or where this user may not open it, with the statement of `grant`.
 */
export async function assertSocket(
  { name, target }: Pick<ProbeDescription, 'name' | 'target'>,
  path: string,
  grant: Grant,
): Promise<void> {
  assertForm(name, target, path);
  const stats = await lstat(path).catch(() => undefined);
  if (stats === undefined)
    throw refuse('unavailable', `there is no ${printable(path)}, or this agent may not look at it`);
  if (!stats.isSocket())
    throw refuse(
      'config-invalid',
      `${printable(path)} is no socket; name the socket itself, not a link to it`,
    );
  if (stats.uid !== 0 && stats.uid !== process.getuid?.())
    throw refuse(
      'config-invalid',
      `${printable(path)} belongs to the user ${stats.uid}, who could answer in the place of the service; it must be root's`,
    );
  const isOpen = await access(path, constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!isOpen)
    throw refuse(
      'unavailable',
      `this agent may not open ${printable(path)}${lacks(grant, { who: userInfo().username, target: path })}`,
    );
}
