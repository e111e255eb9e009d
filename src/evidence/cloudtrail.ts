/**
 * The offline verifier of CloudTrail's digest files, evidence of class E4. Every hour AWS signs the list of log files,
 * their SHA-256, and the signature of the digest before (AWS CloudTrail User Guide, "Custom implementations of
 * CloudTrail log file integrity validation"). It needs no network and no clock. The content of the log files is not
 * checked.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { decodeCbor, encodeCbor } from '../bytes/cbor.ts';
import { concatBytes } from '../bytes/compare.ts';
import { refuse } from '../bytes/refusal.ts';
import { decodeUtf8, encodeUtf8, formatHex, parseHex } from '../bytes/text.ts';
import { within } from '../bytes/within.ts';
import { array, bytes, oneOf, record } from '../statement/schema.ts';
import type { TrailKey } from './cloudtrail-key.ts';
import { parseTrailDigest, sameTrail, type TrailDigest } from './cloudtrail-digest.ts';
import { checkSignature } from './signature.ts';
import { unread } from './tls-fields.ts';

/** Media type of digests as an attachment of a runtime proof. */
export const DIGESTS_TYPE = 'application/vnd.tallystick.cloudtrail.digests.v1+cbor';

/** Largest digest, uncompressed, and largest evidence: some thousand log files an hour, some hundred hours. */
export const MAX_DIGEST_BYTES = 4 * 1024 ** 2;
const MAX_EVIDENCE_BYTES = 16 * 1024 ** 2;
const MAX_DIGESTS = 1_024;

/** A digest as AWS delivered it: the file, gzip and all, and the signature from the metadata of its S3 object. */
export interface SignedDigest {
  readonly file: Uint8Array;
  readonly signature: Uint8Array;
}

const signedDigest = record({ file: bytes(1, MAX_DIGEST_BYTES), signature: bytes(128, 1_024) });
const evidence = record({ kind: oneOf(['cloudtrail']), digests: array(signedDigest, MAX_DIGESTS, 1) });

export interface VerifiedDigest extends TrailDigest {
  /** Hex SHA-256 of the SubjectPublicKeyInfo of the key that signed it. */
  readonly key: string;
  /** Lower-case hex, as the next digest names it. */
  readonly signature: string;
}

/** An unbroken run of digests of one trail in one region. Times are POSIX seconds. */
export interface VerifiedTrail {
  readonly digests: readonly VerifiedDigest[];
  readonly start: number;
  readonly end: number;
}

/**
 * Checks AWS's signature over one digest file. Refuses `malformed-proof` for bytes that are no digest file, and
 * `proof-failed` if none of the keys made the signature. If this machine cannot check the signature, `isUnread` is true
 * of the refusal.
 */
export async function verifyDigest(signed: SignedDigest, keys: readonly TrailKey[]): Promise<VerifiedDigest> {
  const content = await inflated(signed.file);
  const parsed = parseTrailDigest(decodeUtf8(content), formatHex(sha256(content)));
  const message = stringToSign(parsed);
  const key = await signerAmong(keys, message, signed.signature);
  if (key === undefined)
    throw refuse(
      'proof-failed',
      `the signature of the digest ${parsed.object} was made by none of the ${keys.length} keys given (it names ${parsed.fingerprint})`,
    );
  return { ...parsed, key: key.sha256, signature: formatHex(signed.signature) };
}

async function signerAmong(
  keys: readonly TrailKey[],
  message: Uint8Array,
  signature: Uint8Array,
): Promise<TrailKey | undefined> {
  let lacks: string | undefined;
  for (const each of keys) {
    const checked = await checkSignature(each.key, { hash: 'sha256', form: 'der' }, message, signature);
    if (checked === true) return each;
    if (checked !== false) lacks = checked.lacks;
  }
  if (lacks !== undefined) throw unread(lacks);
  return undefined;
}

