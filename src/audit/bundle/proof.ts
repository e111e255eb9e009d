/** The one proof of a bundle: which earlier sizes it shows, and its file (spec/bundle.md, "The one proof"). */
import { digest, DIGEST_LENGTH, type Digest, type TreeSize } from '../../bytes/brand.ts';
import { concatBytes } from '../../bytes/compare.ts';
import { claimedHead } from '../../statement/notice.ts';
import { hashLeaf } from '../../tree/hash.ts';
import { verifyMany, type Shown } from '../../tree/multi.ts';
import type { NodeReader } from '../../tree/prove.ts';
import type { Files } from '../zip/write.ts';
import type { BundleEntry } from './entries.ts';
import { PROOF } from './names.ts';
import { badFile, reading } from './text.ts';

/**
 * What the one proof shows: the entries, and the heads that they and the start of the bundle name. `start`: size of the
 * start head; undefined without one.
 */
export function shownBy(entries: readonly BundleEntry[], size: TreeSize, start: number | undefined): Shown {
  const sizes = new Set(start === undefined ? [] : [start]);
  for (const { parsed } of entries) for (const each of sizesIn(parsed)) sizes.add(each);
  return {
    size,
    leaves: entries.map(({ index }) => index),
    sizes: [...sizes].filter((each) => each > 0 && each < size).toSorted((a, b) => a - b),
  };
}

/** Sizes of the log that an entry names. */
function sizesIn(parsed: BundleEntry['parsed']): readonly number[] {
  if (parsed.kind === 'proof') {
    const { challenge, results } = parsed.proof;
    return [challenge.size, ...results.flatMap(({ slot }) => slot?.beacon?.size ?? [])];
  }
  if (parsed.kind !== 'notice') return [];
  const { notice } = parsed;
  if (notice.topic === 'witnessed') return [claimedHead(notice).size];
  return notice.topic === 'inventory' ? [notice.checkpoint.size] : [];
}

/** The file of a proof. */
export function proofFile(proof: readonly Digest[]): Uint8Array<ArrayBuffer> {
  return concatBytes(...proof);
}

/** Verifies the proof against the root of the end head. Refuses `malformed-bundle`; else a reader of the known nodes. */
export function verifyProof(
  files: Files,
  shown: Shown,
  entries: readonly BundleEntry[],
  root: Digest,
): NodeReader {
  const bytes = files.get(PROOF);
  if (bytes === undefined) throw badFile(PROOF, 'it is missing');
  if (bytes.length % DIGEST_LENGTH !== 0) throw badFile(PROOF, 'it does not end with a whole hash');
  if ((entries.at(-1)?.index ?? 0) >= shown.size)
    throw badFile(PROOF, `an entry lies beyond the ${shown.size} entries of the end head`);
  const proof = Array.from({ length: bytes.length / DIGEST_LENGTH }, (_, i) =>
    digest(bytes.subarray(i * DIGEST_LENGTH, (i + 1) * DIGEST_LENGTH)),
  );
  const leaf = (i: number): Digest => {
    const entry = entries[i];
    if (entry === undefined) throw new RangeError(`no entry ${i}`);
    return hashLeaf(entry.parsed.entry);
  };
  return reading(PROOF, () => verifyMany(shown, leaf, proof, root));
}
