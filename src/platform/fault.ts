/**
 * What the machine did wrong rather than the program: a disk that is full, a file system that is read-only, a name
 * that may not be written. Verbs refuse what they expect, in their own words; this catches the rest, so that nobody
 * is shown a stack for it.
 */
import { sqliteFault } from './sqlitefault.ts';
import { refuse, type Refusal } from '../bytes/refusal.ts';

/** Of the errors of system calls those that no bug of ours makes; ENOENT is not among them. */
const SYSTEM = new Set(
  'EACCES EDQUOT EFBIG EIO EISDIR ELOOP EMFILE ENAMETOOLONG ENFILE ENOSPC ENOTDIR EPERM EROFS'.split(' '),
);

/** The refusal that an error stands for, most often `store-failed`; undefined when it may be a bug. */
export function faultOf(error: unknown): Refusal | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  if (error.code === 'ERR_ACCESS_DENIED') return denied(error);
  const fault = SYSTEM.has(error.code) ? 'store-failed' : sqliteFault(error.code);
  if (fault === 'corrupt-store')
    return refuse('corrupt-store', `a database is damaged (${error.code}): restore it from a backup`, {
      cause: error,
    });
  if (fault === undefined) return undefined;
  const what = error.message.startsWith(error.code) ? error.message : `${error.code}: ${error.message}`;
  return refuse('store-failed', `the machine did not allow it: ${what}`, { cause: error });
}

/** Node's permission model said no, which the same flags make it say again. */
function denied(error: Error): Refusal {
  const permission = 'permission' in error ? String(error.permission) : 'access';
  const resource = 'resource' in error && error.resource !== '' ? ` of ${String(error.resource)}` : '';
  return refuse(
    'config-invalid',
    `Node's permission model does not allow ${permission}${resource}; start it without --confine, or with the flags ` +
      'of agent profile --flags',
    { cause: error },
  );
}
