/** Makes, from the owner's proof directory of a commitment, a directory to hand over that shows chosen leaves. */
import { existsSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { refuse } from '../../bytes/refusal.ts';
import { makeFolder, replaceFile } from '../../platform/files.ts';
import { formatDisclosure, type Disclosure } from '../leafopening.ts';
import { OWNED_FILES, ownedFilesIn } from './owned.ts';
import { PROOF_FILES, slugOf } from './proofs.ts';

/** Files that are not copied: the owner's secret files, and an earlier disclosure. */
const LEFT: readonly string[] = [...OWNED_FILES, PROOF_FILES.disclosure, PROOF_FILES.openings];

/** Where a proof directory is, and the file of leaves that its owner has there. */
interface OwnedFolder {
  readonly folder: string;
  readonly file: string;
}

/**
 * The proof directory of a subject below `proofs`, or the directory itself at `path`. Refuses `not-found` where nothing was
 * committed.
 */
export function ownedFolder(subject: string, proofs: string, path: string): OwnedFolder {
  for (const folder of [join(proofs, slugOf(subject)), path]) {
    const [file] = ownedFilesIn(folder);
    if (file !== undefined) return { folder, file };
  }
  throw refuse(
    'not-found',
    `nothing was committed as ${subject} from here: \`tallystick commit\` leaves opening.json or leaves.json for its owner`,
  );
}

/** Writes the disclosure, and copies the proofs of the statement beside it. Refuses `store-failed`. */
export async function writeDisclosure(from: string, out: string, disclosure: Disclosure): Promise<void> {
  await makeFolder(out);
  await replaceFile(join(out, PROOF_FILES.disclosure), formatDisclosure(disclosure));
  const names = Object.values(PROOF_FILES).filter((name) => !LEFT.includes(name));
  // The statement last: a directory with a statement is complete.
  for (const name of names.toSorted((a, b) => isLast(a) - isLast(b)))
    if (existsSync(join(from, name))) await copyFile(join(from, name), join(out, name));
}

function isLast(name: string): number {
  return Number(name === PROOF_FILES.statement);
}
