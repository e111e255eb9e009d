/** Bundles a program as its users would: esbuild, rollup and webpack, in their builds without native code. */
import { rollup } from '@rollup/wasm-node';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import { build, type BuildOptions } from 'esbuild-wasm';
import { dirname, join } from 'node:path';
import webpack from 'webpack';

/** Writes one self-contained module a bundler beside `entry`; returns their paths by name. */
export async function bundleAll(entry: string): Promise<Record<string, string>> {
  const folder = dirname(entry);
  const to = (name: string): string => join(folder, `${name}.mjs`);
  const common: BuildOptions = { entryPoints: [entry], bundle: true, minify: true, format: 'esm' };
  await build({ ...common, platform: 'browser', outfile: to('esbuild') });
  await build({ ...common, platform: 'node', outfile: to('esbuild-node') });
  const rolled = await rollup({ input: entry, plugins: [nodeResolve({ browser: true })] });
  await rolled.write({ file: to('rollup'), format: 'esm' });
  await rolled.close();
  await pack(entry, folder, 'webpack.mjs');
  return Object.fromEntries(['esbuild', 'esbuild-node', 'rollup', 'webpack'].map((name) => [name, to(name)]));
}

async function pack(entry: string, path: string, filename: string): Promise<void> {
  const compiler = webpack({
    mode: 'production',
    entry,
    target: ['web', 'es2022'],
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
