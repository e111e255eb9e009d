/** Every source as JavaScript with declarations, by the project's own options. */
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The clone. */
export const ROOT = resolve(import.meta.dirname, '../..');

/** Compiles src/ into a folder, laid out as src/ is; what builds it is left out, and what browsers get in bundles (explorer.ts). */
export function compile(out: string): void {
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
    exclude: ['src/build', 'src/explorer/page', 'src/explorer/saved'].map((folder) => join(ROOT, folder)),
  };
  writeFileSync(project, JSON.stringify(options));
  // Not bin/tsc, which has no extension: the loader of a test runner takes it for CommonJS.
  run(join(ROOT, 'node_modules/typescript/lib/tsc.js'), ['-p', project], 'the sources do not compile');
  rmSync(project);
}

/** Runs a program of a package with this Node; throws when it fails, which it says itself. */
export function run(program: string, args: readonly string[], failure: string): void {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('NODE_')));
  const { status } = spawnSync(process.execPath, [program, ...args], { cwd: ROOT, env, stdio: 'inherit' });
  if (status !== 0) throw new Error(`${failure}; see above`);
}
