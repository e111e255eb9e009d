/**
 * `dist/explorer/`: what browsers get of the explorer, bundled, small, with a hash of its contents in each name, and a
 * manifest that says which file is what (src/explorer/assets.ts reads it). As a script it builds if a source has changed.
 */
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, extname, join } from 'node:path';
import { licensesIn } from './command.ts';
import { ROOT, run } from './compile.ts';

const PAGE = 'src/explorer/page';

/** The bundles: name and entry. */
const ENTRIES = [`app=${PAGE}/boot.ts`, `worker=${PAGE}/worker/verify-thread.ts`, `style=${PAGE}/style.css`];

/** cbor-x has a build that never asks for `eval`, which the pages' policy forbids and browsers report. */
const FLAGS =
  '--bundle --format=esm --platform=browser --target=es2022 --minify --charset=utf8 --legal-comments=none ' +
  '--log-level=warning --alias:cbor-x/decode=cbor-x/decode-no-eval';

/** What is beside the manifest, and says what the files were made of. */
const INPUTS = 'inputs.json';

/** Writes the files into a folder, which is emptied first. */
export function buildExplorer(out: string): void {
  const made = mkdtempSync(join(tmpdir(), 'tallystick-explorer-'));
  try {
    const account = join(made, 'account.json');
    const esbuild = join(ROOT, 'node_modules/esbuild-wasm/bin/esbuild');
    run(
      esbuild,
      [...ENTRIES, ...FLAGS.split(' '), `--outdir=${made}`, `--metafile=${account}`],
      'the pages cannot be bundled',
    );
    const { inputs }: { readonly inputs: Readonly<Record<string, unknown>> } = JSON.parse(
      readFileSync(account, 'utf8'),
    );
    writeFileSync(join(made, 'icon.svg'), readFileSync(join(ROOT, PAGE, 'icon.svg')));
    writeFileSync(join(made, 'licences.txt'), licensesIn(Object.keys(inputs)));
    rmSync(account);
    rmSync(out, { recursive: true, force: true });
    mkdirSync(out, { recursive: true });
    const names = readdirSync(made).map((file): [string, string] => [
      basename(file, extname(file)),
      hashed(out, file, readFileSync(join(made, file))),
    ]);
    writeFileSync(join(out, 'manifest.json'), `${JSON.stringify(Object.fromEntries(names), undefined, 2)}\n`);
    const sources = [...Object.keys(inputs), `${PAGE}/icon.svg`, 'src/build/explorer.ts'].toSorted();
    writeFileSync(join(out, INPUTS), JSON.stringify({ sources, digest: digestOf(sources) }));
  } finally {
    rmSync(made, { recursive: true });
  }
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
