/**
 * Walks the chain of digests of one trail in one region: from the newest digest that verifies, back over the hours that the
 * claim asks for. Each break of the chain is reported as a fault. A digest file does not contain its own signature. The next
 * digest contains it; the signature of the newest digest is in a file beside it, `<digest>.signature`.
 */
import { parseDigestName, type DigestName, type TrailName } from '../../evidence/cloudtrail-digest.ts';
import type { TrailKey } from '../../evidence/cloudtrail-key.ts';
import {
  breakBetween,
  MAX_DIGEST_BYTES,
  parseSignature,
  verifyDigest,
  type SignedDigest,
  type VerifiedDigest,
} from '../../evidence/cloudtrail.ts';
import { Refusal } from '../../bytes/refusal.ts';
import { formatTime } from '../../bytes/time.ts';
import type { Faults } from './faults.ts';
import type { Folder } from './folder.ts';

/** A digest whose signature was verified, and the bytes and signature it came in. */
export interface Link {
  readonly digest: VerifiedDigest;
  readonly signed: SignedDigest;
}

export interface Chain {
  readonly trail: TrailName;
  /** Verified digests of the window, oldest first; empty when none verifies. */
  readonly links: readonly Link[];
  /** POSIX seconds: the period that the chain covers. */
  readonly from: number;
  readonly to: number;
}

/** A digest file that is not read yet: what its name says, and its path below the folder. */
interface Candidate extends DigestName {
  readonly path: string;
}

