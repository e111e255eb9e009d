/**
 * Packages that lie in the tarball of `tallystick`. These, or what they need, say that they want Node 22 or newer, and npm
 * would warn of it on a machine whose own Node is 20, although the command looks for Node 26 beside itself. npm does not ask
 * what a tarball brings. So the versions of all that they need are those of the lockfile, too.
 */
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { ROOT } from './compile.ts';

export const BUNDLED = [
  '@fastify/swagger-ui',
  '@secretlint/secretlint-rule-preset-recommend',
  '@sigstore/bundle',
  '@sigstore/core',
  '@sigstore/verify',
  'better-sqlite3',
  'fastify',
];

/** What no program loads: tests and pages of packages, and the source of SQLite, whose binaries are there. */
const LEFT_OUT = /^(?:node_modules|test|tests|docs|benchmarks?|deps|\.github)$|\.map$/;

/** Copies the packages, and those that they need, to where they lie in a folder as they lie in the clone. */
export function copyBundled(out: string): void {
  const folders = new Set<string>();
  const visit = (folder: string): void => {
    if (folders.has(folder)) return;
    folders.add(folder);
    const manifest: { readonly dependencies?: Readonly<Record<string, string>> } = JSON.parse(
      readFileSync(join(folder, 'package.json'), 'utf8'),
    );
    for (const name of Object.keys(manifest.dependencies ?? {})) visit(folderOf(name, folder));
  };
  for (const name of BUNDLED) visit(folderOf(name, ROOT));
  for (const folder of folders)
    cpSync(folder, join(out, relative(ROOT, folder)), {
      recursive: true,
      filter: (path) => path === folder || !LEFT_OUT.test(basename(path)),
    });
}

/** Where Node finds a package that a folder names. */
function folderOf(name: string, from: string): string {
  const folder = join(from, 'node_modules', name);
  if (existsSync(folder)) return folder;
  if (from === ROOT) throw new Error(`${name} is not installed`);
  return folderOf(name, dirname(from));
}
