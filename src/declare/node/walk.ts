/**
 * What lies in a folder that was named, one rule for every kind of source. Links are followed within what was named, and never
 * round: a link to a folder that it lies in is refused, since a program that follows it finds its own files again without end.
 */
import { readdirSync, realpathSync, statSync, type Dirent } from 'node:fs';
import { join, sep } from 'node:path';
import { printable } from '../../bytes/printable.ts';
import { refuse } from '../../bytes/refusal.ts';
import { whyNot } from '../../platform/fault.ts';

/** Most files, links and folders of a folder with all below it. */
const MAX_ENTRIES = 200_000;

/** A file, a link, or what is neither (a pipe, a device). */
export interface Met {
  /** From the folder that was walked, with the system's separators. */
  readonly path: string;
  readonly kind: 'file' | 'link' | 'other';
  /** What a link leads to; undefined of a link that leads nowhere. Of all others what they are. */
  readonly leads: 'file' | 'folder' | 'other' | undefined;
}

interface Walking {
  readonly recursive: boolean;
  /** Whether links to folders are gone into. */
  readonly follow: boolean;
}

/** Everything in a folder but the folders. Refuses `usage` for a link that goes round, `too-large`, and `not-found` for what cannot be read. */
export function* walk(folder: string, { recursive, follow }: Walking): Generator<Met> {
  const open: { readonly at: string; readonly above: readonly string[] }[] = [{ at: '', above: [] }];
  let count = 0;
  for (const { at, above } of open) {
    const real = realpathSync(join(folder, at));
    if (above.includes(real))
      throw refuse(
        'usage',
        `${printable(join(folder, at))} is a link to a folder that it lies in, so that its files have names without end; take it out, or ` +
          'name the files themselves',
      );
    for (const entry of entriesOf(join(folder, at))) {
      if (++count > MAX_ENTRIES)
        throw refuse(
          'too-large',
          `more than ${MAX_ENTRIES} files, links and folders in ${printable(folder)}; name a smaller folder`,
        );
      const path = join(at, entry.name);
      const leads = leadsTo(entry, join(folder, path));
      if (recursive && leads === 'folder' && (follow || entry.isDirectory()))
        open.push({ at: path, above: [...above, real] });
      if (!entry.isDirectory())
        yield { path, kind: entry.isSymbolicLink() ? 'link' : entry.isFile() ? 'file' : 'other', leads };
    }
  }
}

function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true, encoding: 'utf8' });
  } catch (error) {
    throw refuse('not-found', `cannot read the folder ${printable(folder)} (${whyNot(error)})`, {
      cause: error,
    });
  }
}

function leadsTo(entry: Dirent, path: string): Met['leads'] {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'folder';
  if (!entry.isSymbolicLink()) return 'other';
  try {
    const found = statSync(path);
    return found.isFile() ? 'file' : found.isDirectory() ? 'folder' : 'other';
  } catch {
    // It leads nowhere, to itself, or to where this user may not look.
    return undefined;
  }
}

/** Refuses `usage` for a file that lies, by a link to it or to a folder above it, out of everything that was named. */
export function assertInside(path: string, roots: readonly string[]): void {
  const real = realpathSync(path);
  const inside = roots.flatMap(realPaths);
  if (inside.some((root) => real === root || real.startsWith(root === sep ? sep : root + sep))) return;
  throw refuse(
    'usage',
    `it is a link to ${printable(real)}, out of what was named; name that file or its folder, too, if it belongs to this`,
  );
}

/** Where a root lies; nowhere if it is not there, which is refused when it is read. */
function realPaths(root: string): readonly string[] {
  try {
    return [realpathSync(root)];
  } catch {
    return [];
  }
}
