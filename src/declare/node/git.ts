/**
 * What git says of committed files: the last commit that touched them, and whether they differ from it. So a commitment
 * stays the same while other files of the repository change.
 *
 * A repository may come from a stranger, and its configuration can name programs that git then runs: a file system
 * monitor, filters, hooks, signature checkers, transports. Therefore the work tree is found without git, git is asked
 * only by commands that read objects, and the files are compared with those objects here. A fact that cannot be
 * determined in this way is left out, and the user is told why.
 */
import { access, constants, lstat, readFile, stat } from 'node:fs/promises';
import { delimiter, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { printable } from '../../bytes/printable.ts';
import { runChild } from '../../platform/child.ts';
import { holds } from './files.ts';
import { compareWithTree, parseTree, SUBMODULE } from './gittree.ts';

/** Enough for a repository on a slow disk. git must not make `commit` wait for anything else. */
const TIMEOUT_MS = 20_000;
const MAX_OUTPUT_BYTES = 67_108_864;
const MAX_COMPLAINT = 4_096;
const OBJECT_ID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

export interface GitFacts {
  readonly commit: string;
  /** True if some of the files differ from the commit, or are not in it. */
  readonly dirty: boolean;
}

/** `facts`: undefined if there are none. `missing`: why facts that a repository should have are left out. */
export interface GitAnswer {
  readonly facts?: GitFacts;
  readonly missing?: string;
}

/** The root of the work tree that holds a folder: the nearest folder above it with a real `.git`; undefined without one. */
export async function gitTop(folder: string): Promise<string | undefined> {
  for (let at = resolve(folder); ; at = dirname(at)) {
    if (await isRepository(join(at, '.git'))) return at;
    if (at === dirname(at)) return undefined;
  }
}

/** Whether a path is a repository: a folder with HEAD, objects and refs, or a file that says where that folder is. */
async function isRepository(path: string): Promise<boolean> {
  const stats = await lstat(path).catch(() => undefined);
  if (stats === undefined) return false;
  if (stats.isFile()) {
    const text = await readFile(path, 'utf8').catch(() => '');
    return text.startsWith('gitdir: ');
  }
  const found = await Promise.all(
    ['HEAD', 'objects', 'refs'].map((name) => stat(join(path, name)).catch(() => undefined)),
  );
  return found.every((each) => each !== undefined);
}

/** Facts about absolute paths inside the work tree at `top`; what is under `omit` does not count. */
export async function gitFacts(
  top: string,
  paths: readonly string[],
  omit: readonly string[],
): Promise<GitAnswer> {
  try {
    return await readGitFacts(top, paths, omit);
  } catch (error) {
    if (error instanceof NoFact) return { missing: error.message };
    throw error;
  }
}

async function readGitFacts(
  top: string,
  paths: readonly string[],
  omit: readonly string[],
): Promise<GitAnswer> {
  const git = await openGit(top);
  const named = paths.map((path) => relative(top, path).split(sep).join('/')).filter((path) => path !== '');
  if (!(await hasCommit(git))) return {};
  // Files that no commit ever touched have no facts: HEAD says nothing about them.
  const commit = (await git(['rev-list', '-1', 'HEAD', '--', ...named])).trim();
  if (commit === '') return {};
  if (!OBJECT_ID.test(commit)) throw new NoFact('git answered with no commit id');
  if (await isCut(git, top, commit)) {
    throw new NoFact(
      'this clone is shallow and does not reach the last commit that touched the files; ' +
        'git fetch --unshallow has it (in CI: a checkout with the whole history)',
    );
  }
  const tree = parseTree(await git(['ls-tree', '-r', '-z', '--full-tree', 'HEAD', '--', ...named]));
  const [submodule] = [...tree].find(([, { mode }]) => mode === SUBMODULE) ?? [];
  if (submodule !== undefined)
    throw new NoFact(
      `${JSON.stringify(printable(submodule))} is a submodule, whose files another repository keeps`,
    );
  const differs = await compareWithTree({ top, paths, omit, tree });
  // Filters matter only for files in the tree. A file that is not in it differs, whatever attributes it has.
  const kept = differs.filter((path) => tree.has(path));
  const converted = kept.length === 0 ? '' : await firstConverted(git, kept);
  if (converted !== '') {
    const path = JSON.stringify(printable(converted));
    throw new NoFact(
      `git keeps ${path} in another form (a filter, an encoding or line ends), and no filter is run`,
    );
  }
  return { facts: { commit, dirty: differs.length > 0 } };
}

/** Whether a shallow clone ends at a commit: what came before it is not known then. */
async function isCut(git: Git, top: string, commit: string): Promise<boolean> {
  const file = (await git(['rev-parse', '--git-path', 'shallow'])).replace(/\n$/, '');
  const cut = await readFile(resolve(top, file), 'utf8').catch(() => '');
  return cut.split('\n').includes(commit);
}

/** Whether HEAD is on a commit. A new repository has none, and git then fails without a message. */
async function hasCommit(git: Git): Promise<boolean> {
  try {
    return (await git(['rev-parse', '--verify', '--quiet', 'HEAD'])) !== '';
  } catch (error) {
    if (error instanceof NoFact && error.silent) return false;
    throw error;
  }
}

/** The first of the paths whose content passes through a filter or another encoding on its way into git, or ''. */
async function firstConverted(git: Git, paths: readonly string[]): Promise<string> {
  const attributes = ['filter', 'working-tree-encoding', 'ident', 'eol'];
  const asked = paths.slice(0, MAX_ASKED_PATHS);
  const fields = (await git(['check-attr', '-z', ...attributes, '--', ...asked])).split('\0');
  for (let i = 0; i + 2 < fields.length; i += 3) {
    const value = fields[i + 2];
    if (value !== 'unspecified' && value !== 'unset') return fields[i] ?? '';
  }
  return '';
}

/** Paths that one question to git names; a command line has an end. */
const MAX_ASKED_PATHS = 500;

/** A fact that cannot be determined; the message says why, and what would help. */
class NoFact extends Error {
  /** git ended without saying why. */
  readonly silent: boolean;
  constructor(message: string, silent = false) {
    super(message);
    this.silent = silent;
  }
}

type Git = (args: readonly string[]) => Promise<string>;

/** Settings over those of the repository: nothing that it names is run, nothing is fetched. */
const HARMLESS = [
  'core.fsmonitor=false',
  'core.hooksPath=/dev/null',
  'core.pager=cat',
  'log.showSignature=false',
  'protocol.allow=never',
  'safe.bareRepository=explicit',
].flatMap((setting) => ['-c', setting]);

/** Commands in one work tree. Throws NoFact when git is not installed; each command when git refuses. */
async function openGit(top: string): Promise<Git> {
  const program = await findGit(top);
  if (program === undefined) throw new NoFact('git is not installed');
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_')));
  Object.assign(env, {
    // Paths are taken as they are, no lock is left in somebody's repository, no object is fetched or replaced.
    GIT_LITERAL_PATHSPECS: '1',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_NO_LAZY_FETCH: '1',
    GIT_ALLOW_PROTOCOL: 'none',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_CEILING_DIRECTORIES: dirname(top),
    LC_ALL: 'C',
  });
  const limits = { env, timeoutMs: TIMEOUT_MS, maxBytes: MAX_OUTPUT_BYTES, maxComplaint: MAX_COMPLAINT };
  return async (args) => {
    const end = await runChild({ argv: [program, '-C', top, ...HARMLESS, ...args], ...limits });
    if (end.kind === 'exited' && end.code === 0) return Buffer.from(end.output).toString('utf8');
    const complaint = end.kind === 'exited' ? complaintOf(end.complaint) : '';
    throw new NoFact(
      `git ${complaint === '' ? 'ended without an answer' : `says: ${complaint}`}`,
      complaint === '',
    );
  };
}

/** The first line that git itself wrote, or ''. */
function complaintOf(stderr: string): string {
  return printable(stderr.split('\n').find((each) => each.trim() !== '') ?? '');
}

/** The git of the search path, but none that the inspected work tree brings along. */
async function findGit(top: string): Promise<string | undefined> {
  const names = process.platform === 'win32' ? ['git.exe'] : ['git'];
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    if (!isAbsolute(folder) || holds(top, folder)) continue;
    for (const name of names) {
      const path = join(folder, name);
      const runs = await access(path, constants.X_OK).then(
        () => true,
        () => false,
      );
      if (runs && (await stat(path)).isFile()) return path;
    }
  }
  return undefined;
}
