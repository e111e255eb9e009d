/**
 * Makes a declaration of the files that a command line names: leaves, their salted tree, and the git commit
 * that they come from. Nothing in it depends on the clock, so the same files make the same bytes.
 */
import { existsSync, statSync } from 'node:fs';
import { basename, dirname, relative, resolve, sep } from 'node:path';
import { refuse } from '../../bytes/refusal.ts';
import type { Declaration } from '../../statement/commitment.ts';
import type { TreeHead } from '../../statement/saltedleaf.ts';
import { VERSION } from '../../platform/place.ts';
import { commonFolder, holds, readFacts, STDIN, type Found, type ShowProgress } from './files.ts';
import { gitFacts, gitTop, type GitFacts } from './git.ts';
import { FILES_PROFILE, formatOpening, leavesOf, OPENING_FILE, treeOf } from '../opening.ts';
import { readableOwned } from './owned.ts';
import type { ReadSource } from '../read.ts';
import { saltOfFile } from '../salting.ts';
import { leftOutOf, UNSAID, type DeclaredTree } from './declared.ts';
import { saltingBy } from './salts.ts';

/** What to declare. `omit`: absolute paths to leave out of directories, with the reason for each. */
export interface FilesToDeclare {
  readonly operands: readonly string[];
  readonly cwd: string;
  readonly omit: ReadonlyMap<string, string>;
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly saltSecret: Uint8Array;
  readonly subject: string | undefined;
  /** Told while many files are read. */
  readonly progress?: ShowProgress | undefined;
}

/** The named files with their salts, the folder that paths are relative to, and the git work tree if one holds them all. */
async function readNamed(files: FilesToDeclare) {
  const paths = files.operands.map((operand) => (operand === STDIN ? STDIN : resolve(files.cwd, operand)));
  const named = paths.filter((path) => path !== STDIN);
  const { base, top } = await findBase(named, files.cwd);
  const found = await readFacts(paths, {
    base,
    omit: files.omit,
    stdin: files.stdin,
    progress: files.progress,
  });
  const salting = saltingBy(files.saltSecret);
  const facts = found.facts.map((fact) => ({ ...fact, salt: saltOfFile(salting, fact) }));
  return { paths, named, base, top, found, facts };
}

/** The leaves that they would commit to, to be listed. Refuses `not-found` for files that cannot be read. */
export async function listFiles(files: FilesToDeclare): Promise<ReadSource> {
  const { facts, found } = await readNamed(files);
  const { profile, leaves } = leavesOf({ subject: '', facts });
  return { profile, leaves, excluded: found.excluded, source: { kind: 'files' }, unmarked: [] };
}

/** Refuses `not-found` for files that cannot be read, `usage` if no subject is given and the operands give no name. */
export async function declareFiles(files: FilesToDeclare): Promise<DeclaredTree> {
  const { paths, named, base, top, found, facts } = await readNamed(files);
  const git = top === undefined ? {} : await gitFacts(top, named, [...files.omit.keys()]);
  const subject = files.subject ?? subjectOf(paths, base);
  const tree = treeOf(facts);
  const declaration = declarationOf(tree, found, git.facts);
  return {
    subject,
    declaration,
    leftOut: leftOutOf(git),
    leaves: facts.length,
    tree,
    owned: (folder) => {
      const from = relative(folder, base).split(sep).join('/') || '.';
      const text = formatOpening({ subject, base: from, facts });
      return readableOwned(OPENING_FILE, text, declaration);
    },
  };
}

function declarationOf(
  { root, count }: TreeHead,
  { excluded }: Found,
  git: GitFacts | undefined,
): Declaration {
  return {
    ...UNSAID,
    source: { kind: 'files', tool: 'tallystick', toolVersion: VERSION, ...(git && { git }) },
    canon: { profile: FILES_PROFILE, ...(excluded.length > 0 && { excluded }) },
    tree: { alg: 'rfc6962-sha256-salted', leaves: count, root },
    scope: { world: 'open' },
    claims: [],
  };
}

/** The folder that paths are relative to: the root of the git work tree that holds all, else their deepest common folder. */
async function findBase(
  paths: readonly string[],
  cwd: string,
): Promise<{ readonly base: string; readonly top: string | undefined }> {
  const [first] = paths;
  if (first === undefined) return { base: cwd, top: undefined };
  const isFolder = statSync(first, { throwIfNoEntry: false })?.isDirectory() === true;
  const start = isFolder ? first : dirname(first);
  const top = existsSync(start) ? await gitTop(start) : undefined;
  const all = top !== undefined && paths.every((path) => holds(top, path));
  return all ? { base: top, top } : { base: commonFolder(paths), top: undefined };
}

/** One file or directory gives the subject its name: the path inside the repository, or the bare name. */
function subjectOf(paths: readonly string[], base: string): string {
  const [path] = paths;
  if (path === undefined || path === STDIN || paths.length > 1) {
    throw refuse('usage', 'say which subject this declares: there is no single file to name it after', {
      remedy: { subject: true },
    });
  }
  const name = relative(base, path).split(sep).join('/');
  return name === '' ? basename(path) : name;
}
