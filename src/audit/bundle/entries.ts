/** The entries of a bundle: groups of 256, and the index that says where each is in the log (spec/bundle.md, "Entries"). */
import { sha256 } from '@noble/hashes/sha2.js';
import { decodeUtf8, formatHex, parseDecimal } from '../../bytes/text.ts';
import { equalBytes } from '../../bytes/compare.ts';
import { readEntry } from '../../registration/replay.ts';
import type { ParsedStatement } from '../../statement/parse.ts';
import { decodeBundle, encodeBundle } from '../../tree/bundle.ts';
import { entryId, type EntryId } from '../../bytes/brand.ts';
import type { Files } from '../zip/write.ts';
import { GROUP, groupFile, groupName, INDEX } from './names.ts';
import { badFile, csvFile, reading } from './text.ts';

/** One entry, read as a statement; nothing is verified. */
export interface BundleEntry {
  readonly index: number;
  readonly id: EntryId;
  readonly parsed: ParsedStatement;
}

const COLUMNS = ['index', 'file', 'offset', 'length', 'id', 'kind'];

/** An entry of the log at an index. Refuses as `readEntry` does. */
export function bundleEntry(index: number, bytes: Uint8Array): BundleEntry {
  return { index, id: entryId(formatHex(sha256(bytes))), parsed: readEntry(bytes) };
}

/** The groups, and the index. `entries`: in ascending order of their indices, at least one. */
export function entryFiles(entries: readonly BundleEntry[]): Files {
  const files = new Map<string, Uint8Array>();
  const lines: (readonly (string | number)[])[] = [COLUMNS];
  for (let at = 0; at < entries.length; at += GROUP) {
    const group = entries.slice(at, at + GROUP);
    files.set(groupFile(at / GROUP), encodeBundle(group.map(({ parsed }) => parsed.entry)));
    let offset = 0;
    for (const { index, id, parsed } of group) {
      const { length } = parsed.entry;
      lines.push([index, groupName(at / GROUP), offset + 2, length, id, parsed.kind]);
      offset += 2 + length;
    }
  }
  return files.set(INDEX, csvFile(lines));
}

/** The entries of a bundle, in ascending order of their indices, as views of its bytes. Refuses `malformed-bundle`. */
export function readEntries(files: Files): readonly BundleEntry[] {
  const index = files.get(INDEX);
  if (index === undefined) throw badFile(INDEX, 'it is missing');
  const indices = readIndex(index);
  const entries: BundleEntry[] = [];
  for (let group = 0; group * GROUP < indices.length; group++) {
    const name = groupFile(group);
    const bytes = files.get(name);
    if (bytes === undefined) throw badFile(name, 'it is missing');
    const places = indices.slice(group * GROUP, (group + 1) * GROUP);
    const read = reading(name, () => decodeBundle(bytes, places.length));
    for (const [i, entry] of read.entries())
      entries.push(reading(`${name}, entry ${places[i]}`, () => bundleEntry(places[i] ?? 0, entry)));
  }
  const again = entryFiles(entries);
  for (const name of files.keys())
    if (name.endsWith('.bundle') && !again.has(name))
      throw badFile(name, `${INDEX} names none of its entries`);
  if (equalBytes(again.get(INDEX) ?? new Uint8Array(), index)) return entries;
  throw badFile(INDEX, 'it does not say where the entries are');
}

/** The first column; the others follow from the entries. */
function readIndex(bytes: Uint8Array): readonly number[] {
  const [, ...lines] = reading(INDEX, () => decodeUtf8(bytes)).split('\n');
  const indices = lines
    .slice(0, -1)
    .map((line) => reading(INDEX, () => parseDecimal(line.split(',', 1)[0] ?? '')));
  if (indices[0] !== 0)
    throw badFile(INDEX, 'entry 0 of the log, its first registration policy, is not in the bundle');
  if (indices.some((each, i) => i > 0 && each <= (indices[i - 1] ?? -1)))
    throw badFile(INDEX, 'its indices are not ascending');
  return indices;
}
