/**
 * Bundles for browsers, as small as the verifier gets: rollup, which leaves out what nobody names; the lean forms of four
 * libraries; then methods that nothing can call (methods.ts); then terser. A script, because rollup and terser are asynchronous
 * and the build is not: node bundle.ts SPEC, a JSON file with a `Spec`; it writes the files, and an `Account`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join, relative } from 'node:path';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import { rollup, type InputPluginOption, type OutputChunk, type RollupOptions } from '@rollup/wasm-node';
import { minify } from 'terser';
import { leanAsn1js } from './asn1js.ts';
import { leanCborX } from './cborx.ts';
import { LEAN_CEL } from './cel.ts';
import { withoutDeadMethods } from './methods.ts';
import { LEAN_NOBLE } from './noble.ts';
import { leanPkijs } from './pkijs.ts';
import { leanRe2js } from './re2js.ts';
import { placesIn, sharesOf, type Share } from './shares.ts';

export interface Spec {
  /** Absolute path of the module of each entry, by name. */
  readonly entries: Readonly<Record<string, string>>;
  /** Several module scripts, which share chunks and load some of them later; or one classic script. */
  readonly format: 'es' | 'iife';
  readonly out: string;
  /** Where the account is written. */
  readonly account: string;
  /** The clone: sources are named from it. */
  readonly root: string;
  /** Whether to say which sources the bytes come from (shares.ts). */
  readonly shares: boolean;
}

/** What the bundles are made of, and how an entry is called. */
export interface Account {
  readonly sources: readonly string[];
  /** File of each entry, by name. */
  readonly files: Readonly<Record<string, string>>;
  /** Files that an entry imports at once, and those that these import, by the entry's name. */
  readonly imports: Readonly<Record<string, readonly string[]>>;
  /** What of each file comes from where; none if that was not asked for. */
  readonly shares: readonly Share[];
}

/** No module of ours, nor one of the libraries', does anything that shows when it is loaded, but for entries. */
const SHAKING: RollupOptions['treeshake'] = {
  moduleSideEffects: false,
  propertyReadSideEffects: false,
  tryCatchDeoptimization: false,
  unknownGlobalSideEffects: false,
};

/** Libraries by the end of a module's path, and what is bundled in its place. */
const LEAN: readonly (readonly [path: string, lean: (code: string) => string])[] = [
  ['/asn1js/build/index.js', leanAsn1js],
  ['/pkijs/build/index.js', leanPkijs],
  ['/re2js/build/index.js', leanRe2js],
  ...LEAN_CEL.map(([name, lean]) => [`/@marcbachmann/cel-js/lib/${name}`, lean] as const),
  ['/cbor-x/decode.js', leanCborX],
  ...LEAN_NOBLE,
];

const READ: readonly InputPluginOption[] = [
  {
    name: 'sources',
    transform(code, path) {
      const lean = LEAN.find(([end]) => path.endsWith(end))?.[1];
      if (lean !== undefined) return { code: lean(code), map: null };
      return path.endsWith('.ts') ? { code: stripTypeScriptTypes(code), map: null } : null;
    },
  },
  nodeResolve({
    exportConditions: ['module', 'import', 'default'],
    mainFields: ['module', 'main'],
    extensions: ['.js'],
  }),
];

async function chunksOf(
  input: Readonly<Record<string, string>>,
  plugins: readonly InputPluginOption[],
  { format, shares }: Spec,
  last?: InputPluginOption,
): Promise<readonly OutputChunk[]> {
  const made = await rollup({
    input: { ...input },
    treeshake: SHAKING,
    // A worker is started by a URL of its own (`?others`). A chunk that imported its entry would run it a second time.
    preserveEntrySignatures: 'strict',
    plugins: [...plugins],
    onwarn({ code, message }) {
      if (code !== 'CIRCULAR_DEPENDENCY' && code !== 'EMPTY_BUNDLE') throw new Error(message);
    },
  });
  const names = last === undefined ? '[name].js' : '[name]-[hash:16].js';
  const { output } = await made.generate({
    format: last === undefined ? 'es' : format,
    hashCharacters: 'hex',
    entryFileNames: names,
    chunkFileNames: names,
    inlineDynamicImports: format === 'iife',
    sourcemap: last !== undefined && shares ? 'hidden' : false,
    plugins: [last],
  });
  return output.filter((each) => each.type === 'chunk');
}

/** A first bundle as modules to bundle again. `begun`: those with the code of an entry, which does something when it is loaded. */
function modules(chunks: ReadonlyMap<string, string>, begun: ReadonlySet<string>): InputPluginOption {
  return {
    name: 'chunks',
    resolveId: (name) => name.replace(/^\.\//, ''),
    load(name) {
      const code = chunks.get(name);
      return code === undefined ? null : { code, moduleSideEffects: begun.has(name) };
    },
  };
}

const TERSER: InputPluginOption = {
  name: 'terser',
  async renderChunk(code, _chunk, { sourcemap }) {
    const small = await minify(code, {
      sourceMap: sourcemap !== false,
      module: true,
      ecma: 2020,
      compress: { passes: 2, pure_getters: true },
      format: { comments: false, ascii_only: false },
    });
    return { code: small.code ?? '', map: typeof small.map === 'string' ? small.map : null };
  },
};

async function bundle(spec: Spec): Promise<void> {
  const first = await chunksOf(spec.entries, READ, spec);
  const sources = first.flatMap(({ moduleIds }) => moduleIds).map((path) => relative(spec.root, path));
  const pruned = withoutDeadMethods(new Map(first.map(({ fileName, code }) => [fileName, code])));
  const entries = Object.fromEntries(Object.keys(spec.entries).map((name) => [name, `${name}.js`]));
  const starts = new Set(Object.values(spec.entries));
  const starting = first.filter(({ moduleIds }) => moduleIds.some((id) => starts.has(id)));
  const again = modules(pruned, new Set(starting.map(({ fileName }) => fileName)));
  const chunks = await chunksOf(entries, [again], spec, TERSER);
  for (const { fileName, code } of chunks) writeFileSync(join(spec.out, fileName), code);
  const begun = chunks.filter(({ isEntry }) => isEntry);
  const shares = spec.shares
    ? chunks.flatMap((each) => sharesOf(each, placesIn(first), (id) => groupOf(relative(spec.root, id))))
    : [];
  const account: Account = {
    sources: sources.toSorted(),
    files: Object.fromEntries(begun.map(({ name, fileName }) => [name, fileName])),
    imports: Object.fromEntries(begun.map(({ name, fileName }) => [name, importedBy(fileName, chunks)])),
    shares,
  };
  writeFileSync(spec.account, JSON.stringify(account));
}

/** All that a file imports at once. */
function importedBy(file: string, chunks: readonly OutputChunk[]): readonly string[] {
  const found = new Set<string>();
  const visit = (name: string): void => {
    for (const each of chunks.find(({ fileName }) => fileName === name)?.imports ?? []) {
      if (found.has(each)) continue;
      found.add(each);
      visit(each);
    }
  };
  visit(file);
  return [...found];
}

/** The package of a source, or its room of src/. */
function groupOf(path: string): string {
  const [, name] = /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/.exec(path) ?? [];
  return name ?? path.split('/').slice(0, 2).join('/');
}

if (import.meta.main) await bundle(JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')));
