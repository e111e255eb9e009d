/** Small files that must be whole or absent, placed while nothing else of the monitor runs: a few an hour. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { dirname } from 'node:path';
import { refuse } from '../bytes/refusal.ts';

/** How the names of files end that were never finished. */
export const UNFINISHED = '.tmp';

/** Writes a file or replaces it, durable when it returns; readers see the old one or the new one. Refuses `store-failed`. */
export function placeFile(path: string, text: string, mode = 0o644): void {
  const temporary = `${path}.${randomUUID()}${UNFINISHED}`;
  try {
    const file = openSync(temporary, 'wx', mode);
    try {
      writeFileSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
    syncFolder(dirname(path));
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw refuse(
      'store-failed',
      `cannot write ${path} (${String(cause)}); free space, or check who owns it`,
      {
        cause,
      },
    );
  }
}

/** A rename survives a power cut only once its folder does. */
function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
