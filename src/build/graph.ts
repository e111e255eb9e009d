/** What a module of the compiled tree reaches: modules by their imports, declarations by theirs, and packages. */
import { cpSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, normalize } from 'node:path';

export interface Reached {
  /** From the root of the tree: modules, and the declarations of all that their types name. */
  readonly files: readonly string[];
  /** Names of packages that modules load. */
  readonly packages: readonly string[];
  /** Names of packages that declarations name. */
  readonly typed: readonly string[];
}

/** Follows the imports of some modules of a compiled tree. */
export function reachedBy(tree: string, modules: readonly string[]): Reached {
  const packages = new Set<string>();
  const typed = new Set<string>();
  const files = new Set<string>();
  const visit = (file: string): void => {
    if (files.has(file)) return;
    files.add(file);
    for (const specifier of importsOf(readFileSync(join(tree, file), 'utf8'))) {
      if (specifier.startsWith('.')) visit(targetOf(file, specifier));
      else if (!isBuiltin(specifier)) (file.endsWith('.js') ? packages : typed).add(nameOf(specifier));
    }
  };
  for (const module of modules) visit(normalize(module));
  const loaded = [...files];
  for (const module of loaded) visit(module.replace(/\.js$/, '.d.ts'));
  return { files: [...files].toSorted(), packages: [...packages].toSorted(), typed: [...typed] };
}

/** Copies them to the same places of another folder. */
export function copyReached(tree: string, out: string, { files }: Reached): void {
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
