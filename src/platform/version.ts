/** The program's own version, from the package.json that stands above this file in the clone and in the package. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** `0.1.0` and so on (semver). */
export const VERSION = readVersion(import.meta.dirname);

function readVersion(folder: string): string {
  let text: string;
  try {
    text = readFileSync(join(folder, 'package.json'), 'utf8');
  } catch (error) {
    const above = dirname(folder);
    if (above === folder) throw new Error('package.json is missing above the program', { cause: error });
    return readVersion(above);
  }
  const manifest: unknown = JSON.parse(text);
  if (typeof manifest !== 'object' || manifest === null || !('version' in manifest)) {
    throw new Error(`no version in ${folder}/package.json`);
  }
  return String(manifest.version);
}
