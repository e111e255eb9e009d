/** The digest of iam's tables stands in proofs: a checkout and a minified command must state the same one. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild-wasm';
import t from 'tap';
import { MAPPING } from '#src/probe/iam/actions.ts';
import { NAMED_TABLE } from '#src/probe/iam/named.ts';

t.test('the tables are data', (t) => {
  t.strictSame(JSON.parse(JSON.stringify(NAMED_TABLE)), NAMED_TABLE, 'JSON holds all of them');
  t.notMatch(JSON.stringify(NAMED_TABLE), /=>|function \w*\(/, 'and no text of a program');
  t.end();
});

for (const minify of [false, true])
  t.test(`built${minify ? ' and minified' : ''}, the digest is the same`, async (t) => {
    const outfile = join(t.testdir(), 'actions.mjs');
    await build({
      entryPoints: [join(import.meta.dirname, '../../src/probe/iam/actions.ts')],
      bundle: true,
      minify,
      format: 'esm',
      platform: 'node',
      outfile,
    });
    const built = (await import(pathToFileURL(outfile).href)) as { readonly MAPPING: string };
    t.equal(built.MAPPING, MAPPING);
  });
