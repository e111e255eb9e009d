/** Text of others is printed clean, by one function, wherever it comes from. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { printable, printableJson, printableLines } from '../../src/bytes/printable.ts';
import { refuse } from '../../src/bytes/refusal.ts';
import { makeOutput } from '../../src/cli/frame/output.ts';
import { escapeHtml } from '../../src/web/page.ts';
import { tallystick } from './support/run-cli.ts';

/** Escapes, direction marks and overrides, zero width, line separators, tags, private use, a lone surrogate. */
const UNCLEAN = [
  '\u001b[2J', '\u009b31m', '\u0007', '\u0008', '\r', '\u202e', '\u2066', '\u2069', '\u200b', '\u200f', '\u2028', '\u2029',
  '\ufeff', '\u{e0041}', '\ue000', '\u{f0000}', '\ud800', '\u00ad', '\u061c', '\u0000', '\u007f',
]; // prettier-ignore
const RAW = /[^\P{C}\n\t]|[\p{Zl}\p{Zp}]/u;

/** An output of this process, and what it wrote. */
function listener(how: { json?: boolean; colour?: boolean } = {}) {
  let [out, err] = ['', ''];
  const output = makeOutput({
    stdout: { isTTY: true, write: (text) => (out += String(text)) },
    stderr: { isTTY: true, write: (text) => (err += String(text)) },
    json: how.json ?? false,
    quiet: false,
    colour: how.colour ?? false,
    now: () => 0,
  });
  return { output, out: () => out, err: () => err };
}

t.test('every way out of a verb', async (t) => {
  for (const text of UNCLEAN.map((each) => `a${each}b`)) {
    // A line separator in the name of a test would end the line of its result.
    const name = Array.from(text, (each) => each.codePointAt(0)?.toString(16)).join(' ');
    const { output, out, err } = listener();
    output.print(text);
    output.print(output.paint('green', text));
    output.note(text);
    output.warn(text);
    output.fail(refuse('usage', text));
    t.notMatch(out() + err(), RAW, name);
    const json = listener({ json: true });
    json.output.event('x', { text });
    json.output.result('x', { text });
    json.output.warn(text);
    json.output.fail(refuse('usage', text));
    json.output.finish(0);
    t.notMatch(json.out() + json.err(), RAW, `${name} in JSON`);
    for (const line of json.out().trimEnd().split('\n')) t.equal(JSON.parse(line).text, text);
    t.notMatch(escapeHtml(text), RAW, `${name} on a page`);
  }
});

t.test('our colours are there, those of others are not', async (t) => {
  const { output, out } = listener({ colour: true });
  output.print(`1 ${output.paint('red', 'VIOLATED\u001b[0m\u202e')} \u001b[32mPROVEN\u001b[39m`);
  t.equal(out(), '1 \u001b[31mVIOLATED?[0m?\u001b[39m ?[32mPROVEN?[39m\n');
});

t.test('no line of a message looks like another message', async (t) => {
  const { output, err } = listener();
  output.warn('one\nerror: two');
  output.fail(refuse('usage', 'three\nPROVEN'));
  t.equal(err(), 'warning: one\n  error: two\nerror: usage: three\n  PROVEN\n');
});

t.test('printable: any text', async (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      t.notOk(RAW.test(printable(text)) || printable(text).includes('\n'));
      t.notOk(RAW.test(printableLines(text)));
      t.notOk(RAW.test(printableJson(JSON.stringify(text))));
      t.equal(JSON.parse(printableJson(JSON.stringify(text))), text);
    }),
  );
});

t.test('names of files and texts of flags', async (t) => {
  const cwd = t.testdir({ folder: {}, named: {}, 'c.json': JSON.stringify({ 'k\u202e': 'v\u2066' }) });
  for (const [i, each] of ['\u001b[31m', '\n', '\u202e', '\t'].entries())
    writeFileSync(join(cwd, 'folder', `${i}${each}x`), '');
  for (const each of ['\u202e', '\u200b']) writeFileSync(join(cwd, 'named', `${each}x`), '');
  const refused = await tallystick('commit folder --list', { cwd });
  t.match(refused.err, /control character, so that no leaf can have it/);
  const listed = await tallystick('commit named --list', { cwd });
  t.equal(listed.out.trimEnd().split('\n').length, 2, 'a line for each leaf, however it is called');
  const leaves = await tallystick('commit json c.json --list', { cwd });
  const wrong = await tallystick('prove s\u202e/a', { cwd });
  const flag = await tallystick('status --k\u202ex', { cwd });
  const setting = await tallystick('config show', { cwd, env: { TALLYSTICK_DATA_DIR: 'd\u202e' } });
  for (const { out, err } of [refused, listed, leaves, wrong, flag, setting]) t.notMatch(out + err, RAW);
});

/** Files that write to a terminal, and what of them does. Whoever adds one prints through `Output` or `makeLogger`. */
const WRITERS: Readonly<Record<string, number>> = {
  // A program of its own, which cleans what it prints (printable.ts).
  'audit/node/verifier.ts': 3,
  // Prints the hash of verify.html while the pages are built.
  'build/explorer.ts': 1,
  // A script of the clone, which prints sizes of files.
  'build/sizes.ts': 3,
  'cli/bin.cjs': 2,
  // The text of a collector, a program of its own.
  'cli/demo/firewall.ts': 1,
  'cli/main.ts': 1,
  'cli/frame/output.ts': 9,
  'cli/preflight.cjs': 3,
  'cli/frame/program.ts': 2,
};

t.test('every print of the program is known', async (t) => {
  const found: Record<string, number> = {};
  const src = join(import.meta.dirname, '../../src');
  for (const path of readdirSync(src, { recursive: true, encoding: 'utf8' })) {
    if (!/\.[cm]?[jt]s$/.test(path)) continue;
    // Examples in the comments of a library's entry points run nowhere.
    const source = readFileSync(join(src, path), 'utf8').replace(/^ *\/\*\*[^]*?\*\//gm, '');
    const writes = source.match(/std(?:out|err)\??\.write\(|console\.\w+\(/g)?.length ?? 0;
    if (writes > 0) found[path.replaceAll('\\', '/')] = writes;
    const logger = source.includes("from 'pino'") && /\bpino\(/.test(source);
    t.equal(
      logger,
      path.replaceAll('\\', '/') === 'cli/frame/serving.ts',
      `${path}: one place makes loggers`,
    );
  }
  t.strictSame(found, WRITERS);
});