/** The bytes that AWS signs: four lines. The last is the signature of the digest before, or the word null. */
export function stringToSign(digest: TrailDigest): Uint8Array {
  const { endText, bucket, object, previous } = digest;
  return encodeUtf8(
    [endText, `${bucket}/${object}`, digest.sha256, previous?.signature ?? 'null'].join('\n'),
  );
}

/** Why `later` is not the immediate successor of `earlier` in one chain; undefined if it is. */
export function breakBetween(earlier: VerifiedDigest, later: VerifiedDigest): string | undefined {
  const { previous } = later;
  if (!sameTrail(earlier.trail, later.trail)) return `${later.object} is of another trail`;
  if (previous === undefined) return `${later.object} begins a chain: nothing was recorded before it`;
  if (previous.object !== earlier.object || previous.bucket !== earlier.bucket)
    return `${later.object} follows ${previous.object}, not ${earlier.object}`;
  if (previous.signature !== earlier.signature || (previous.sha256 ?? earlier.sha256) !== earlier.sha256)
    return `${later.object} follows another ${earlier.object} than this one`;
  if (earlier.end !== later.start)
    return `nothing is said of the time between ${earlier.object} and ${later.object}`;
  return undefined;
}

/**
 * Checks evidence: every signature, and that the digests of each trail follow one another without a gap. Several
 * attachments together may hold one chain. Refuses `malformed-proof` and `proof-failed`.
 */
export async function verifyDigests(
  encoded: readonly Uint8Array[],
  keys: readonly TrailKey[],
): Promise<readonly VerifiedTrail[]> {
  const digests: VerifiedDigest[] = [];
  for (const signed of encoded.flatMap(parseDigests)) digests.push(await verifyDigest(signed, keys));
  const chains = new Map<string, VerifiedDigest[]>();
  for (const each of digests.toSorted((a, b) => a.end - b.end)) {
    const name = Object.values(each.trail).join(' ');
    const chain = chains.get(name) ?? [];
    const before = chain.at(-1);
    const why = before && breakBetween(before, each);
    if (why !== undefined) throw refuse('proof-failed', `the chain of digests is broken: ${why}`);
    chains.set(name, [...chain, each]);
  }
  return [...chains.values()].map((chain) => ({
    digests: chain,
    start: chain[0]?.start ?? 0,
    end: chain.at(-1)?.end ?? 0,
  }));
}

/** The one encoding of evidence: digests in the order of their time. */
export function encodeDigests(digests: readonly SignedDigest[]): Uint8Array<ArrayBuffer> {
  return encodeCbor(evidence.encode({ kind: 'cloudtrail', digests }));
}

/** Refuses `malformed-proof`. */
export function parseDigests(encoded: Uint8Array): readonly SignedDigest[] {
  const limits = { maxBytes: MAX_EVIDENCE_BYTES, maxDepth: 3 };
  const read = (): readonly SignedDigest[] => evidence.parse(decodeCbor(encoded, limits), '').digests;
  return within('malformed-proof', 'these are no digests of CloudTrail', read);
}

/** A signature as AWS writes it, hex in either case; undefined when it is none. */
export function parseSignature(text: string): Uint8Array | undefined {
  const trimmed = text.trim().toLowerCase();
  return /^(?:[0-9a-f]{2}){128,1024}$/.test(trimmed) ? parseHex(trimmed) : undefined;
}

/** The content of one gzip member that fills the bytes (RFC 1952). */
async function inflated(file: Uint8Array): Promise<Uint8Array> {
  const unzip = new DecompressionStream('gzip');
  const writer = unzip.writable.getWriter();
  // An error of the writer also appears when the other end is read.
  const written = writer
    .write(Uint8Array.from(file))
    .then(() => writer.close())
    .catch(() => undefined);
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const part of unzip.readable) {
      parts.push(part);
      length += part.length;
      if (length > MAX_DIGEST_BYTES) throw new Error('larger than any digest');
    }
    await written;
    return concatBytes(...parts);
  } catch (error) {
    throw refuse('malformed-proof', 'a digest file is no gzip, or larger than any digest', { cause: error });
  }
}
