/**
 * `npm run build`: writes dist/, the package as it is published: ES modules with declarations, the bin, and
 * a package.json of its own. Node strips types from files of a project but not under node_modules, so a
 * package has to be JavaScript.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');

/** What a published manifest keeps of this one; no private, scripts, devDependencies, pinned Node. */
const KEPT = ['name', 'version', 'description', 'license', 'type', 'engines', 'dependencies'];

/** Builds the package of this clone into a folder, which is emptied first. */
export function build(out: string): void {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  compile(out);
  cpSync(join(ROOT, 'src'), out, { recursive: true, filter: (path) => !path.endsWith('.ts') });
  for (const name of ['LICENSE', 'README.md']) copyFileSync(join(ROOT, name), join(out, name));
  writeFileSync(join(out, 'package.json'), `${JSON.stringify(manifest(), undefined, 2)}\n`);
  if (!existsSync(join(out, 'cli/main.js'))) throw new Error('the compiler wrote no cli/main.js');
}

/** The project's own options, but emitting; the file lies in `out` only while it is needed. */
function compile(out: string): void {
  const project = join(out, 'tsconfig.json');
  const compilerOptions = {
    noEmit: false,
    rootDir: join(ROOT, 'src'),
    outDir: out,
    declaration: true,
    rewriteRelativeImportExtensions: true,
    typeRoots: [join(ROOT, 'node_modules/@types')],
  };
  const options = {
    extends: join(ROOT, 'tsconfig.json'),
    compilerOptions,
    include: [join(ROOT, 'src')],
    exclude: [import.meta.filename],
  };
  writeFileSync(project, JSON.stringify(options));
  // Not bin/tsc, which has no extension: the loader of a test runner takes it for CommonJS.
  const compiler = join(ROOT, 'node_modules/typescript/lib/tsc.js');
  const { status } = spawnSync(process.execPath, [compiler, '-p', project], { stdio: 'inherit' });
  rmSync(project);
  if (status !== 0) throw new Error('the sources do not compile; see above');
}

function manifest(): object {
  const project: unknown = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  if (typeof project !== 'object' || project === null) throw new Error('package.json is no object');
  const kept = Object.entries(project).filter(([name]) => KEPT.includes(name));
  return {
    ...Object.fromEntries(kept),
    bin: { tallystick: 'cli/bin.cjs' },
    exports: { '.': { types: './index.d.ts', default: './index.js' } },
    sideEffects: false,
  };
}

if (import.meta.main) build(join(ROOT, 'dist'));
