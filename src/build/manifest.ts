/** The package.json of what is built: no private, scripts, devDependencies, pinned Node. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BUNDLED } from './bundled.ts';
import { ROOT } from './compile.ts';

/** What a package is made of. */
export interface Package {
  /** Default: the project's own. */
  readonly name?: string;
  readonly description?: string;
  /** Module in the compiled tree by subpath. */
  readonly exports: Readonly<Record<string, string>>;
  readonly readme: string;
  /** Modules that are started and not imported: threads. */
  readonly starts?: readonly string[];
  /** Whether it brings the command. */
  readonly command?: true;
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly engines: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

/** The project's manifest; `exported`: the module that each subpath becomes. */
export function projectManifest(): Manifest & { readonly exported: Readonly<Record<string, string>> } {
  const manifest: Manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const { './package.json': _, ...sources } = manifest.exports;
  const exported = Object.entries(sources).map(([path, source]) => [
    path,
    source.replace(/^\.\/src\//, './').replace(/\.ts$/, '.js'),
  ]);
  return { ...manifest, exported: Object.fromEntries(exported) };
}

/**
 * The manifest of a package that loads `packages`, and whose declarations name `typed`. Throws for a package that the project
 * does not depend on.
 */
export function manifestOf(made: Package, packages: readonly string[], typed: readonly string[]): object {
  const { name, version, description, license, engines, dependencies, devDependencies } = projectManifest();
  const types = Object.entries(devDependencies).filter(([each]) =>
    typed.some((of) => each === `@types/${of}`),
  );
  const needed = [...new Set(packages)].toSorted().map((each): [string, string] => {
    const wanted = dependencies[each];
    if (wanted === undefined) throw new Error(`${each} is no dependency of the project`);
    return [each, wanted];
  });
  const subpaths = Object.entries(made.exports).map(([path, module]) => [
    path,
    { types: module.replace(/\.js$/, '.d.ts'), default: module },
  ]);
  return {
    name: made.name ?? name,
    version,
    description: made.description ?? description,
    license,
    type: 'module',
    engines,
    ...(made.command && { bin: { tallystick: 'command/bin.cjs' } }),
    exports: { ...Object.fromEntries(subpaths), './package.json': './package.json' },
    // No module of ours works when it is loaded, but for the command and the threads.
    sideEffects: made.command ? ['./command/*', './**/*-thread.js'] : false,
    dependencies: Object.fromEntries([...types, ...needed]),
    ...(made.command && { bundleDependencies: BUNDLED }),
  };
}
