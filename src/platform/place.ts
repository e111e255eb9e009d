/** Where the program lies: a clone, or a package under node_modules, be it one file or many. */
import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const found = findManifest(import.meta.dirname);

/** `0.1.0` and so on (semver). */
export const VERSION = memberOf('version', found.manifest.version);

/** The file of the `tallystick` command. */
export const COMMAND_FILE = join(found.folder, memberOf('bin', found.manifest.bin?.tallystick));

/** The folder that has all that the program loads: packages may lie beside its own folder. */
export function programFolder(): string {
  for (let { folder } = found; ; folder = dirname(folder)) {
    if (basename(folder) === 'node_modules') return folder;
    if (dirname(folder) === folder) return found.folder;
  }
}

/** The package.json that stands above this file, and its folder. */
function findManifest(folder: string): {
  readonly folder: string;
  readonly manifest: { readonly version?: unknown; readonly bin?: { readonly tallystick?: unknown } };
} {
  let text: string;
  try {
    text = readFileSync(join(folder, 'package.json'), 'utf8');
  } catch (error) {
    const above = dirname(folder);
    if (above === folder) throw new Error('package.json is missing above the program', { cause: error });
    return findManifest(above);
  }
  return { folder, manifest: JSON.parse(text) };
}

function memberOf(name: string, value: unknown): string {
  if (typeof value !== 'string') throw new Error(`no ${name} in ${found.folder}/package.json`);
  return value;
}