/** The wanted digest files, grouped by account, region and trail; in each group the newest comes first. */
export function candidatesOf(
  folder: Folder,
  wanted: (name: TrailName) => boolean,
): ReadonlyMap<string, readonly Candidate[]> {
  const groups = new Map<string, Candidate[]>();
  for (const path of folder.paths) {
    const name = parseDigestName(path);
    if (name === undefined || !wanted(name)) continue;
    const key = [name.account, name.region, name.trail, name.home].join(' ');
    const group = groups.get(key) ?? [];
    group.push({ ...name, path });
    groups.set(key, group);
  }
  for (const group of groups.values())
    group.sort((a, b) => (a.stamp === b.stamp ? 0 : a.stamp < b.stamp ? 1 : -1));
  return new Map([...groups].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Walks one chain from its newest digest back. Undefined if there are no candidates. Refuses only `too-large`. */
export async function walkChain(
  folder: Folder,
  candidates: readonly Candidate[],
  { keys, seconds }: { readonly keys: readonly TrailKey[]; readonly seconds: number },
  faults: Faults,
): Promise<Chain | undefined> {
  const links: Link[] = [];
  const [first] = candidates;
  if (first === undefined) return undefined;
  // The path and signature that a later digest states of the one before. The later digest need not be trusted for this: a false
  // signature does not verify.
  let said: Said | undefined;
  let from = -Infinity;
  for (const candidate of candidates) {
    if (candidate.backfill) {
      if (links.length === 0 || stampOf(from) < candidate.stamp)
        faults.chain(`backfill digest is not read: ${candidate.path}`);
      continue;
    }
    const later = links.at(-1)?.digest;
    if (later !== undefined && later.start <= from) break;
    const isNext = said === undefined || nameIn(said.object) === nameIn(candidate.path);
    if (said !== undefined && !isNext && folder.find(said.object) === undefined)
      faults.chain(`digest is missing: ${said.object}`);
    const found = await check(folder, candidate, keys, isNext ? said?.signature : undefined);
    said = found.said ?? said;
    if (found.kind === 'unsigned' && later === undefined) continue;
    if (found.kind !== 'verified') {
      faults.chain(`${found.kind === 'unsigned' ? UNSIGNED : found.why}: ${candidate.path}`);
      continue;
    }
    if (later === undefined) from = found.link.digest.end - seconds;
    else note(folder, found.link.digest, later, faults);
    links.push(found.link);
  }
  return chainOf(folder, first, links, from, faults);
}

/** The chain of these links (newest first) from the time `from` on. Adds a fault if the chain begins later than `from`. */
function chainOf(
  folder: Folder,
  { account, region, trail, home }: Candidate,
  links: readonly Link[],
  from: number,
  faults: Faults,
): Chain {
  const [newest, oldest] = [links[0]?.digest, links.at(-1)?.digest];
  if (newest === undefined || oldest === undefined) {
    faults.chain(`no digest verifies of trail ${trail} in ${region}`);
    return { trail: { account, region, trail, home }, links, from: 0, to: 0 };
  }
  if (oldest.start > from) {
    const missing = oldest.previous !== undefined && folder.find(oldest.previous.object) === undefined;
    if (missing) faults.chain(`digest is missing: ${oldest.previous?.object ?? ''}`);
    else faults.chain(`the trail begins later than the claim asks for: ${oldest.object}`);
  }
  return {
    trail: newest.trail,
    links: links.toReversed(),
    from: Math.max(from, oldest.start),
    to: newest.end,
  };
}

/** The path and signature of the digest before, as a digest states them. */
interface Said {
  readonly object: string;
  readonly signature: string;
}

/** The file's name. It stays the same if the folder is moved. */
function nameIn(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

const UNSIGNED = 'digest cannot be checked: its signature is in the next digest, which is missing';

/** What an unverified digest states of the one before. Undefined if it states nothing. */
function saidIn(content: Uint8Array): Said | undefined {
  const text = Buffer.from(content).toString('latin1');
  const [, signature] = /"previousDigestSignature"\s*:\s*"([0-9a-fA-F]{256,2048})"/.exec(text) ?? [];
  const [, object] = /"previousDigestS3Object"\s*:\s*"([^"\\]{1,1024})"/.exec(text) ?? [];
  return signature === undefined || object === undefined ? undefined : { object, signature };
}

/** Adds a fault if one digest does not follow the other. */
function note(folder: Folder, earlier: VerifiedDigest, later: VerifiedDigest, faults: Faults): void {
  const why = breakBetween(earlier, later);
  if (why === undefined) return;
  const { previous } = later;
  const missing = previous !== undefined && folder.find(previous.object) === undefined;
  if (missing) faults.chain(`digest is missing: ${previous.object}`);
  faults.chain(`the chain is broken: ${why}`);
}

type Checked = {
  readonly said?: Said | undefined;
} & (
  | { readonly kind: 'verified'; readonly link: Link }
  | { readonly kind: 'unsigned' }
  | { readonly kind: 'wrong'; readonly why: string }
);

async function check(
  folder: Folder,
  { path }: Candidate,
  keys: readonly TrailKey[],
  said: string | undefined,
): Promise<Checked> {
  const read = await folder.read(path, MAX_DIGEST_BYTES);
  if (read.kind !== 'read') return { kind: 'wrong', why: `digest cannot be read (${read.kind})` };
  const beside = await folder.text(`${path}.signature`);
  const before = saidIn(read.content);
  const signatures = [beside, said].flatMap((each) =>
    each === undefined ? [] : [parseSignature(each) ?? []],
  );
  if (signatures.length === 0) return { kind: 'unsigned', said: before };
  for (const signature of signatures) {
    if (!(signature instanceof Uint8Array)) continue;
    const signed = { file: read.packed, signature };
    try {
      const digest = await verifyDigest(signed, keys);
      if (!folder.isPlaceOf(path, digest.object))
        return { kind: 'wrong', why: `digest was moved from ${digest.object}`, said: before };
      return { kind: 'verified', link: { digest, signed }, said: before };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (error.code !== 'proof-failed') return { kind: 'wrong', why: error.message, said: before };
    }
  }
  return { kind: 'wrong', why: 'digest was altered, or signed by another key', said: before };
}

/** A time as the names of digests give it: `20261122T100000Z`. */
function stampOf(seconds: number): string {
  if (!Number.isFinite(seconds)) return '';
  return formatTime(seconds).replaceAll(/[-:]/g, '');
}
