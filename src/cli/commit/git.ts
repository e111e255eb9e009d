/**
 * What git says of committed files: the last commit that touched them, and whether they differ from it. So a
 * commitment stays the same while other files of the repository go on. Absent git, or a folder that is no
 * work tree, gives no facts.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { holds } from './files.ts';

const run = promisify(execFile);
/** A repository on a slow disk answers within this; git waiting for anything else shall not stop us. */
const TIMEOUT_MS = 20_000;
const MAX_OUTPUT_BYTES = 16_777_216;

export interface GitFacts {
  readonly commit: string;
  /** Some of the files are not as in the commit, or not in it at all. */
  readonly dirty: boolean;
}

/** The root of the work tree that holds a folder, if any. */
export async function gitTop(folder: string): Promise<string | undefined> {
  return (await git(folder, ['rev-parse', '--show-toplevel']))?.replace(/\n$/, '');
}

/** Facts about absolute paths inside a work tree; what is under `omit` does not count. */
export async function gitFacts(
  top: string,
  paths: readonly string[],
  omit: readonly string[],
): Promise<GitFacts | undefined> {
  // Files no commit ever touched have no facts: HEAD would say nothing about them, and change without them.
  const commit = (await git(top, ['log', '-1', '--format=%H', '--', ...paths]))?.trim();
  if (commit === undefined || !/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(commit)) return undefined;
  const status = await git(top, [
    'status',
    '--porcelain',
    '-z',
    '--no-renames',
    '--untracked-files=all',
    '--',
    ...paths,
  ]);
  const changed = status
    ?.split('\0')
    .filter((line) => line !== '' && !omit.some((path) => holds(path, `${top}/${line.slice(3)}`)));
  return { commit, dirty: changed === undefined || changed.length > 0 };
}

/** Output of a git command, undefined when it fails for whatever reason. */
async function git(folder: string, args: readonly string[]): Promise<string | undefined> {
  // Paths are taken as they are, and no lock is left in somebody's repository.
  const env = { ...process.env, GIT_LITERAL_PATHSPECS: '1', GIT_OPTIONAL_LOCKS: '0', LC_ALL: 'C' };
  try {
    const options = { env, timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES };
    return (await run('git', ['-C', folder, ...args], options)).stdout;
  } catch {
    return undefined;
  }
}
