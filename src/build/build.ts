/**
 * `npm run build`: writes dist/, the packages as they would be published, from one tree.
 *
 *     dist/tallystick   the command, in one file (command.ts), and every export of package.json
 *     dist/verify       `@tallystick/verify`: what a reader needs to come to a verdict, for Node 20 and for browsers
 *
 * Node strips types from files of a project but not under node_modules, so a package has to be JavaScript: the compiler
 * makes it of all sources once, and each package gets what its exports reach (graph.ts).
 */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { copyBundled } from './bundled.ts';
import { bundleCommand } from './command.ts';
import { compile, ROOT } from './compile.ts';
import { copyReached, reachedBy } from './graph.ts';
import { manifestOf, projectManifest, type Package } from './manifest.ts';

/** The file of each subpath of the small package: those that run in a browser and lead to a verdict. */
const VERIFY = ['.', './client', './appraisal'];

/** Builds both packages into a folder, which is emptied first: `tallystick/` and `verify/`. */
export function build(out: string): void {
  rmSync(out, { recursive: true, force: true });
  const compiled = mkdtempSync(join(tmpdir(), 'tallystick-build-'));
  try {
    compile(compiled);
    const { exported } = projectManifest();
    writePackage(join(out, 'verify'), compiled, {
      name: '@tallystick/verify',
      description: 'Checks what a transparency log for configuration says, in Node and in browsers',
      exports: Object.fromEntries(VERIFY.map((path) => [path, exported[path] ?? ''])),
      readme: join(ROOT, 'src/build/verify.md'),
    });
    writePackage(join(out, 'tallystick'), compiled, {
      exports: exported,
      readme: join(ROOT, 'README.md'),
      starts: ['workers/checker-thread.js', 'service/sequencer-thread.js'],
      command: true,
    });
  } finally {
    rmSync(compiled, { recursive: true });
  }
}

function writePackage(out: string, compiled: string, made: Package): void {
  mkdirSync(out, { recursive: true });
  const reached = reachedBy(compiled, [...Object.values(made.exports), ...(made.starts ?? [])]);
  copyReached(compiled, out, reached);
  const outside = made.command === true ? bundleCommand(join(out, 'command')) : [];
  if (made.command === true) copyBundled(out);
  copyFileSync(join(ROOT, 'LICENSE'), join(out, 'LICENSE'));
  copyFileSync(made.readme, join(out, 'README.md'));
  const manifest = manifestOf(made, [...reached.packages, ...outside], reached.typed);
  writeFileSync(join(out, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
}

if (import.meta.main) build(join(ROOT, 'dist'));
