/** The source `ini`: what all readers of such files read alike is declared, and what they read differently is refused. */
import fc from 'fast-check';
import t from 'tap';
import { saltingBy } from '#src/declare/node/salts.ts';
import { readSource } from '#src/declare/read.ts';
import { INI_SOURCE } from '#src/declare/sources/ini.ts';
import { declared, disagreements, iniTexts, readersOf } from '../support/ini-readers.ts';

t.test('a setting is a leaf below its section', async (t) => {
  const text =
    '; c\n[mysqld]\nport = 3306\nbind-address=127.0.0.1\n# c\n\nempty =\n[a.b c]\n  x = y z\n  w = http://h/?a=b\n[none-here]\n';
  t.strictSame(declared(text), {
    mysqld: { port: '3306', 'bind-address': '127.0.0.1', empty: '' },
    'a.b c': { x: 'y z', w: 'http://h/?a=b' },
    'none-here': {},
  });
  t.strictSame(
    declared(text.replaceAll('\n', '\r\n').replaceAll(' = ', '\t=')),
    declared(text),
    'spellings of one setting',
  );
});

t.test('what is refused, with its line and what to write', async (t) => {
  const refused: readonly (readonly [string, RegExp])[] = [
    [
      '[a]\nx = y ; z',
      /^line 2: in the value of x: ; and # begin a comment to php, git or MySQL.*tallystick commit files FILE/,
    ],
    ['[a]\nx = y#z', /; and # begin a comment/],
    ['[a]\nx = "y"', /quotes belong to the value/],
    ['[a]\nx = y\\\n  z', /\\ is an escape/],
    ['[a]\nx = y\n  z = 1', /^line 3: to Python this line goes on with the value before/],
    ['[a]\nx = %(y)s', /% is an interpolation/],
    ['[a]\nx = ${y}', /\$ is a reference/],
    ['[a]\nx = a & b', /operators to php/],
    ['[a]\nx = 1\nX = 2', /^line 3: X is there before, maybe in another case.*keep one/],
    ['[a]\nx-y = 1\nx_y = 2', /is there before/],
    ['[a]\n[b]\n[A]', /^line 3: the section A is there before.*join both/],
    ['x = 1\n[a]', /^line 1: x stands before the first section/],
    ['[a]\nskip-networking', /expected name = value.*a name alone is true to git/],
    ['[a]\nx : y', /: stands for = to Python alone/],
    ['[a]\nx y = 1', /expected name = value/],
    ['[remote "o"]', /quotes in it are git's alone/],
    ['[a] ; b', /nothing behind it/],
    [' [a]', /is indented/],
    ['[DEFAULT]\nx = 1', /settings of \[DEFAULT\] stand in every section/],
    ['[include]\npath = x', /git reads other files by \[include\]/],
    ['!includedir /etc/x', /MySQL alone reads/],
    ['[a]\non = 1', /to php on is no name/],
    ['# x \\\n[a]', /a comment that ends in \\/],
    ['\ufeff[a]', /byte order mark/],
    ['[a]\nx = y\u00a0', /a blank that is not ASCII/],
    ['[a]\nx = a\rb', /a control character/],
    [`[a]\nx = ${'y'.repeat(5000)}`, /which MySQL cuts/],
  ];
  for (const [text, why] of refused) t.match(declared(text), why, JSON.stringify(text.slice(0, 40)));
  t.notMatch(declared('[a]\npassword = hunter2#x'), /hunter2/, 'no value is said');
});

t.test('secrets in it are found', async (t) => {
  const reading = {
    source: INI_SOURCE,
    literal: false,
    ignore: [],
    sensitive: new Set<string>(),
    notSecret: new Set<string>(),
    salting: saltingBy(new Uint8Array(32)),
  };
  const found = (text: string): readonly string[] =>
    readSource([{ name: '-', text }], reading).unmarked.map(({ path }) => path);
  t.strictSame(
    found('[client]\nuser = app\npassword = hunter2-hunter2\n[mail]\nsmtp_pass = correct-horse-9\n'),
    ['/client/password', '/mail/smtp_pass'],
  );
  t.strictSame(found('[client]\npassword_file = /run/secrets/db\nssl-key = /etc/ssl/key.pem\n'), []);
});

t.test('every reader that takes a declared file reads what is declared', async (t) => {
  const texts = fc.sample(iniTexts, { numRuns: 250, seed: 26 });
  const read = texts.flatMap((text) => {
    const here = declared(text);
    return typeof here === 'string' ? [] : [{ text, here }];
  });
  t.ok(read.length > 40, `${read.length} are read`);
  const readers = readersOf(read.map(({ text }) => text));
  t.ok(readers['git'], 'git is here');
  for (const [reader, all] of Object.entries(readers))
    for (const [i, { text, here }] of read.entries())
      t.strictSame(disagreements(here, reader, all[i] ?? null), [], text);
});
