/**
 * Makes a bundle: what was read of a log, and everything that follows from it. The result depends on nothing else, so two machines
 * that are asked the same, with the same heads, make the same bytes.
 *
 *     const bytes = await makeBundle({ snapshot, trust, subjects: ['web/shop'], period, … });
 *     const { result } = await verifyBundle(bytes, { trust });                                     // verified
 */
import { compareUtf8 } from '../../bytes/compare.ts';
import { encodeUtf8 } from '../../bytes/text.ts';
import type { Trust } from '../../client/evidence.ts';
import type { Progress } from '../../client/ports.ts';
import type { Snapshot } from '../../client/snapshot.ts';
import { canonicalPolicy } from '../../note/trust-text.ts';
import type { VerifySignature } from '../../sign/algorithm.ts';
import { writeContainer, type Files } from '../zip/write.ts';
import { assertEnded, collect, type LikeHeads } from './collect.ts';
import { wholeBundle } from './derive.ts';
import { historiesOf } from './histories.ts';
import type { Scope } from './manifest.ts';
import { attachmentFile, END_HEAD, OPENINGS, PEOPLE, START_HEAD, TRUST, VERIFIER } from './names.ts';
import { openPolicies, openTree } from './opened.ts';
import type { OpenedLeaf } from '../../declare/openings-file.ts';
import { checkOpenings, formatOpenings, inLogOrder } from './openings.ts';
import { formatPeople } from './people.ts';
import { bundleSnapshot, witnessedIn } from './snapshot.ts';
import { readManifest } from './manifest.ts';
import { readContainer } from '../zip/read.ts';

/** What a bundle is to hold. Lists are put in order, each item once. */
export interface BundleRequest {
  /** The log, or a copy of it. */
  readonly snapshot: Snapshot;
  /** The trust policy under which it is made. */
  readonly trust: Trust;
  readonly verify?: VerifySignature | undefined;
  readonly subjects: readonly string[];
  readonly period: Scope['period'];
  /** `FRAMEWORK ITEM` each. */
  readonly controls?: readonly string[] | undefined;
  /** Thumbprints of monitors whose inventories are believed, hex. */
  readonly monitors?: readonly string[] | undefined;
  /** Evidence that proofs name by digest: bytes by SHA-256, hex. */
  readonly attachments?: ReadonlyMap<string, Uint8Array> | undefined;
  readonly openings?: readonly OpenedLeaf[] | undefined;
  /** Person by thumbprint, hex. */
  readonly people?: ReadonlyMap<string, string> | undefined;
  /** The single-file verifier. */
  readonly verifier?: Uint8Array | undefined;
  /** Version of the program. */
  readonly madeWith: string;
  /** An older bundle, whose heads are taken, so that the same bytes can come out. */
  readonly like?: Uint8Array | undefined;
  readonly progress?: ((label: string, total: number) => Progress) | undefined;
}

/** The bundle. Refuses as `readPast` does, `usage` for a period that has not ended, `too-large`. */
export async function makeBundle(request: BundleRequest): Promise<Uint8Array> {
  return writeContainer(await bundleFiles(request));
}

/** The files of the bundle. */
export async function bundleFiles(request: BundleRequest): Promise<Files> {
  const { snapshot, trust, verify, period, madeWith, progress } = request;
  assertEnded(period, snapshot.now);
  const reader = { trust, verify };
  const asked = {
    subjects: ordered(request.subjects),
    period,
    controls: ordered(request.controls ?? []),
    monitors: ordered(request.monitors ?? []),
  };
  const like = request.like && likeHeads(request.like);
  const { files, heads, stated } = await collect(snapshot, asked, reader, like, progress);
  const tree = openTree(files, heads);
  const { origin } = heads.end.opened.checkpoint;
  const policies = openPolicies(tree, origin, reader);
  const witnessed = await witnessedIn(heads, tree, reader);
  const own = bundleSnapshot({ heads, tree, policies, witnessed, reader }, period.until);
  const histories = await historiesOf(own, asked, new Set(asked.monitors), progress);
  const openings = inLogOrder(request.openings ?? [], tree.entries);
  checkOpenings(openings, tree.entries);
  const sources = new Map([...files, [TRUST, encodeUtf8(canonicalPolicy(trust.policy))]]);
  for (const [digest, bytes] of request.attachments ?? []) sources.set(attachmentFile(digest), bytes);
  if (openings.length > 0) sources.set(OPENINGS, formatOpenings(openings));
  if (request.people !== undefined) sources.set(PEOPLE, formatPeople(request.people));
  if (request.verifier !== undefined) sources.set(VERIFIER, request.verifier);
  const scope: Scope = { made_with: madeWith, log: origin, ...asked, heads: stated };
  return wholeBundle({ scope, files: sources, heads, tree, policies }, histories);
}

/** In ascending order of UTF-8 bytes, each once. */
function ordered(list: readonly string[]): readonly string[] {
  return [...new Set(list)].toSorted(compareUtf8);
}

/** The heads of an older bundle. Refuses `malformed-bundle`. */
function likeHeads(bytes: Uint8Array): LikeHeads {
  const files = readContainer(bytes);
  const { heads } = readManifest(files);
  return { end: files.get(END_HEAD) ?? new Uint8Array(), start: files.get(START_HEAD), stated: heads };
}
