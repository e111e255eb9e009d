/** The source `postgresql`: which files the server reads, in which order, and which of them were given. */
import t from 'tap';
import { decodeCbor } from '#src/bytes/cbor.ts';
import { compareBytes, compareUtf8 } from '#src/bytes/compare.ts';
import { encodeUtf8 } from '#src/bytes/text.ts';
import { GivenFiles } from '#src/declare/sources/included.ts';
import { POSTGRESQL_SOURCE } from '#src/declare/sources/postgresql/postgresql.ts';
import fc from 'fast-check';

/** Around each length of UTF-8. */
const TEXT = fc.string({
  unit: fc.constantFrom(
    'a',
    '\x7f',
    '\x80',
    '\u07ff',
    '\u0800',
    '\ud7ff',
    '\ue000',
    '\uffff',
    '\u{10000}',
    '\u{10ffff}',
  ),
  maxLength: 4,
});

type Files = Readonly<Record<string, string>>;

function declared(files: Files, whole: readonly string[] = []) {
  const texts = Object.entries(files).map(([name, text]) => ({ name, text }));
  return POSTGRESQL_SOURCE.declare(texts, { literal: false, ignore: [], whole });
}
const leaf = (files: Files, path: string, whole?: readonly string[]): unknown => {
  const found = declared(files, whole).leaves.find((each) => each.path === path);
  return found && decodeCbor(found.value);
};

/** Of UTF-16 the second comes first. */
const [LOWER, UPPER] = ['\uff61.conf', '\u{1f600}.conf'];

t.test('texts are in the order of their UTF-8', async (t) => {
  t.same([UPPER, LOWER].toSorted(), [UPPER, LOWER], 'as JavaScript sorts');
  fc.assert(
    fc.property(TEXT, TEXT, (a, b) => {
      const wanted = Math.sign(compareBytes(encodeUtf8(a), encodeUtf8(b)));
      return Math.sign(compareUtf8(a, b)) === wanted;
    }),
    { numRuns: 1_000 },
  );
});

t.test('included files are read in the order of their bytes', async (t) => {
  const files = {
    'postgresql.conf': "include_dir 'd'\n",
    [`d/${UPPER}`]: 'fsync = off\n',
    [`d/${LOWER}`]: 'fsync = on\n',
  };
  t.equal(leaf(files, '/fsync', ['d']), 'off');
  t.equal(
    leaf({ ...files, 'postgresql.conf': "include_dir 'd'", [`./d/z.conf`]: 'fsync = on' }, '/fsync', ['d']),
    'off',
    'by their names, however they were named',
  );
  const given = new GivenFiles(
    [UPPER, LOWER].map((name) => ({ name: `/d/${name}`, text: '' })),
    ['/d'],
  );
  t.same(
    given.matching('/d/*.conf', '').map(({ name }) => name),
    [`/d/${LOWER}`, `/d/${UPPER}`],
  );
});

t.test('postgresql.auto.conf is read last, and never as included', async (t) => {
  const auto = { 'postgresql.auto.conf': 'fsync = off\n' };
  for (const line of [
    "include 'postgresql.auto.conf'",
    "include_if_exists './postgresql.auto.conf'",
    "include_dir '.'",
  ])
    t.throws(
      () =>
        declared(
          { '/d/postgresql.conf': `\n${line}\nfsync = on\n`, '/d/postgresql.auto.conf': 'fsync = off' },
          ['/d'],
        ),
      /postgresql\.conf line 2: it includes postgresql\.auto\.conf, .*; take the line out/,
      line,
    );
  t.equal(leaf({ ...auto, 'postgresql.conf': 'fsync = on' }, '/fsync'), 'off');
});

t.test('samegroup is a word of databases alone', async (t) => {
  t.equal(leaf({ 'pg_hba.conf': 'local samegroup samegroup trust' }, '/hba/0/database'), 'samerole');
  t.equal(leaf({ 'pg_hba.conf': 'local samegroup samegroup trust' }, '/hba/0/user'), 'samegroup');
  t.equal(leaf({ 'pg_hba.conf': 'local "samegroup" "samegroup" trust' }, '/hba/0/database'), '"samegroup"');
  t.equal(leaf({ 'pg_hba.conf': 'local "samegroup" "samegroup" trust' }, '/hba/0/user'), 'samegroup');
  t.equal(leaf({ 'pg_ident.conf': 'm u samegroup' }, '/ident/0/user'), 'samegroup');
});

t.test('rules of a file that the server does not read', async (t) => {
  const hba = { '/e/pg_hba.conf': 'local all all reject', '/e/pg_ident.conf': '' };
  const withConf = (text: string, more: Files = hba) => declared({ '/e/postgresql.conf': text, ...more });
  for (const [line, what] of [
    [
      "hba_file = '/tmp/evil_hba.conf'",
      /postgresql\.conf line 2: hba_file is \/tmp\/evil_hba\.conf, so the server does not read \/e\/pg_hba\.conf; name that file in its place/,
    ],
    [
      "ident_file = 'x.map'",
      /postgresql\.conf line 2: ident_file is x\.map, so the server does not read \/e\/pg_ident\.conf/,
    ],
    ["hba_file = ''", /does not read/],
  ] as const)
    t.throws(() => withConf(`\n${line}\n`), what, line);
  const auto = { ...hba, '/e/postgresql.auto.conf': "hba_file = '/tmp/evil.conf'" };
  t.throws(() => withConf('', auto), /postgresql\.auto\.conf line 1: hba_file/, 'by ALTER SYSTEM');
  for (const line of [
    "hba_file = '/e/pg_hba.conf'",
    "hba_file = '/e/./pg_hba.conf'",
    "hba_file = 'pg_hba.conf'",
  ])
    t.same(withConf(line).remarks, [], line);
  t.match(withConf("hba_file = '/tmp/pg_hba.conf'").remarks, [
    /^hba_file in postgresql\.conf line 1 is \/tmp\/pg_hba\.conf, and the rules are those of \/e\/pg_hba\.conf: see that it is the same file$/,
  ]);
  t.match(declared({ '-': 'local all all reject', 'a/postgresql.conf': "hba_file = 'x'" }).remarks, [
    /standard input/,
  ]);
  t.match(withConf("data_directory = '/var/d'", { '/e/postgresql.auto.conf': '' }).remarks, [
    /^data_directory in postgresql\.conf line 1 is \/var\/d, and \/e\/postgresql\.auto\.conf was read/,
  ]);
  t.same(withConf("data_directory = '/e/'", { '/e/postgresql.auto.conf': '' }).remarks, []);
  t.same(withConf("hba_file = '/tmp/evil.conf'", {}).remarks, [], 'no rules were given');
});
