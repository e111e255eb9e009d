/**
 * The `tallystick` command as one file. Each command is a process, and Node takes about a millisecond for each module that it
 * finds, reads and links: `status` has 300 of ours. In one CommonJS file every module is a function that runs when it
 * is first needed, packages that stay outside are required only then, and Node's compile cache keeps one entry.
 *
 * Outside stay packages with native code or files of their own, and what only servers load.
 */
import { copyFileSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { ROOT, run } from './compile.ts';

/** The command, and the threads that it starts, which lie beside it (workers/thread.ts). */
const ENTRIES = [
  'main=src/cli/main.ts',
  'checker-thread=src/workers/checker-thread.ts',
  'sequencer-thread=src/service/sequencer-thread.ts',
  'history-thread=src/service/history-thread.ts',
  'overview-thread=src/explorer/overview/overview-thread.ts',
];

const OUTSIDE = [
  'better-sqlite3',
  'sodium-native',
  'fastify',
  '@fastify/*',
  'typebox',
  'pino',
  'pg',
  '@bufbuild/protobuf',
  '@platformatic/*',
  'close-with-grace',
  '@secretlint/*',
  '@sigstore/*',
];

/** What CommonJS has in place of a module's own URL. */
const PLACE = `const __url = require('node:url').pathToFileURL(__filename).href;`;

/** Without a platform, packages give the modules that browsers get: those that need no CommonJS. */
const FLAGS =
  '--bundle --format=cjs --out-extension:.js=.cjs --platform=neutral --conditions=command --main-fields=module,main --target=node26 ' +
  '--minify-whitespace --minify-syntax --define:import.meta.url=__url --define:import.meta.dirname=__dirname --log-level=warning';

/** What is read of esbuild's account. */
interface Account {
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly outputs: Readonly<
    Record<string, { readonly imports: readonly { readonly path: string; readonly external?: boolean }[] }>
  >;
}

/** Writes the command into a folder; names the packages that it needs beside it. */
export function bundleCommand(out: string): readonly string[] {
  mkdirSync(out, { recursive: true });
  const account = join(out, 'account.json');
  const external = ['node:*', ...OUTSIDE].map((name) => `--external:${name}`);
  const places = [...external, `--outdir=${out}`, `--metafile=${account}`];
  const esbuild = join(ROOT, 'node_modules/esbuild-wasm/bin/esbuild');
  run(
    esbuild,
    [...ENTRIES, ...FLAGS.split(' '), `--banner:js=${PLACE}`, ...places],
    'the command cannot be bundled',
  );
  const { inputs, outputs }: Account = JSON.parse(readFileSync(account, 'utf8'));
  rmSync(account);
  for (const name of ['bin.cjs', 'preflight.cjs']) copyFileSync(join(ROOT, 'src/cli', name), join(out, name));
  writeFileSync(join(out, 'LICENSES.txt'), licensesIn(Object.keys(inputs)));
  const imported = Object.values(outputs).flatMap(({ imports }) => imports.map(({ path }) => path));
  const outside = imported.filter((path) => !isBuiltin(path) && !path.startsWith('.'));
  return [...new Set(outside.map(packageOf))].toSorted();
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** Folders under node_modules whose files went into the bundle. */
function packagesIn(inputs: readonly string[]): readonly string[] {
  const found = inputs.flatMap(
    (path) => /^(?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[0] ?? [],
  );
  return [...new Set(found)].toSorted();
}

/** The licences of the packages that files were taken from, as they ask for. Throws for a package that brings none. */
export function licensesIn(inputs: readonly string[]): string {
  return packagesIn(inputs)
    .map((folder) => {
      const name = folder.replace(/^.*node_modules\//, '');
      const [file] = globSync('{LICENSE,LICENCE,license}*', { cwd: join(ROOT, folder) });
      if (file === undefined) throw new Error(`${name} is bundled and brings no licence`);
      return `== ${name}\n\n${readFileSync(join(ROOT, folder, file), 'utf8').trim()}\n`;
    })
    .join('\n');
}
