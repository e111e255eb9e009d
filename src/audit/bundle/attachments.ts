/** `attachments.csv`, and the evidence that proofs name by digest (spec/bundle.md, "Attachments, openings, people"). */
import { sha256 } from '@noble/hashes/sha2.js';
import { formatHex } from '../../bytes/text.ts';
import type { Attachment } from '../../statement/vocabulary.ts';
import type { Files } from '../zip/write.ts';
import type { BundleEntry } from './entries.ts';
import { attachmentDigest, attachmentFile } from './names.ts';
import { badFile, csvFile } from './text.ts';

const COLUMNS = ['index', 'attachment', 'media_type', 'sha256', 'size', 'where'];

/** An attachment of a proof, and the digest of what it is. */
interface Carried {
  readonly index: number;
  readonly place: number;
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly isInEntry: boolean;
}

function carriedBy(entries: readonly BundleEntry[]): readonly Carried[] {
  return entries.flatMap(({ index, parsed }) =>
    parsed.kind === 'proof'
      ? (parsed.proof.attachments ?? []).map((each, place) => ({ index, place, ...described(each) }))
      : [],
  );
}

function described({ mediaType, data, digest, size }: Attachment): Omit<Carried, 'index' | 'place'> {
  const isInEntry = data !== undefined;
  return {
    mediaType,
    digest: formatHex(data === undefined ? (digest ?? new Uint8Array()) : sha256(data)),
    size: data?.length ?? size ?? 0,
    isInEntry,
  };
}

/** The file. */
export function attachmentsCsv(entries: readonly BundleEntry[], files: Files): Uint8Array {
  const lines = carriedBy(entries).map(({ index, place, mediaType, digest, size, isInEntry }) => {
    const file = attachmentFile(digest);
    const where = isInEntry ? 'entry' : files.has(file) ? file : 'elsewhere';
    return [index, place, mediaType, digest, size, where];
  });
  return csvFile([COLUMNS, ...lines]);
}

/** Refuses `malformed-bundle` for evidence that no proof names, or that is not what the proof names. Returns the number of files. */
export function checkAttachments(entries: readonly BundleEntry[], files: Files): number {
  const named = carriedBy(entries).filter(({ isInEntry }) => !isInEntry);
  const names = new Set(named.map(({ digest }) => attachmentFile(digest)));
  const sized = new Set(named.map(({ digest, size }) => `${attachmentFile(digest)} ${size}`));
  let found = 0;
  for (const [name, bytes] of files) {
    if (attachmentDigest(name) === undefined) continue;
    if (!names.has(name)) throw badFile(name, 'no proof in the bundle names it');
    if (attachmentFile(formatHex(sha256(bytes))) !== name || !sized.has(`${name} ${bytes.length}`))
      throw badFile(name, 'its content is another than the proof names');
    found++;
  }
  return found;
}
