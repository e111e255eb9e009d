/** Answers `leaves`: files of opened leaves against the roots of a commitment and of the one before it. */
import { refuse } from '../../../bytes/refusal.ts';
import { asUsage } from '../../../bytes/within.ts';
import { examineEntry } from '../../../client/examine-entry.ts';
import { assertOpensOne } from '../../../declare/opened.ts';
import { parseOpened } from '../../../declare/parse-opened.ts';
import { line } from '../../../words/plain.ts';
import { declaredIn, leavesShown } from './entry.ts';
import type { Lane } from './lane.ts';
import type { LeavesShown } from './protocol.ts';

/** Refuses what is wrong with the entry, and `usage` for a file: whoever gave it is to blame, and not the server. */
export async function leavesOf(
  { client }: Lane,
  name: string,
  given: readonly { readonly name: string; readonly bytes: Uint8Array }[],
): Promise<LeavesShown> {
  const { found, statement, about, verified, refusal } = await examineEntry(client, name);
  if (refusal !== undefined) throw refusal;
  const declared = found && statement && verified ? declaredIn(found.id, statement, about) : undefined;
  if (declared === undefined)
    throw refuse('not-found', 'the declaration, or the one before it, is not at hand as a verified entry');
  return asUsage(async () => {
    const files = given.map((file) => parseOpened(file.bytes, line(file.name, 200)));
    const { before, after } = declared;
    assertOpensOne(files, before === undefined ? [after] : [before, after]);
    return leavesShown(declared, files);
  });
}
