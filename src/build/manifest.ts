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

/** Module in the compiled tree by condition, for what differs between Node and browsers. */
type Imports = Readonly<Record<string, Readonly<Record<string, string>>>>;

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly engines: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string>>;
  readonly imports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

/** A source's module in the compiled tree. */
const moduleOf = (source: string): string => source.replace(/^\.\/src\//, './').replace(/\.ts$/, '.js');

/**
 * The project's manifest; `exported`: the module that each subpath becomes; `imported`: the modules that `#name` becomes, by condition.
 */
export function projectManifest(): Manifest & {
  readonly exported: Readonly<Record<string, string>>;
  readonly imported: Imports;
} {
  const manifest: Manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const { './package.json': _, ...sources } = manifest.exports;
  const exported = Object.entries(sources).map(([path, source]) => [path, moduleOf(source)]);
  const imported = Object.entries(manifest.imports).flatMap(([name, targets]) =>
    typeof targets === 'string'
      ? []
      : [
          [
            name,
            Object.fromEntries(Object.entries(targets).map(([each, source]) => [each, moduleOf(source)])),
          ],
        ],
  );
  return { ...manifest, exported: Object.fromEntries(exported), imported: Object.fromEntries(imported) };
}

/**
 * The manifest of a package that loads `packages`, and whose declarations name `typed`. Throws for a package that the project
 * does not depend on.
 */
export function manifestOf(made: Package, packages: readonly string[], typed: readonly string[]): object {
  const { name, version, description, license, engines, dependencies, devDependencies, imported } =
    projectManifest();
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
    imports: Object.fromEntries(
      Object.entries(imported).map(([each, targets]) => [each, targetsIn(made, targets)]),
    ),
    // No module of ours works when it is loaded, but for the command and the threads.
    sideEffects: made.command ? ['./command/*', './**/*-thread.js'] : false,
    dependencies: Object.fromEntries([...types, ...needed]),
    ...(made.command && { bundleDependencies: BUNDLED }),
  };
}

/** What `#name` becomes in a package: in the small one the module for browsers, so that it needs no packages of Node's own. */
export function targetsIn(
  { command }: Pick<Package, 'command'>,
  { node = '', default: fallback = '' }: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return command === true ? { node, default: fallback } : { default: fallback };
}
