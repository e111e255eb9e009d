/** Bundles a program as its users would: esbuild, rollup and webpack, in their builds without native code. */
import { rollup } from '@rollup/wasm-node';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import { build, type BuildOptions } from 'esbuild-wasm';
import { dirname, join } from 'node:path';
import webpack from 'webpack';

/** Writes a module a bundler beside `entry`, and what it loads later; returns their paths by name. */
export async function bundleAll(entry: string): Promise<Record<string, string>> {
  const folder = dirname(entry);
  const to = (name: string): string => join(folder, `${name}.mjs`);
  const common: BuildOptions = { entryPoints: [entry], bundle: true, minify: true, format: 'esm' };
  await build({ ...common, platform: 'browser', outfile: to('esbuild') });
  await build({ ...common, platform: 'node', outfile: to('esbuild-node') });
  const rolled = await rollup({ input: entry, plugins: [nodeResolve({ browser: true })] });
  // What is imported later stays in files of its own: inlined, it would come after a program that waits for it.
  const chunks = { entryFileNames: 'rollup.mjs', chunkFileNames: 'rollup-[name].mjs' };
  await rolled.write({ dir: folder, format: 'esm', ...chunks });
  await rolled.close();
  await pack(entry, folder, 'webpack.mjs');
  return Object.fromEntries(['esbuild', 'esbuild-node', 'rollup', 'webpack'].map((name) => [name, to(name)]));
}

async function pack(entry: string, path: string, filename: string): Promise<void> {
  const compiler = webpack({
    mode: 'production',
    entry,
    target: ['web', 'es2022'],
    plugins: [new webpack.optimize.LimitChunkCountPlugin({ maxChunks: 1 })],
    experiments: { outputModule: true },
    output: { path, filename, module: true, chunkFormat: 'module' },
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  compiler.run((error, stats) => {
    if (error !== null) return reject(error);
    if (stats?.hasErrors() === true) return reject(new Error(stats.toString('errors-only')));
    compiler.close(() => resolve());
  });
  await promise;
}
