/** Finds evidence on disk: proof directories, single files with any name, and the proofs of a committed file. */
import { existsSync } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { equalBytes } from '../bytes/compare.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { ProofFolder } from '../client/node/proof-folder.ts';
import { loadEvidence } from '../client/proof-store.ts';
import { holds } from '../declare/node/files.ts';
import { parseOpenings } from '../declare/openings-file.ts';
import { parseDisclosure, parseLeaves } from '../declare/leafopening.ts';
import { parseOpening, type Opening } from '../declare/opening.ts';
import type { HeldEvidence } from '../offline/examine-held.ts';
import { evidenceOf, partOf } from '../offline/parts.ts';
import { readNamedFile } from '../platform/files.ts';
import { PROOF_FILES, PROOFS_FOLDER } from '../declare/node/proofs.ts';

/** Evidence as found, and what belongs to it. */
export interface FoundEvidence extends HeldEvidence {
  /** What the user named, for the report. */
  readonly name: string;
  /** The owner's opening of the declaration, and the folder to which its paths are relative. */
  readonly owned: { readonly opening: Opening; readonly base: string } | undefined;
  /** The committed files that were named, as absolute paths; if none was named, all of them. */
  readonly named: readonly string[];
  /** Set if a committed file has several proofs: the directory that was chosen (the newest) and their number. */
  readonly chosen?: { readonly folder: string; readonly count: number } | undefined;
}

/**
 * Reads the evidence that paths name. A path is a proof directory, a committed file (its proof directory is searched for in
 * `proofsFolder` and beside the file; the newest is taken), or a file of one proof; these may come in any order. A file of
 * a proof directory stands for the whole directory, but files named from elsewhere replace those of the directory. Refuses
 * `not-found`, and `usage` for files that are no proof of anything.
 */
export async function findEvidence(
  paths: readonly string[],
  proofsFolder: string,
): Promise<readonly FoundEvidence[]> {
  const owners = await Promise.all(paths.map((path) => ownerOf(path, proofsFolder)));
  const single = paths.filter((_, i) => owners[i] === undefined);
  // Files of a proof directory are parts like any other once there are some from elsewhere.
  const parts = single.length === 0 ? [] : paths.filter((path, i) => owners[i] === undefined || isPart(path));
  const folders = new Map<string, Owner[]>();
  for (const [i, owner] of owners.entries())
    if (owner !== undefined && !parts.includes(paths[i] ?? ''))
      folders.set(owner.folder, [...(folders.get(owner.folder) ?? []), owner]);
  const found = await Promise.all(folders.entries().map(([folder, these]) => readFolder(folder, these)));
  return parts.length === 0 ? found : [...found, await readParts(parts)];
}

/** The files of one proof: a statement or entry, a receipt, a `.tlog-proof`. */
async function readParts(paths: readonly string[]): Promise<FoundEvidence> {
  const parts = await Promise.all(paths.map(async (path) => partOf(await readNamedFile(path), path)));
  const name = paths.join(' + ');
  const lying = paths.map((path) => dirname(path)).find((folder) => isProofFolder(folder));
  const beside = lying === undefined ? undefined : await readFolder(lying, []);
  const evidence = evidenceOf(parts, name, beside?.evidence);
  const own = beside !== undefined && equalBytes(beside.evidence.entry, evidence.entry) ? beside : undefined;
  return { owned: undefined, ...own, name, evidence, named: [] };
}

/** The proof in a directory, which these names stand for. */
async function readFolder(folder: string, owners: readonly Owner[]): Promise<FoundEvidence> {
  const named = owners.flatMap(({ file }) => (file === undefined ? [] : [file]));
  const count = Math.max(1, ...owners.map(({ proofs }) => proofs));
  const evidence = await loadEvidence(new ProofFolder(folder));
  const opening = await openingIn(folder);
  const owned = opening && { opening, base: resolve(folder, opening.base) };
  const leaves = await parsed(folder, PROOF_FILES.leaves, parseLeaves);
  const disclosure = await parsed(folder, PROOF_FILES.disclosure, parseDisclosure);
  const openings = await parsed(folder, PROOF_FILES.openings, parseOpenings);
  const name = named.length === 0 ? folder : named.join(', ');
  const chosen = count > 1 ? { folder, count } : undefined;
  return { name, evidence, owned, leaves, disclosure, openings, named, chosen };
}

