/** Bundles of which one file is other than it must be, each with the name of the check that finds it. */
import { readContainer } from '#src/audit/zip/read.ts';
import { concatBytes } from '#src/bytes/compare.ts';
import { decodeUtf8, encodeUtf8 } from '#src/bytes/text.ts';
import { refitted, replaced, type Changes } from './bundle-raw.ts';

/** `check`: the first that fails; undefined where none does before the summaries. */
export interface Amiss {
  readonly what: string;
  readonly bundle: Uint8Array;
  readonly check: string | undefined;
}

const HEX = 'ab'.repeat(32);

/** Of a bundle with a start head. */
export function filesAmiss(bundle: Uint8Array): readonly Amiss[] {
  const files = readContainer(bundle);
  const bytes = (name: string): Uint8Array => files.get(name) ?? new Uint8Array();
  const text = (name: string): string => decodeUtf8(bytes(name));
  const json = JSON.parse(text('manifest.json'));
  const manifest = (change: (text: string) => string): Changes => ({
    'manifest.json': change(text('manifest.json')),
  });
  const amiss: Amiss[] = [];
  const add = (check: string | undefined, what: string, made: Uint8Array): void =>
    void amiss.push({ check, what, bundle: made });
  const refit = (check: string | undefined, what: string, changes: Changes, scope = {}): void =>
    add(check, what, refitted(bundle, changes, scope));

  for (const [what, made] of containersAmiss(bundle)) add('container', what, made);
  const other = (what: string, change: (text: string) => string): void =>
    add('manifest', what, replaced(bundle, manifest(change)));
  other('a manifest with another indentation', (m) => m.replace('  "format"', '   "format"'));
  other('a manifest of version 1', (m) => m.replace('"version": 2', '"version": 1'));
  other('a manifest of version 3', (m) => m.replace('"version": 2', '"version": 3'));
  other('a member more', (m) => m.replace('"version": 2,', '"version": 2,\n  "more": 1,'));
  other('a member twice', (m) => m.replace('"version": 2,', '"version": 2,\n  "version": 2,'));
  other('a fraction', (m) => m.replace('"version": 2,', '"version": 2.0,'));
  other('a file that is named with another size', (m) =>
    m.replace(/"size": (\d+),\n {6}"sha/, '"size": 1$1,\n      "sha'),
  );
  add('manifest', 'no manifest', replaced(bundle, { 'manifest.json': undefined }));
  add('manifest', 'no sums', replaced(bundle, { SHA256SUMS: undefined }));
  add('manifest', 'sums in another order', replaced(bundle, { SHA256SUMS: turned(text('SHA256SUMS')) }));
  const { since, until } = json.period;
  refit('manifest', 'a period that ends before it begins', {}, { period: { since: until, until: since } });
  refit('manifest', 'a subject twice', {}, { subjects: [...json.subjects, ...json.subjects] });

  refit('files', 'a file more', { 'README.txt': 'hello\n' });
  refit('files', 'a history more', { 'history/000001.json': '{}\n' });
  refit('files', 'no keys.json', { 'keys.json': undefined });
  refit('files', 'no proof', { 'entries/proof.bin': undefined });
  refit('files', 'no trust policy', { 'trust.txt': undefined });
  refit('files', 'no start head, and the manifest has one', { 'heads/start.note': undefined });
  const none = { heads: { start: null, end: json.heads.end } };
  refit('files', 'a start head that the manifest has not', { 'heads/consistency.txt': undefined }, none);
  refit('files', 'controls that nobody asked for', { 'controls.csv': 'a\n' });

  refit('policy', 'a comment in trust.txt', { 'trust.txt': `# mine\n${text('trust.txt')}` });
  refit('policy', 'a group in another spelling', {
    'trust.txt': text('trust.txt').replace('both 2 ', 'both all '),
  });
  headsAmiss(refit, text, json);
  entriesAmiss(refit, bytes, text);
  besideAmiss(refit, text, json);
  return amiss;
}

type Refit = (check: string | undefined, what: string, changes: Changes, scope?: object) => void;

function headsAmiss(refit: Refit, text: (name: string) => string, { heads }: Manifest): void {
  const { start, end } = heads;
  refit(
    'end head',
    'another root than the manifest says',
    {},
    { heads: { start, end: { ...end, root: HEX } } },
  );
  const lines = text('heads/end.note').split('\n');
  refit('end head', 'one cosignature', { 'heads/end.note': `${lines.slice(0, -2).join('\n')}\n` });
  refit('end head', 'another size', { 'heads/end.note': text('heads/end.note').replace(/\n\d+\n/, '\n9\n') });
  refit('start head', 'no start head but a note without signatures', {
    'heads/start.note': `${lines.slice(0, 4).join('\n')}\n`,
  });
  const larger = { heads: { start: end, end: start } };
  const swapped = { 'heads/start.note': text('heads/end.note'), 'heads/end.note': text('heads/start.note') };
  refit('start head', 'a start head that is larger than the end head', swapped, larger);
  refit(
    'heads',
    'a notice that is not in the bundle',
    {},
    { heads: { start: { ...start, notice: 1 }, end } },
  );
  refit(
    undefined,
    'a notice after the end head',
    {},
    { heads: { start, end: { ...end, notice: end.size + 4 } } },
  );
}

interface Manifest {
  readonly heads: Readonly<Record<'start' | 'end', { readonly size: number; readonly root: string }>>;
}

function entriesAmiss(
  refit: Refit,
  bytes: (name: string) => Uint8Array,
  text: (name: string) => string,
): void {
  const index = text('entries/index.csv');
  const rows = index.split('\n');
  const proof = bytes('entries/proof.bin');
  const group = bytes('entries/000000.bundle');
  const at = (change: (rows: string[]) => string[]): Changes => ({
    'entries/index.csv': change([...rows]).join('\n'),
  });
  refit('entries', 'another kind in the index', {
    'entries/index.csv': index.replace(',commitment\n', ',proof\n'),
  });
  refit('entries', 'an index with a leading zero', { 'entries/index.csv': index.replace('\n1,', '\n01,') });
  refit(
    'entries',
    'an entry beyond the end head',
    at((r) => r.with(r.length - 2, r.at(-2)?.replace(/^\d+/, '900') ?? '')),
  );
  refit(
    'entries',
    'a line less',
    at((r) => r.toSpliced(-2, 1)),
  );
  refit(
    'entries',
    'an empty index',
    at((r) => [r[0] ?? '', '']),
  );
  refit(
    'entries',
    'two lines exchanged',
    at((r) => r.with(1, r[2] ?? '').with(2, r[1] ?? '')),
  );
  refit('entries', 'a byte of an entry', { 'entries/000000.bundle': flipped(group, group.length - 5) });
  refit('entries', 'a byte after the last entry', {
    'entries/000000.bundle': concatBytes(group, Uint8Array.of(0)),
  });
  refit('entries', 'one group more', { 'entries/000001.bundle': group });
  refit('entries', 'a group that nothing names', { 'entries/000007.bundle': encodeUtf8('secret') });
  refit('entries', 'a byte of the proof', { 'entries/proof.bin': flipped(proof, 7) });
  refit('entries', 'a hash less', { 'entries/proof.bin': proof.subarray(32) });
  refit('entries', 'a hash more', { 'entries/proof.bin': concatBytes(proof, proof.subarray(0, 32)) });
  refit('entries', 'a byte more', { 'entries/proof.bin': concatBytes(proof, Uint8Array.of(0)) });
}

function besideAmiss(
  refit: Refit,
  text: (name: string) => string,
  json: { readonly period: { readonly since: number } },
): void {
  const { since } = json.period;
  refit(
    'period',
    'a period from before the start head',
    {},
    { period: { since: since - 10 * 86_400, until: since } },
  );
  refit('attachments', 'an attachment that no proof names', { [`attachments/${HEX}`]: 'x' });
  refit('files', 'an attachment with another name', { 'attachments/x': 'x' });
  const openings = (list: readonly object[]): Changes => ({
    'openings.json': `${JSON.stringify({ schema: 'tallystick.openings.v1', openings: list }, null, 2)}\n`,
  });
  refit('openings', 'openings without any', openings([]));
  refit(
    'openings',
    'an opening of an entry that is not there',
    openings([{ entry: HEX, claim: null, opening: 'a0' }]),
  );
  const commitment =
    /^\d+,[^,]+,\d+,\d+,([0-9a-f]{64}),commitment$/m.exec(text('entries/index.csv'))?.[1] ?? '';
  refit('openings', 'an opening of nothing', openings([{ entry: commitment, claim: null, opening: 'a0' }]));
  const kid = /"kid": "([0-9a-f]{64})"/.exec(text('keys.json'))?.[1] ?? '';
  refit('people', 'a key that nobody has', { 'people.csv': `kid,person\n${HEX},Alice\n` });
  refit('people', 'people without their columns', { 'people.csv': `kid,who\n${kid},Alice\n` });
  refit('people', 'a formula', { 'people.csv': `kid,person\n${kid},=1+1\n` });
  refit('people', 'a person twice', { 'people.csv': `kid,person\n${kid},Alice\n${kid},Bob\n` });
  refit('people', 'a needless quote', { 'people.csv': `kid,person\n${kid},"Alice"\n` });
  refit('people', 'no text', { 'people.csv': new Uint8Array([0xff]) });
  refit('people', 'people and no line feed at the end', { 'people.csv': `kid,person\n${kid},Alice` });
  refit('made again', 'another keys.json', {
    'keys.json': text('keys.json').replace('"author"', '"approver"'),
  });
  refit('made again', 'another attachments.csv', {
    'attachments.csv': `${text('attachments.csv')}1,0,a/b,${HEX},1,entry\n`,
  });
  refit('made again', 'another consistency proof', { 'heads/consistency.txt': '' });
}

/** Bytes of the container itself that no writer writes. */
function containersAmiss(bundle: Uint8Array): readonly (readonly [string, Uint8Array])[] {
  const end = bundle.length - 22;
  const directory = new DataView(bundle.buffer, bundle.byteOffset).getUint32(end + 16, true);
  return [
    ['nothing at all', new Uint8Array()],
    ['half of it', bundle.subarray(0, bundle.length / 2)],
    ['a byte after the end', concatBytes(bundle, Uint8Array.of(0))],
    ['a byte before the begin', concatBytes(Uint8Array.of(0), bundle)],
    ['a time', flipped(bundle, 10)],
    ['a method', flipped(bundle, 8)],
    ['a checksum', flipped(bundle, 14)],
    ['a name in the local record alone', flipped(bundle, 30)],
    ['attributes in the directory', flipped(bundle, directory + 38)],
    ['a size in the directory', flipped(bundle, directory + 24)],
    ['the place of a file', flipped(bundle, directory + 42)],
    ['the number of files', flipped(bundle, end + 10)],
    ['the place of the directory', flipped(bundle, end + 16)],
  ];
}

export function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const out = Uint8Array.from(bytes);
  out[at] = (out[at] ?? 0) ^ 1;
  return out;
}

/** The lines in the other order. */
function turned(text: string): string {
  return `${text.trimEnd().split('\n').toReversed().join('\n')}\n`;
}
