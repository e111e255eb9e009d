/**
 * `npm run build`: writes dist/, the packages as they would be published, from one tree.
 *
 *     dist/tallystick   the command, in one file (command.ts), and every export of package.json
 *     dist/explorer     the pages that servers serve (explorer.ts); `tallystick` has them as `pages`
 *     dist/verify       `@tallystick/verify`: what a reader needs to come to a verdict, for Node 20 and for browsers
 *
 * Node strips types from files of a project but not under node_modules, so a package has to be JavaScript: the compiler
 * makes it of all sources once, and each package gets what its exports reach (graph.ts).
 */
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { tmpdir } from 'node:os';
import { copyBundled } from './bundled.ts';
import { bundleCommand } from './command.ts';
import { ROOT, compile } from './compile.ts';
import { buildExplorer } from './explorer.ts';
import { bundleVerifier } from './verifier.ts';
import { manifestOf, projectManifest, targetsIn, type Package } from './manifest.ts';
import { isBuiltin } from 'node:module';

/** The file of each subpath of the small package: those that run in a browser and lead to a verdict. */
const VERIFY = ['.', './client', './appraisal', './audit'];

/** Builds both packages into a folder, which is emptied first: `tallystick/` and `verify/`, and `explorer/`. */
export function build(out: string): void {
  rmSync(out, { recursive: true, force: true });
  const compiled = mkdtempSync(join(tmpdir(), 'tallystick-build-'));
  try {
    compile(compiled);
    buildExplorer(join(out, 'explorer'));
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
      starts: [
        'workers/checker-thread.js',
        'service/sequencer-thread.js',
        'service/history-thread.js',
        'explorer/overview/overview-thread.js',
      ],
      command: true,
    });
  } finally {
    rmSync(compiled, { recursive: true });
  }
}

function writePackage(out: string, compiled: string, made: Package): void {
  mkdirSync(out, { recursive: true });
  const reached = reachedBy(compiled, [...Object.values(made.exports), ...(made.starts ?? [])], made);
  copyReached(compiled, out, reached);
  const outside = made.command === true ? bundleCommand(join(out, 'command')) : [];
  bundleVerifier(join(out, made.command === true ? 'command/verify.mjs' : 'verify.mjs'));
  if (made.command === true) {
    copyBundled(out);
    cpSync(join(out, '../explorer'), join(out, 'pages'), { recursive: true });
  }
  copyFileSync(join(ROOT, 'LICENSE'), join(out, 'LICENSE'));
  copyFileSync(made.readme, join(out, 'README.md'));
  const manifest = manifestOf(made, [...reached.packages, ...outside], reached.typed);
  writeFileSync(join(out, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
}

if (import.meta.main) build(join(ROOT, 'dist'));

interface Reached {
  /** From the root of the tree: modules, and the declarations of all that their types name. */
  readonly files: readonly string[];
  /** Names of packages that modules load. */
  readonly packages: readonly string[];
  /** Names of packages that declarations name. */
  readonly typed: readonly string[];
}

/** Follows the imports of some modules of a compiled tree. */
function reachedBy(tree: string, modules: readonly string[], made: Package): Reached {
  const { imported } = projectManifest();
  const packages = new Set<string>();
  const typed = new Set<string>();
  const files = new Set<string>();
  const visit = (file: string): void => {
    if (files.has(file)) return;
    files.add(file);
    for (const specifier of importsOf(readFileSync(join(tree, file), 'utf8'))) {
      if (specifier.startsWith('.')) visit(targetOf(file, specifier));
      else if (specifier.startsWith('#'))
        for (const module of Object.values(targetsIn(made, imported[specifier] ?? {})))
          visit(normalize(module));
      else if (!isBuiltin(specifier)) (file.endsWith('.js') ? packages : typed).add(nameOf(specifier));
    }
  };
  for (const module of modules) visit(normalize(module));
  const loaded = [...files];
  for (const module of loaded) visit(module.replace(/\.js$/, '.d.ts'));
  return { files: [...files].toSorted(), packages: [...packages].toSorted(), typed: [...typed] };
}

/** Copies them to the same places of another folder. */
function copyReached(tree: string, out: string, { files }: Reached): void {
  for (const file of files) cpSync(join(tree, file), join(out, file), { recursive: true });
}

/** Declarations name sources, as the compiler leaves them; theirs are found beside. */
function targetOf(file: string, specifier: string): string {
  const target = join(dirname(file), specifier);
  return file.endsWith('.d.ts') ? target.replace(/\.ts$/, '.d.ts') : target;
}

function importsOf(code: string): readonly string[] {
  const from = code.matchAll(/^(?:import|export)\b(?:[\w\s{},*$]*\bfrom)?\s*['"]([^'"]+)['"]/gm);
  const later = code.matchAll(/\bimport\(\s*['"]([^'"]+)['"]/g);
  const required = code.matchAll(/\bcreateRequire\([^)]*\)\(\s*['"]([^'"]+)['"]/g);
  return [...from, ...later, ...required].map(([, specifier]) => specifier ?? '');
}

/** `@noble/hashes` of `@noble/hashes/sha2.js`. */
function nameOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
