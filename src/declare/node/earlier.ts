/**
 * The proof directory of a subject contains its newest commitment. The commitment that it replaces is first moved to
 * `earlier/<entry id>/`, with all its files. It may still be in force, since a successor that lacks approvals ends nothing
 * (spec/status.md §3), and only its owner's file has the leaves that agents compare and auditors are shown.
 */
import { existsSync } from 'node:fs';
import { readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Refusal } from '../../bytes/refusal.ts';
import { decodeSign1 } from '../../cose/sign1.ts';
import { entryBytes } from '../../cose/statement.ts';
import { TRANSPARENT_LIMITS } from '../../cose/transparent.ts';
import { spelled } from '../../cose/twin.ts';
import { readNamedFile, replaceFile } from '../../platform/files.ts';
import { PROOF_FILES } from './proofs.ts';
import { formatOpening, parseOpening } from '../opening.ts';
import { OWNED_FILES } from './owned.ts';

const EARLIER = 'earlier';

/** The directory of an earlier commitment; `entry`: its id. */
export function earlierFolderOf(folder: string, entry: string): string {
  return join(folder, EARLIER, entry);
}

/** The directories of all earlier commitments in a proof directory. */
export async function earlierFolders(folder: string): Promise<readonly string[]> {
  const root = join(folder, EARLIER);
  return existsSync(root) ? (await readdir(root)).toSorted().map((name) => join(root, name)) : [];
}

/**
 * Moves the commitment in a proof directory to `earlier/`, unless it is `entry`, which is about to be written there.
 */
export async function keepEarlier(folder: string, entry: string): Promise<void> {
  const id = await idIn(folder);
  if (id === undefined || id === entry) return;
  // The statement is copied last, so that a directory with a statement is complete.
  const names = Object.values(PROOF_FILES).filter((name) => existsSync(join(folder, name)));
  for (const name of [...names.filter((each) => each !== PROOF_FILES.statement), PROOF_FILES.statement])
    await replaceFile(
      join(earlierFolderOf(folder, id), name),
      await bytesIn(folder, name),
      OWNED_FILES.includes(name) ? 0o600 : undefined,
    );
  // If the process ends here, both directories have the files; the next commitment starts again.
  for (const name of names.filter((each) => OWNED_FILES.includes(each))) await unlink(join(folder, name));
}

/** Entry id of the commitment in a proof directory; undefined if there is none. Refuses a statement that is damaged. */
export async function commitmentIn(folder: string): Promise<string | undefined> {
  const statement = join(folder, PROOF_FILES.statement);
  if (!existsSync(statement)) return undefined;
  return spelled(entryBytes(decodeSign1(await readNamedFile(statement), TRANSPARENT_LIMITS))).id;
}

/** The id, or `damaged` for a commitment that cannot be read: it is moved like others, and prevents no new one. */
async function idIn(folder: string): Promise<string | undefined> {
  try {
    return await commitmentIn(folder);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return 'damaged';
  }
}

/** The contents of a file. `opening.json` says where declared files are, relative to itself: that is adapted to `earlier/…/`. */
async function bytesIn(folder: string, name: string): Promise<Uint8Array | string> {
  const path = join(folder, name);
  const bytes = await readNamedFile(path);
  if (name !== PROOF_FILES.opening) return bytes;
  try {
    const opening = parseOpening(bytes, path);
    return formatOpening({ ...opening, base: `../../${opening.base}` });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return bytes;
  }
}
