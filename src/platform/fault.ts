/**
 * Faults of the machine rather than of the program: a full disk, a read-only file system, a path that may not be
 * written. Verbs refuse the faults that they expect, in their own words; this module turns the others into refusals, so
 * that users see no stack trace for them.
 */
import { refuse, type Refusal } from '../bytes/refusal.ts';

/** Errors of system calls that no bug of ours causes. ENOENT is not among them, since a bug may cause it. */
const SYSTEM = new Set(
  'EACCES EDQUOT EFBIG EIO EISDIR ELOOP EMFILE ENAMETOOLONG ENFILE ENOSPC ENOTDIR EPERM EROFS'.split(' '),
);

/** SQLite's codes for trouble with the disk, the directory, or another process that holds the file too long. */
const MACHINE = /^SQLITE_(?:BUSY|CANTOPEN|FULL|IOERR|NOMEM|PERM|PROTOCOL|READONLY)/;
/** SQLite's codes for a file that is damaged, or no SQLite file. */
const DAMAGED = /^SQLITE_(?:CORRUPT|NOTADB)/;

/** Which refusal a code of SQLite stands for; undefined when it may be a bug. */
export function sqliteFault(code: string): 'store-failed' | 'corrupt-store' | undefined {
  if (MACHINE.test(code)) return 'store-failed';
  return DAMAGED.test(code) ? 'corrupt-store' : undefined;
}

/** `ENOENT` and the like: to compare, and for the message of a refusal. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

/** Whether the error says that no file has the name. */
export function isAbsent(error: unknown): boolean {
  return codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR';
}

/** Whether the system, or Node's permission model, said no; anything else is a bug. */
export function isSystemError(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    ('syscall' in error || error.code === 'ERR_ACCESS_DENIED')
  );
}

/** The code of an error, with advice for some codes: text for the parentheses of a refusal. */
export function whyNot(error: unknown): string {
  const code = codeOf(error);
  const advice = ADVICE[code];
  return advice === undefined ? code : `${code}: ${advice}`;
}

const ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full; make room',
  EDQUOT: 'the disk is full for this user; make room',
  EROFS: 'the file system is read-only',
  EACCES: 'check who owns it',
  EPERM: 'check who owns it',
};

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

/** The refusal of Node's permission model. It comes again with the same flags, so it is a fault of the configuration. */
function denied(error: Error): Refusal {
  const permission = 'permission' in error ? String(error.permission) : 'access';
  const resource = 'resource' in error && error.resource !== '' ? ` of ${String(error.resource)}` : '';
  return refuse(
    'config-invalid',
    `Node's permission model does not allow ${permission}${resource}; start it without that, or with the permissions that it needs`,
    { cause: error, remedy: { confine: true } },
  );
}
