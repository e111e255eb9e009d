/** Room on the disk of a folder. */
import { statfsSync } from 'node:fs';

/** Bytes of the file system that a folder is on. */
export interface Space {
  /** What may still be written without special rights. */
  readonly free: number;
  readonly size: number;
}

/** Undefined where the folder, or its file system, does not say. */
export function spaceOf(folder: string): Space | undefined {
  try {
    const { bavail, blocks, bsize } = statfsSync(folder);
    return blocks === 0 ? undefined : { free: bavail * bsize, size: blocks * bsize };
  } catch {
    return undefined;
  }
}
