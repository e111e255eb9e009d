/**
 * `dist/explorer/`: what browsers get of the explorer, bundled, small, with a hash of its contents in each name, and a
 * manifest that says which file is what (src/explorer/assets.ts reads it). As a script it builds if a source has changed.
 */
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, extname, join } from 'node:path';
import { bundleForBrowsers } from './browser.ts';
import { licensesIn } from './command.ts';
import { ROOT, run } from './compile.ts';
import { savedPage } from './saved.ts';

const PAGE = 'src/explorer/page';

/** The module scripts: name and entry. */
export const ENTRIES = {
  app: `${PAGE}/boot.ts`,
  worker: `${PAGE}/worker/verify-thread.ts`,
  files: `${PAGE}/examining/files-thread.ts`,
};

const STYLE = `${PAGE}/style.css`;
/** What it imports. */
const STYLES = `${PAGE}/style/*.css`;

/** What of the build decides what is in the files. */
const MAKERS = ['explorer.ts', 'lean/*.ts'];

/** What is beside the manifest, and says what the files were made of. */
const INPUTS = 'inputs.json';

/** Writes the files into a folder, which is emptied first. */
export function buildExplorer(out: string): void {
  const made = mkdtempSync(join(tmpdir(), 'tallystick-explorer-'));
  try {
    const { sources: modules, files, imports } = bundleForBrowsers(ENTRIES, 'es', made);
    smallStyle(join(made, 'style.css'));
    writeFileSync(join(made, 'icon.svg'), readFileSync(join(ROOT, PAGE, 'icon.svg')));
    const saved = savedPage(
      readFileSync(join(made, 'style.css'), 'utf8'),
      readFileSync(join(ROOT, PAGE, 'icon.svg'), 'utf8'),
    );
    writeFileSync(join(made, 'saved.html'), saved.html);
    writeFileSync(join(made, 'licences.txt'), licensesIn(modules));
    rmSync(out, { recursive: true, force: true });
    mkdirSync(out, { recursive: true });
    const names: Record<string, string> = { ...files };
    for (const file of readdirSync(made))
      // Scripts name each other, so that the bundler has given them names with their hashes.
      if (extname(file) === '.js') copyFileSync(join(made, file), join(out, file));
      else names[basename(file, extname(file))] = hashed(out, file, readFileSync(join(made, file)));
    const first = [...new Set([...(imports['app'] ?? []), ...(imports['worker'] ?? [])])];
    writeFileSync(join(out, 'manifest.json'), `${JSON.stringify({ ...names, first }, undefined, 2)}\n`);
    sayHash(join(out, names['saved'] ?? ''));
    const makers = MAKERS.flatMap((each) => globSync(each, { cwd: import.meta.dirname }));
    const sources = [
      ...modules,
      ...saved.sources,
      STYLE,
      ...globSync(STYLES, { cwd: ROOT }),
      `${PAGE}/icon.svg`,
      ...makers.map((each) => `src/build/${each}`),
    ].toSorted();
    writeFileSync(join(out, INPUTS), JSON.stringify({ sources, digest: digestOf(sources) }));
  } finally {
    rmSync(made, { recursive: true });
  }
}

/** Prints the SHA-256 of verify.html, and writes it beside it: a release publishes it. */
function sayHash(path: string): void {
  const hash = createHash('sha256').update(readFileSync(path)).digest('hex');
  writeFileSync(`${path}.sha256`, `${hash}  verify.html\n`);
  console.log(`verify.html: SHA-256 ${hash}`);
}

function smallStyle(path: string): void {
  const esbuild = join(ROOT, 'node_modules/esbuild-wasm/bin/esbuild');
  const flags = ['--bundle', '--minify', '--charset=utf8', '--log-level=warning', `--outfile=${path}`];
  run(esbuild, [STYLE, ...flags], 'the style is no CSS');
}

/** Writes a file under a name with its hash; returns the name. */
function hashed(out: string, file: string, bytes: Buffer): string {
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
  const name = `${basename(file, extname(file))}-${hash}${extname(file)}`;
  writeFileSync(join(out, name), bytes);
  return name;
}

function digestOf(sources: readonly string[]): string {
  const hash = createHash('sha256');
  for (const source of sources) {
    const path = join(ROOT, source);
    hash
      .update(source)
      .update('\0')
      .update(existsSync(path) ? readFileSync(path) : '')
      .update('\0');
  }
  return hash.digest('hex');
}

/** Whether a folder was built from the sources as they are. */
function isFresh(out: string): boolean {
  const inputs = join(out, INPUTS);
  if (!existsSync(inputs) || !existsSync(join(out, 'manifest.json'))) return false;
  const { sources, digest }: { readonly sources: readonly string[]; readonly digest: string } = JSON.parse(
    readFileSync(inputs, 'utf8'),
  );
  return digestOf(sources) === digest;
}

if (import.meta.main) {
  const out = join(ROOT, 'dist/explorer');
  if (!isFresh(out)) buildExplorer(out);
}
