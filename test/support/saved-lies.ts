/** Files that are not what they seem, for verify.html: bombs, halves, wrong kinds under lying names, and names that would do something. */
import { crc32, deflateRawSync } from 'node:zlib';
import type { SavedFile } from './saved-files.ts';

/** A container of one member, packed: 256 MiB of zeros in 256 kB. */
export function zipBomb(): Uint8Array {
  const plain = Buffer.alloc(268_435_456);
  const packed = deflateRawSync(plain, { level: 9 });
  const name = Buffer.from('manifest.json');
  const numbers = (...parts: readonly (readonly [bytes: 2 | 4, value: number])[]): Buffer =>
    Buffer.concat(
      parts.map(([bytes, value]) => {
        const part = Buffer.alloc(bytes);
        part.writeUIntLE(value, 0, bytes);
        return part;
      }),
    );
  const common = [
    [2, 20],
    [2, 0],
    [2, 8],
    [4, 0x21_0000],
    [4, crc32(plain)],
    [4, packed.length],
    [4, plain.length],
    [2, name.length],
    [2, 0],
  ] as const;
  const local = Buffer.concat([numbers([4, 0x04034b50], ...common), name, packed]);
  const central = Buffer.concat([
    numbers([4, 0x02014b50], [2, 20], ...common, [2, 0], [2, 0], [2, 0], [4, 0], [4, 0]),
    name,
  ]);
  const end = numbers(
    [4, 0x06054b50],
    [2, 0],
    [2, 0],
    [2, 1],
    [2, 1],
    [4, central.length],
    [4, local.length],
    [2, 0],
  );
  return Buffer.concat([local, central, end]);
}

export interface SavedLie {
  readonly what: string;
  readonly files: readonly SavedFile[];
  /** Of the page: a word of a verdict, or a fault. */
  readonly says: RegExp;
}

/** `bundle`, `statement`, `proof`: good ones. */
export function savedLies(bundle: Uint8Array, statement: Uint8Array, proof: Uint8Array): readonly SavedLie[] {
  const one = (name: string, bytes: Uint8Array): readonly SavedFile[] => [{ name, bytes }];
  const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13);
  const text = (words: string): Uint8Array => new TextEncoder().encode(words);
  const hostile = '<img src=x onerror="window.owned=1">\u202egpj.exe';
  return [
    { what: 'a zip bomb', files: one('audit.zip', zipBomb()), says: /NOT VERIFIED/ },
    {
      what: 'half a bundle',
      files: one('audit.zip', bundle.subarray(0, bundle.length / 2)),
      says: /NOT VERIFIED/,
    },
    {
      what: 'a bundle without its last byte',
      files: one('audit.zip', bundle.subarray(0, -1)),
      says: /NOT VERIFIED/,
    },
    { what: 'half a statement', files: one('a.cose', statement.subarray(0, 40)), says: /NOT VERIFIED/ },
    {
      what: 'half a proof',
      files: [...one('a.cose', statement), ...one('b', proof.subarray(0, 90))],
      says: /NOT VERIFIED/,
    },
    { what: 'nothing', files: one('a.cose', new Uint8Array()), says: /NOT VERIFIED/ },
    {
      what: 'a picture under the name of a statement',
      files: one('statement.cose', png),
      says: /cannot be used|NOT VERIFIED/,
    },
    {
      what: 'a page under the name of a bundle',
      files: one('audit.zip', text('<!doctype html><script>window.owned=1</script>')),
      says: /NOT VERIFIED/,
    },
    {
      what: 'an incident of nothing',
      files: one('incident.json', text('{"schema":"tallystick.incident.v1"}')),
      says: /NOT VERIFIED/,
    },
    {
      what: 'deep JSON',
      files: one('incident.json', text(`{"schema":"tallystick.incident.v1","x":${'['.repeat(100_000)}`)),
      says: /NOT VERIFIED/,
    },
    {
      what: 'a statement under the name of a bundle',
      files: one('audit.zip', statement),
      says: /NOT VERIFIED|NOT CHECKED/,
    },
    { what: 'a name that would run', files: one(hostile, text('x')), says: /NOT VERIFIED/ },
    {
      what: 'a name that leads away',
      files: one('../../../etc/passwd', text('root:x:0:0')),
      says: /NOT VERIFIED/,
    },
    { what: 'a name without end', files: one(`${'n'.repeat(30_000)}.cose`, text('x')), says: /NOT VERIFIED/ },
  ];
}
