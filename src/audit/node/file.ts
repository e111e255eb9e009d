/** A bundle as a file that a user named. */
import { Refusal } from '../../bytes/refusal.ts';
import { readNamedEnd, readNamedFile } from '../../platform/files.ts';
import { assertEnd } from '../zip/read.ts';
import { END_LENGTH, MOST_BYTES } from '../zip/records.ts';

/**
 * Bytes of a bundle. Its size and its last bytes are looked at first, so that a large file that is none is refused without being
 * read. Refuses as `readNamedFile` and `assertEnd` do.
 */
export async function readBundleFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const { last, size } = await readNamedEnd(path, END_LENGTH, MOST_BYTES);
  assertEnd(last, size);
  return readNamedFile(path, MOST_BYTES);
}

/** As `readBundleFile`, for `verifyBundle`: resolves with the refusal of a file that is no bundle. */
export async function bundleToVerify(path: string): Promise<Uint8Array | Refusal> {
  try {
    return await readBundleFile(path);
  } catch (error) {
    if (error instanceof Refusal && error.code === 'malformed-bundle') return error;
    throw error;
  }
}
