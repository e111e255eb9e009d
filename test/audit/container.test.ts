/**
 * The container: the same bytes from the same files, read by others' programs, and refused when anything about it is not as
 * its files make it. The forger below writes containers that other readers take.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 as nodeCrc32 } from 'node:zlib';
import fc from 'fast-check';
import t from 'tap';
import { equalBytes } from '../../src/bytes/compare.ts';
import { readContainer } from '../../src/audit/zip/read.ts';
import { centralRecord, crc32, endRecord, localRecord, MOST_FILES } from '../../src/audit/zip/records.ts';
import { writeContainer, type Files } from '../../src/audit/zip/write.ts';

const bytesOf = (text: string): Uint8Array => Buffer.from(text);
const files: Files = new Map([
  ['manifest.json', bytesOf('{}\n')],
  ['entries/000000.bundle', Uint8Array.from({ length: 70_000 }, (_, i) => i % 251)],
  ['SHA256SUMS', bytesOf('')],
  ['index.html', bytesOf('<!doctype html>ä\n')],
]);
const good = writeContainer(files);
const malformed = { code: 'malformed-bundle' };

/** A container as a forger writes it: any names and records. */
interface Forged {
  readonly name: string;
  readonly content: string;
  /** Beside what its content makes them. */
  readonly size?: number;
  readonly at?: number;
  readonly local?: string;
}

function forge(
  entries: readonly Forged[],
  { before = '', between = '', after = '', extra = 0 } = {},
): Uint8Array {
  const parts: Uint8Array[] = [bytesOf(before)];
  const directory: Uint8Array[] = [];
  let at = before.length;
  for (const { name, content, size = content.length, at: place = at, local = name } of entries) {
    const crc = crc32(bytesOf(content));
    const record = localRecord({ name: local, size, crc });
    parts.push(record, bytesOf(content));
    directory.push(centralRecord({ name, size, crc }, place));
    at += record.length + content.length;
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0);
  const end = endRecord({ count: entries.length + extra, size, at: at + between.length });
  return Buffer.concat([...parts, bytesOf(between), ...directory, end, bytesOf(after)]);
}

t.test(
  'what is written is read, in the order of the names; the order of the files changes nothing',
  async (t) => {
    const read = readContainer(good);
    t.strictSame([...read.keys()], ['SHA256SUMS', 'entries/000000.bundle', 'index.html', 'manifest.json']);
    for (const [name, content] of files) t.ok(equalBytes(read.get(name) ?? bytesOf('?'), content), name);
    t.ok(equalBytes(writeContainer(new Map([...files].toReversed())), good));
    const part = fc.stringMatching(/^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,8}[A-Za-z0-9])?$/);
    const name = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
    fc.assert(
      fc.property(fc.array(fc.tuple(name, fc.uint8Array({ maxLength: 50 })), { maxLength: 8 }), (list) => {
        try {
          const bytes = writeContainer(new Map(list));
          return Buffer.compare(writeContainer(readContainer(bytes)), bytes) === 0;
        } catch (error) {
          return (error as { code?: string }).code === 'malformed-bundle';
        }
      }),
    );
  },
);

t.test('CRC-32 is that of zlib', async () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => crc32(bytes) === nodeCrc32(bytes)));
});

t.test('every byte counts: each one changed, the end cut anywhere', async (t) => {
  const small = writeContainer(
    new Map([
      ['a/b', bytesOf('one')],
      ['c', bytesOf('two')],
    ]),
  );
  for (let at = 0; at < small.length; at++)
    for (const bit of [1, 128]) {
      const changed = small.with(at, (small[at] ?? 0) ^ bit);
      // A content with its CRC made to fit is other content: that is for whoever reads the files.
      t.throws(() => readContainer(changed), malformed, `byte ${at}`);
    }
  for (let length = 0; length < small.length; length++)
    t.throws(() => readContainer(small.subarray(0, length)), malformed, `the first ${length} bytes`);
});

