/** The newest commitment of a subject again, with the identity of its targets as it is now. */
import { basename } from 'node:path';
import { printable } from '../bytes/printable.ts';
import { refuse } from '../bytes/refusal.ts';
import { decodeUtf8 } from '../bytes/text.ts';
import { entryIdOf } from '../client/scrapi.ts';
import type { ProvenEntry } from '../client/view.ts';
import type { Declared } from '../declare/node/declared.ts';
import { commitmentIn } from '../declare/node/earlier.ts';
import { ownedFilesIn, type OwnedFile } from '../declare/node/owned.ts';
import { readNamedFile } from '../platform/files.ts';
import type { Declaration } from '../statement/commitment.ts';
import type { ComparedCommitment } from './downgrade.ts';
import { pinTargets, type Identified, type Pinning } from './pin.ts';

/**
 * The commitment in force (the first of `standing`), with the identities that its locators show now; claims, approvals and
 * contents stay. Refuses `not-found`, `usage` while the newest commitment lacks approvals, and as `pinTargets`.
 */
export async function repin(
  subject: string,
  standing: readonly ComparedCommitment[],
  newest: ProvenEntry,
  folder: string,
  pinning: Pinning,
): Promise<Declared & Pick<Identified, 'pinned'>> {
  const [inForce, ...others] = standing;
  if (inForce === undefined)
    throw refuse('not-found', `nothing is in force about ${printable(subject)}: it was withdrawn`);
  const pending = [inForce, ...others].find(({ effective }) => !effective);
  if (pending !== undefined)
    throw refuse(
      'usage',
      `entry ${pending.index} about ${printable(subject)} still lacks approvals; approve or withdraw it first`,
    );
  const { declaration, pinned } = await pinTargets(inForce.declaration, subject, true, pinning);
  const owned = await ownedOf(folder, entryIdOf(newest.bytes));
  return {
    subject,
    declaration: withoutPlace(declaration),
    leaves: declaration.tree.leaves,
    leftOut: [],
    owned: () => owned,
    pinned,
  };
}

/** Drops `supersedes`, which `prepare` sets anew. */
function withoutPlace(declaration: Declaration): Declaration {
  const { supersedes, ...rest } = declaration;
  return supersedes === undefined ? declaration : rest;
}

/** The owner's file of the replaced commitment, which has the same leaves; undefined if it is not in the directory. */
async function ownedOf(folder: string, entry: string): Promise<OwnedFile | undefined> {
  const [path] = ownedFilesIn(folder);
  if (path === undefined || (await commitmentIn(folder)) !== entry) return undefined;
  return { name: basename(path), text: decodeUtf8(await readNamedFile(path)) };
}
