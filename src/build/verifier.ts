/**
 * `verify.mjs`, the verifier of bundles in one file: the code of `tallystick verify`, for plain Node 20 without packages. The same
 * sources and the same bundler make the same bytes, so that its SHA-256 can be published with a release.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { licensesIn } from './command.ts';
import { ROOT, run } from './compile.ts';

const FLAGS =
  '--bundle --format=esm --platform=neutral --main-fields=module,main --target=node20 --external:node:* ' +
  '--minify-whitespace --minify-syntax --charset=utf8 --log-level=warning --legal-comments=none';

/** Writes it to a path. */
export function bundleVerifier(path: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'tallystick-verifier-'));
  try {
    const entry = join(folder, 'entry.ts');
    const [code, account] = [join(folder, 'out.mjs'), join(folder, 'account.json')];
    const source = JSON.stringify(join(ROOT, 'src/audit/node/verifier.ts'));
    writeFileSync(
      entry,
      `import { main } from ${source};\nprocess.exitCode = await main(process.argv.slice(2));\n`,
    );
    const esbuild = join(ROOT, 'node_modules/esbuild-wasm/bin/esbuild');
    run(
      esbuild,
      [entry, ...FLAGS.split(' '), `--outfile=${code}`, `--metafile=${account}`],
      'the verifier cannot be bundled',
    );
    const { inputs }: { readonly inputs: Readonly<Record<string, unknown>> } = JSON.parse(
      readFileSync(account, 'utf8'),
    );
    const licences = licensesIn(Object.keys(inputs)).replaceAll('*/', '* /');
    writeFileSync(path, `${readFileSync(code, 'utf8').trimEnd()}\n/*\n${licences}*/\n`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const [, , out] = process.argv;
if (import.meta.main && out !== undefined) bundleVerifier(out);