async function parsed<T>(
  folder: string,
  name: string,
  parse: (bytes: Uint8Array, path: string) => T,
): Promise<T | undefined> {
  const bytes = await optional(folder, name);
  return bytes && parse(bytes, join(folder, name));
}

async function openingIn(folder: string): Promise<Opening | undefined> {
  const bytes = await optional(folder, PROOF_FILES.opening);
  return bytes && parseOpening(bytes, join(folder, PROOF_FILES.opening));
}

async function optional(folder: string, name: string): Promise<Uint8Array | undefined> {
  const path = join(folder, name);
  return existsSync(path) ? readNamedFile(path) : undefined;
}

/** The proof directory that a path leads to, and the committed file that the path is, if it is one. */
interface Owner {
  readonly folder: string;
  readonly file: string | undefined;
  /** How many proof directories the path could stand for. */
  readonly proofs: number;
}

const PROOF_NAMES: ReadonlySet<string> = new Set(Object.values(PROOF_FILES));
/** Those that can be told apart by what they hold. */
const PART_NAMES: ReadonlySet<string> = new Set([
  PROOF_FILES.statement,
  PROOF_FILES.receipt,
  PROOF_FILES.proof,
]);

/** Whether a path is a single file of a proof directory. */
function isPart(path: string): boolean {
  return PART_NAMES.has(basename(path)) && isProofFolder(dirname(path));
}

/** Undefined if the path is to be read by itself. */
async function ownerOf(path: string, proofsFolder: string): Promise<Owner | undefined> {
  if (!existsSync(path)) throw refuse('not-found', `there is no ${path}`);
  if ((await stat(path)).isDirectory() && isProofFolder(path))
    return { folder: path, file: undefined, proofs: 1 };
  if (PROOF_NAMES.has(basename(path)) && isProofFolder(dirname(path)))
    return { folder: dirname(path), file: undefined, proofs: 1 };
  const folders = await proofsOf(path, proofsFolder);
  const [folder] = folders;
  return folder === undefined ? undefined : { folder, file: await realpath(path), proofs: folders.length };
}

/** The proof directories of a committed file or folder, the one written last first. */
export async function proofsOf(path: string, proofsFolder: string): Promise<readonly string[]> {
  const file = await realpath(path);
  const found: { readonly folder: string; readonly at: bigint }[] = [];
  for (const root of new Set([proofsFolder, join(dirname(file), PROOFS_FOLDER)])) {
    if (!existsSync(root)) continue;
    for (const name of (await readdir(root)).toSorted()) {
      const folder = join(root, name);
      // A damaged opening of another commitment does not matter for this file.
      const opening = await openingIn(folder).catch(undefinedIfRefused);
      if (opening === undefined || !declares(opening, folder, file) || !isProofFolder(folder)) continue;
      const { mtimeNs } = await stat(join(folder, PROOF_FILES.statement), { bigint: true });
      found.push({ folder, at: mtimeNs });
    }
  }
  return found.toSorted((a, b) => Number(b.at - a.at)).map(({ folder }) => folder);
}

function isProofFolder(folder: string): boolean {
  return existsSync(join(folder, PROOF_FILES.statement));
}

function undefinedIfRefused(error: unknown): undefined {
  if (!(error instanceof Refusal)) throw error;
  return undefined;
}

/** Whether an opening has this file, or files in this directory, among its leaves. */
function declares({ base, facts }: Opening, folder: string, path: string): boolean {
  const root = resolve(folder, base);
  return facts.some((fact) => holds(path, resolve(root, fact.path)));
}
