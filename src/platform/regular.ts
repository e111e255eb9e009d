/** Opens files that others may put something else in place of: a pipe, a device, or a link. */
import { constants } from 'node:fs';
import { lstat, open, type FileHandle } from 'node:fs/promises';

/** Without blocking: a pipe may take the place of the file after it was looked at, and would wait for a writer for ever. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Opens a regular file to read; undefined if the path leads to anything else, a link among them. It never waits. Throws the
 * error of the system where there is nothing, or nothing that may be read.
 */
export async function openRegular(path: string): Promise<FileHandle | undefined> {
  // Before it is opened: opening a device can change it.
  if (!(await lstat(path)).isFile()) return undefined;
  const file = await open(path, FLAGS);
  let isRegular = false;
  try {
    isRegular = (await file.stat()).isFile();
    return isRegular ? file : undefined;
  } finally {
    if (!isRegular) await file.close();
  }
}
