/**
 * What browsers get of six libraries and of the verifier is smaller than what Node runs (src/build/lean). Suites about them run here
 * again on the bundles.
 */
import { spawnSync } from 'node:child_process';
import { globSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundleForBrowsers } from '#src/build/browser.ts';
import { Meter } from '#src/claim/cel/meter.ts';
import { Patterns } from '#src/claim/cel/pattern.ts';
import { parseTyped } from '#src/claim/cel/syntax.ts';
import fc from 'fast-check';
import t from 'tap';

const ROOT = join(import.meta.dirname, '../..');

/** Rooms whose modules are bundled, each under its own name. */
const ROOMS = ['bytes', 'claim', 'evidence', 'sign', 'statement'];

const SUITES = [
  'bytes/cbor',
  'sign/sign',
  'evidence/x509-path',
  'evidence/identity',
  'evidence/handshakes',
  'evidence/signature',
  'evidence/weigh',
  'claim/expressions',
  'claim/claim',
];

const out = t.testdir();
// What lies in a room's `node` needs Node.
const modules = ROOMS.flatMap((room) => globSync(`src/${room}/**/*.ts`, { cwd: ROOT })).filter(
  (path) => !path.includes('/node/'),
);
const nameOf = (path: string): string =>
  path
    .replace(/^src\//, '')
    .replace(/\.ts$/, '')
    .replaceAll('/', '.');
const { files } = bundleForBrowsers(
  Object.fromEntries(modules.map((path) => [nameOf(path), path])),
  'es',
  out,
);
const urls = modules.map((path) => [
  pathToFileURL(join(ROOT, path)).href,
  pathToFileURL(join(out, files[nameOf(path)] ?? '')).href,
]);
const map = join(out, 'built.json');
writeFileSync(map, JSON.stringify(Object.fromEntries(urls)));
const hook = join(import.meta.dirname, '../support/built-hook.ts');

for (const suite of SUITES)
  t.test(`${suite} on the bundles`, (t) => {
    const file = join(ROOT, 'test', `${suite}.test.ts`);
    const env = { ...process.env, BUILT: map, TAP: '1' };
    const ran = spawnSync(process.execPath, ['--import', hook, file], { cwd: ROOT, encoding: 'utf8', env });
    const failed = ran.stdout.split('\n').filter((line) => /^\s*not ok/.test(line));
    t.equal(ran.status, 0, relative(ROOT, file), {
      failed: failed.slice(0, 20),
      error: ran.stderr.slice(-2_000),
    });
    t.end();
  });

const ATOMS =
  String.raw`a b é . \d \w \s \pL \p{Greek} [a-c] [^a] [[:alpha:]] ^ $ \b \B (?i)aK (?i)ſ \x{10FFFF} \A \z (?s). (?m)^ abc [α-ω] ()`.split(
    ' ',
  );

/** Patterns of RE2, of every kind that it has. */
const pattern = fc.letrec<{ any: string; atom: string }>((tie) => ({
  atom: fc.constantFrom(...ATOMS),
  any: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    tie('atom'),
    fc.tuple(tie('any'), tie('any')).map((both) => both.join('')),
    fc.tuple(tie('any'), tie('any')).map((both) => `(?:${both.join('|')})`),
    fc
      .tuple(tie('any'), fc.constantFrom('*', '+', '?', '*?', '+?', '{2}', '{0,3}'))
      .map(([inner, times]) => `(${inner})${times}`),
  ),
})).any;
const text = fc.string({
  unit: fc.constantFrom('a', 'b', 'c', 'é', 'É', 'K', 'ſ', 'α', '1', ' ', '\n', '_', '\u{10FFFF}', '\ud800'),
});

t.test('one engine of RE2 decides as all of them do', async (t) => {
  const { Patterns: Lean }: { readonly Patterns: typeof Patterns } = await import(
    pathToFileURL(join(out, files['claim.cel.pattern'] ?? '')).href
  );
  const ask = (of: typeof Patterns, regex: string, on: string): string => {
    try {
      return String(new of().matches(on, regex, new Meter()));
    } catch (error) {
      return error instanceof Error ? error.message : 'no error';
    }
  };
  fc.assert(
    fc.property(pattern, text, (regex, on) => ask(Patterns, regex, on) === ask(Lean, regex, on)),
    { numRuns: 3_000 },
  );
  t.end();
});

/** Pieces of expressions, in and outside the language. */
const PIECES =
  `o p o.a x 1 1u 0x1F 1.5e3 1e "s" 'é' r"\\d" b'x' """t""" "\\u00e9" "\\q" true null in == != < >= && || ! - + * / % ? : . , ( ) [ ] { } .all( .exists( .exists_one( .filter( .map( .bind( has( size( o.l.map(x,x) o.l.all(x,x>1) o.l.map(1,x) cel.bind(x,1,x) let //c`.split(
    ' ',
  );

t.test('expressions are parsed as by the whole parser', async (t) => {
  const { parseTyped: lean }: { readonly parseTyped: typeof parseTyped } = await import(
    pathToFileURL(join(out, files['claim.cel.syntax'] ?? '')).href
  );
  const ask = (of: typeof parseTyped, text: string): string => {
    try {
      return JSON.stringify(of(text), (_, value: unknown) =>
        typeof value === 'bigint' ? `${value}n` : value instanceof Uint8Array ? [...value] : value,
      );
    } catch (error) {
      return error instanceof Error ? error.message : 'no error';
    }
  };
  const parsed = new Set<boolean>();
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...PIECES), { maxLength: 8 }), (pieces) => {
      const text = pieces.join('');
      const said = ask(parseTyped, text);
      parsed.add(said.startsWith('{'));
      return said === ask(lean, text);
    }),
    { numRuns: 20_000 },
  );
  t.equal(parsed.size, 2, 'some are expressions, and some are none');
  t.end();
});
