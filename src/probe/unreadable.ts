/** A path of this machine that the agent may not read: what gives it the right. */
import { userInfo } from 'node:os';
import { lacks, type Grant } from './grant.ts';

/** The end of a refusal: the statement that lets this user read `path`, where the system said no; else nothing. */
export function lacksRead(grant: Grant, path: string, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== 'EACCES' && code !== 'EPERM') return '';
  return lacks(grant, { who: userInfo().username, target: path });
}
