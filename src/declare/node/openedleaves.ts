/** Reads files of opened leaves: those of the owner, and those that somebody was given. */
import { readNamedFile } from '../../platform/files.ts';
import { refuse } from '../../bytes/refusal.ts';
import type { OpenedFile } from '../opened.ts';
import { parseOpened } from '../parse-opened.ts';
import { earlierFolders } from './earlier.ts';
import { ownedFilesIn } from './owned.ts';

/**
 * Those named, and the owner's in `folder`, the subject's proof directory, and its earlier ones. Refuses `not-found`,
 * `malformed-payload`, and `usage` for leaves of another subject.
 */
export async function readShownLeaves(
  subject: string,
  folder: string,
  named: readonly string[],
): Promise<readonly OpenedFile[]> {
  const own = [folder, ...(await earlierFolders(folder))].flatMap(ownedFilesIn);
  const found: OpenedFile[] = [];
  for (const path of [...named, ...own]) {
    const file = parseOpened(await readNamedFile(path), path);
    if (file.kind !== 'openings' && file.subject !== subject)
      throw refuse('usage', `${path} is about "${file.subject}", another subject`);
    found.push(file);
  }
  return found;
}
