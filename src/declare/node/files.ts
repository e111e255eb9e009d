/**
 * What a commitment to files declares of each: path, kind, mode, size, SHA-256 (profile `files@1`,
 * spec/statements.md §9). Links that the command line names are followed; links inside a directory are
 * declared as links. Times and owners are left out, because a fresh clone has others.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir, readFile, readlink, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { digest, type Digest } from '../../bytes/brand.ts';
import { printable } from '../../bytes/printable.ts';
import { Refusal, refuse } from '../../bytes/refusal.ts';
import { decodeUtf8, encodeUtf8 } from '../../bytes/text.ts';
import type { Exclusion } from '../leaf.ts';
import type { FileFact } from '../opening.ts';
import { codeOf, whyNot } from '../../platform/fault.ts';

/** The operand that means standard input. */
export const STDIN = '-';
/** Never declared: git protects its contents itself, and changes them with every command. */
const GIT_FOLDER = '.git';

/** What was found under the operands. */
export interface Found {
  readonly facts: readonly FileFact[];
  readonly excluded: readonly Exclusion[];
}

/** Shows how much of long work is done: the same as the client's and the command line's. */
export type ShowProgress = (label: string, total: number) => { at(done: number): void; end(): void };

/** `base`: absolute; paths are relative to it. `omit`: absolute paths to leave out of directories, with reasons. */
interface FactsOptions {
  readonly base: string;
  readonly omit: ReadonlyMap<string, string>;
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly progress?: ShowProgress | undefined;
}

/** Reads everything that absolute paths (or `-`) name. Refuses `not-found`, and `usage` for what is no file. */
export async function readFacts(paths: readonly string[], reading: FactsOptions): Promise<Found> {
  const facts = new Map<string, FileFact>();
  const excluded = new Map<string, Exclusion>();
  const add = (fact: FileFact): void => {
    assertName(fact.path);
    if ((facts.get(fact.path)?.type ?? fact.type) !== fact.type)
      throw refuse(
        'usage',
        `two things would be the leaf ${printable(fact.path)}; name it once, or rename one`,
      );
    facts.set(fact.path, fact);
  };
  const reads: Read[] = [];
  for (const path of paths) {
    if (path === STDIN)
      reads.push(async () => ({
        path: STDIN,
        type: 'stream',
        mode: undefined,
        ...(await hashStream(reading.stdin)),
      }));
    else if ((await named(path, stat(path))).isDirectory())
      await walk(path, reading, reads, (each) => void excluded.set(each.path, each));
    else reads.push(() => readFact(path, reading.base));
  }
  const shown = reading.progress?.('reading files', reads.length);
  try {
    for (const [done, read] of reads.entries()) {
      add(await read());
      shown?.at(done + 1);
    }
  } finally {
    shown?.end();
  }
  if (facts.size === 0)
    throw refuse('not-found', 'there are no files in what was named; nothing to commit to');
  return { facts: [...facts.values()], excluded: [...excluded.values()].toSorted(byPath) };
}

/** Reads one file or link that was found. */
type Read = () => Promise<FileFact>;

/** The order in which a commitment names them. */
const byPath = (a: Exclusion, b: Exclusion): number => (a.path < b.path ? -1 : 1);

/** What is at a path now, links followed. Refuses `not-found`, and `usage` when it is no regular file. */
export async function readFact(path: string, base: string): Promise<FileFact> {
  const stats = await named(path, stat(path));
  if (!stats.isFile())
    throw refuse('usage', `${path} is neither a file nor a directory; pipe it in and name it -`);
  return {
    path: nameFrom(base, path),
    type: 'file',
    mode: stats.mode % 0o10000,
    ...(await named(path, stats.size > AT_ONCE ? hashStream(createReadStream(path)) : hashAtOnce(path))),
  };
}

/** What a link is, without following it. */
export async function readLinkFact(path: string, base: string): Promise<FileFact> {
  const target = await named(path, readlink(path, { encoding: 'buffer' }));
  return { path: nameFrom(base, path), type: 'symlink', mode: undefined, ...(await hashStream([target])) };
}

/** Longest path of a leaf, bytes (spec/statements.md §8). */
const MAX_PATH = 1024;

/** Refuses a name that no leaf can have: otherwise it would be logged, and the owner's file could not be read again. */
function assertName(path: string): void {
  const mend = 'rename it, or leave it out';
  if (/\p{Cc}/u.test(path))
    throw refuse(
      'usage',
      `the name ${printable(path)} has a control character, so that no leaf can have it; ${mend}`,
    );
  if (encodeUtf8(path).length > MAX_PATH)
    throw refuse(
      'too-large',
      `the path ${printable(path, 100)} has more than ${MAX_PATH} bytes, so that no leaf can have it; ` +
        'commit a folder further down by itself',
    );
}

async function walk(
  folder: string,
  reading: FactsOptions,
  reads: Read[],
  exclude: (exclusion: Exclusion) => void,
): Promise<void> {
  const { base, omit } = reading;
  const names = await named(folder, readdir(folder, { encoding: 'buffer' }));
  for (const name of names.map((each) => nameOf(folder, each)).toSorted()) {
    const path = join(folder, name);
    const stats = await named(path, lstat(path));
    const reason = name === GIT_FOLDER ? 'kept by git itself' : omit.get(path);
    if (reason !== undefined) exclude({ path: nameFrom(base, path), reason });
    else if (stats.isSymbolicLink()) reads.push(() => readLinkFact(path, base));
    else if (stats.isDirectory()) await walk(path, reading, reads, exclude);
    else reads.push(() => readFact(path, base));
  }
}

/** The text of a name in a folder. Refuses `usage` for other bytes than UTF-8: two such names could read the same. */
function nameOf(folder: string, bytes: Uint8Array): string {
  try {
    return decodeUtf8(bytes);
  } catch (cause) {
    const path = printable(join(folder, Buffer.from(bytes).toString()));
    throw refuse(
      'usage',
      `the name ${path} is not UTF-8, so that no leaf can have it; rename it, or leave it out`,
      {
        cause,
      },
    );
  }
}

/** Waits for a read of a path; its failure is a refusal that names the path. */
async function named<T>(path: string, reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof Refusal) throw error;
    const what =
      codeOf(error) === 'ENOENT'
        ? `${path} is not there; check its name`
        : `cannot read ${path} (${whyNot(error)})`;
    throw refuse('not-found', what, { cause: error });
  }
}

/** Files up to this size are read whole: a stream costs more than they do. */
const AT_ONCE = 262_144;

async function hashAtOnce(path: string): Promise<{ readonly size: number; readonly sha256: Digest }> {
  return hashStream([await readFile(path)]);
}

/** Size and digest as read, whatever the file system said before. */
async function hashStream(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<{ readonly size: number; readonly sha256: Digest }> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of chunks) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { size, sha256: digest(new Uint8Array(hash.digest())) };
}

/** The deepest folder that holds all of these absolute paths. */
export function commonFolder(paths: readonly string[]): string {
  const [first = sep, ...others] = paths.map(dirname);
  let folder = first;
  while (others.some((other) => !holds(folder, other))) folder = dirname(folder);
  return folder;
}

/** Whether a folder is, or holds, a path. */
export function holds(folder: string, path: string): boolean {
  return path === folder || resolve(path).startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

function nameFrom(base: string, path: string): string {
  return relative(base, path).split(sep).join('/');
}