const a = { name: 'a', content: 'one' };
const b = { name: 'b', content: 'two' };
const FORGED: readonly (readonly [string, Uint8Array])[] = [
  ['something before it', forge([a, b], { before: 'MZ' })],
  ['something before its directory', forge([a, b], { between: 'x' })],
  ['something after it', forge([a, b], { after: 'x' })],
  ['another container before it', Buffer.concat([forge([a]), forge([b])])],
  [
    'another container as its comment',
    Buffer.concat([forge([a]).subarray(0, -2), Buffer.from([forge([b]).length, 0]), forge([b])]),
  ],
  ['a name twice', forge([a, { ...a, content: 'other' }])],
  ['names out of order', forge([b, a])],
  ['names that differ in capitals', forge([{ ...a, name: 'A' }, a])],
  ['a file that is a folder', forge([a, { ...b, name: 'a/b' }])],
  ['another name before the content', forge([{ ...a, local: 'x' }, b])],
  ['a size that is too large', forge([{ ...a, size: 1_000_000 }, b])],
  ['a size that is too small', forge([{ ...a, size: 1 }, b])],
  ['a size of 4 GiB', forge([{ ...a, size: 0xff_ff_ff_ff }, b])],
  ['two files of one content', forge([a, { ...b, at: 0 }])],
  ['a file that overlaps the next', forge([{ ...a, size: 40 }, b])],
  ['more files than there are', forge([a, b], { extra: 1 })],
  ['fewer files than there are', forge([a, b], { extra: -1 })],
  ['the mark of ZIP64', forge([a, b], { extra: 0xff_ff - 2 })],
  ...[
    '',
    '/',
    '/etc/passwd',
    '..',
    '../a',
    'a/../../b',
    'a/..',
    'a//b',
    'a/',
    './a',
    'a\\b',
    'C:a',
    'c:/a',
    'a\0b',
    'a\nb',
    'a b',
    '.hidden',
    'ä',
    'nul',
    'AUX.txt',
    'a/com1',
    'a.',
    '-rf',
    'a:stream',
    '~',
    'x'.repeat(201),
    '\u202egnp.exe',
  ].map((name) => [`the name ${JSON.stringify(name.slice(0, 30))}`, forge([{ ...a, name }])] as const),
];

t.test('what a forger would make of it is refused', async (t) => {
  t.equal(readContainer(forge([a, b])).size, 2, 'the forger can write a good one');
  for (const [what, bytes] of FORGED) t.throws(() => readContainer(bytes), malformed, what);
  const compressed = forge([a]);
  compressed[8] = 8;
  t.throws(() => readContainer(compressed), malformed, 'compressed');
  const many = new Map(Array.from({ length: MOST_FILES + 1 }, (_, i) => [`n${i}`, new Uint8Array()]));
  t.throws(() => writeContainer(many), { code: 'too-large' }, 'more files than one container takes');
  t.throws(() => writeContainer(new Map([['../a', bytesOf('')]])), malformed, 'nor are such names written');
});

t.test('a content that was changed with its CRC is read: whoever reads the files judges it', async (t) => {
  t.equal(Buffer.from(readContainer(forge([{ ...a, content: 'eno' }])).get('a') ?? []).toString(), 'eno');
});

const folder = mkdtempSync(join(tmpdir(), 'tallystick-container-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));
const has = (program: string): boolean =>
  spawnSync(program, ['--help'], { stdio: 'ignore' }).error === undefined;

t.test('unzip takes it', { skip: !has('unzip') && 'there is no unzip' }, async (t) => {
  const path = join(folder, 'bundle.zip');
  writeFileSync(path, good);
  t.match(execFileSync('unzip', ['-t', path], { encoding: 'utf8' }), /No errors detected/);
  execFileSync('unzip', ['-q', path, '-d', join(folder, 'out')]);
  for (const [name, content] of files)
    t.ok(equalBytes(readFileSync(join(folder, 'out', name)), content), name);
});

t.test("Python's zipfile takes it", { skip: !has('python3') && 'there is no python3' }, async (t) => {
  const path = join(folder, 'python.zip');
  writeFileSync(path, good);
  const program = `import sys, zipfile, hashlib
z = zipfile.ZipFile(sys.argv[1])
assert z.testzip() is None
for i in z.infolist(): print(i.filename, i.date_time[0], i.compress_type, hashlib.sha256(z.read(i)).hexdigest())`;
  const printed = execFileSync('python3', ['-c', program, path], { encoding: 'utf8' });
  t.match(printed, /^SHA256SUMS 1980 0 e3b0c442/);
  t.equal(printed.trim().split('\n').length, files.size);
});
