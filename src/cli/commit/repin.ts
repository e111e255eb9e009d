/** `commit --repin`: the newest commitment of a subject again, with the identity of its targets as it is now. */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { printable } from '../../bytes/printable.ts';
import { refuse } from '../../bytes/refusal.ts';
import { decodeUtf8 } from '../../bytes/text.ts';
import { entryIdOf } from '../../client/scrapi.ts';
import type { ProvenEntry } from '../../client/view.ts';
import { decodeSign1 } from '../../cose/sign1.ts';
import { entryBytes } from '../../cose/statement.ts';
import { TRANSPARENT_LIMITS } from '../../cose/transparent.ts';
import type { Declaration } from '../../statement/commitment.ts';
import { readNamedFile } from '../../platform/files.ts';
import { PROOF_FILES } from '../proofs.ts';
import type { Flags } from '../verb.ts';
import type { Declared } from '../../declare/node/declarefiles.ts';
import type { OwnedFile } from '../../declare/node/owned.ts';
import type { Standing } from './lost.ts';
import { ownedFilesIn } from '../../declare/node/owned.ts';
import { pinTargets, type Identified, type Pinning } from './pin.ts';

/** The subject of --repin. Refuses `usage` beside anything that declares. */
export function repinSubject(operands: readonly string[], flags: Flags): string {
  const subject = flags.text('subject');
  const said = ['claims', 'environment', 'tier', 'approvals'].some((name) => flags.text(name) !== undefined);
  const more = ['otherProbe', 'sensitive', 'notSecret', 'ignore'].some(
    (name) => flags.texts(name).length > 0,
  );
  const switched = ['pin', 'dropClaims', 'literal', 'list'].some((name) => flags.on(name));
  if (subject !== undefined && subject !== '' && operands.length === 0 && !said && !more && !switched)
    return subject;
  throw refuse(
    'usage',
    '--repin changes the identity of the targets alone: give --subject, no files and nothing else that declares',
  );
}

/**
 * What stands about the subject, with the identities that its locators show now; claims, approvals and contents are
 * untouched. Refuses `not-found`, `usage` while the newest commitment lacks approvals, and as `pinTargets`.
 */
export async function repin(
  subject: string,
  standing: readonly Standing[],
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
      `entry ${pending.index} about ${printable(subject)} still lacks approvals; approve or withdraw it before --repin`,
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

/** `prepare` says what it supersedes. */
function withoutPlace(declaration: Declaration): Declaration {
  const { supersedes, ...rest } = declaration;
  return supersedes === undefined ? declaration : rest;
}

/** The owner's file of the commitment that is replaced, which has the same leaves; undefined where it is not here. */
async function ownedOf(folder: string, entry: string): Promise<OwnedFile | undefined> {
  const statement = join(folder, PROOF_FILES.statement);
  const [path] = ownedFilesIn(folder);
  if (path === undefined || !existsSync(statement)) return undefined;
  const there = entryIdOf(entryBytes(decodeSign1(await readNamedFile(statement), TRANSPARENT_LIMITS)));
  return there === entry ? { name: basename(path), text: decodeUtf8(await readNamedFile(path)) } : undefined;
}
