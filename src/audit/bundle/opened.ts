/**
 * Opens what a bundle rests on under a trust policy: its heads, its entries under the one proof, the registration policies and
 * every signature. What can be made again from it is another module's (derive.ts).
 */
import { equalBytes } from '../../bytes/compare.ts';
import { refuse } from '../../bytes/refusal.ts';
import { formatHex } from '../../bytes/text.ts';
import type { Trust } from '../../client/evidence.ts';
import { openSigned, silentKeys } from '../../client/examine-log.ts';
import type { OpenedCheckpoint } from '../../note/checkpoint.ts';
import { quorumMet } from '../../note/trust.ts';
import { assertSigned } from '../../registration/admit.ts';
import { assertAudience } from '../../registration/audience.ts';
import { assertApprovals, assertGranted } from '../../registration/grants.ts';
import { PolicyHistory } from '../../registration/history.ts';
import { assertNotice } from '../../registration/notices.ts';
import { policyFor } from '../../registration/rules.ts';
import { verifyWithNoble, type VerifySignature } from '../../sign/algorithm.ts';
import { assertOnce } from '../../statement/once.ts';
import { rootAt, type NodeReader } from '../../tree/prove.ts';
import type { Files } from '../zip/write.ts';
import { readEntries, type BundleEntry } from './entries.ts';
import type { Manifest } from './manifest.ts';
import { END_HEAD, MANIFEST, START_HEAD } from './names.ts';
import { shownBy, verifyProof } from './proof.ts';
import { badFile, reading } from './text.ts';

/** Whom a reader trusts, and how signatures are verified. */
export interface Reader {
  readonly trust: Trust;
  /** Default: noble. */
  readonly verify?: VerifySignature | undefined;
}

/** A signed checkpoint of a bundle, opened with its quorum. */
export interface BundleHead {
  readonly note: Uint8Array;
  readonly opened: OpenedCheckpoint;
}

/** The head to which all entries are proven, and the head before the period. */
export interface BundleHeads {
  readonly end: BundleHead;
  readonly start: BundleHead | undefined;
}

type Stated = Pick<Manifest, 'log' | 'heads'>;

/** Opens the end head. Refuses as `openTrusted` does, and `malformed-bundle` for another head than the manifest says. */
export function openEndHead(files: Files, stated: Stated, reader: Reader): BundleHead {
  return openHead(files, END_HEAD, stated.log, stated.heads.end, reader);
}

/** Opens the start head, if there is one. Refuses as `openEndHead`; that its root was the log's is `assertStart`'s to say. */
export function openStartHead(files: Files, stated: Stated, reader: Reader): BundleHead | undefined {
  const { start, end } = stated.heads;
  if (start === null) {
    if (files.has(START_HEAD)) throw badFile(START_HEAD, 'the manifest has no start head');
    return undefined;
  }
  if (start.size > end.size) throw badFile(START_HEAD, 'it is larger than the end head');
  return openHead(files, START_HEAD, stated.log, start, reader);
}

function openHead(
  files: Files,
  name: string,
  log: string,
  { size, root }: Manifest['heads']['end'],
  { trust, verify }: Reader,
): BundleHead {
  const note = files.get(name);
  if (note === undefined) throw badFile(name, 'it is missing');
  const { opened } = openSigned(note, trust, verify);
  silentKeys(opened, trust);
  const { checkpoint, cosignatures } = opened;
  const { quorum } = trust.policy;
  if (quorum !== 'none' && !quorumMet(trust.policy, cosignatures))
    throw refuse('quorum-unmet', `${name}: the quorum "${quorum.name}" of the policy did not cosign it`);
  const same = checkpoint.origin === log && checkpoint.size === size && formatHex(checkpoint.root) === root;
  if (!same) throw badFile(name, 'it is another head than the manifest says');
  return { note, opened };
}

/** The entries of a bundle, and the nodes of the tree that they and the proof make. */
export interface BundleTree {
  readonly entries: readonly BundleEntry[];
  readonly nodes: NodeReader;
}

/** Reads the entries and verifies the one proof. Refuses `malformed-bundle`, and `proof-failed` for an entry that is there twice. */
export function openTree(files: Files, { end, start }: BundleHeads): BundleTree {
  const entries = readEntries(files);
  assertOnce(entries);
  const { size, root } = end.opened.checkpoint;
  const nodes = verifyProof(files, shownBy(entries, size, start?.opened.checkpoint.size), entries, root);
  return { entries, nodes };
}

/** Refuses `inconsistent` unless the log had the start head: both were signed, and they are not one history. */
export function assertStart({ start }: BundleHeads, { nodes }: BundleTree): void {
  if (start === undefined) return;
  const { size, root } = start.opened.checkpoint;
  if (!equalBytes(rootAt(nodes, size), root))
    throw refuse(
      'inconsistent',
      `the log signed two histories: another root for ${size} entries than ${START_HEAD} has`,
    );
}

/**
 * Refuses `malformed-bundle` unless the notice from which a head was taken, as the manifest says, holds that head. A notice
 * after the end head decides nothing.
 */
export function assertNoticed({ heads: stated }: Stated, heads: BundleHeads, { entries }: BundleTree): void {
  const { size } = heads.end.opened.checkpoint;
  for (const which of ['end', 'start'] as const) {
    const notice = stated[which]?.notice ?? size;
    const note = heads[which]?.note;
    if (notice >= size || note === undefined) continue;
    const parsed = entries.find(({ index }) => index === notice)?.parsed;
    const held =
      parsed?.kind === 'notice' && parsed.notice.topic === 'witnessed' ? parsed.notice.note : undefined;
    if (held === undefined || !equalBytes(held, note))
      throw badFile(MANIFEST, `the ${which} head is not that of entry ${notice}`);
  }
}

/** Replays the registration policies. Refuses as `PolicyHistory.of` does. */
export function openPolicies({ entries }: BundleTree, log: string, { verify }: Reader): PolicyHistory {
  const policies = entries.filter(({ parsed }) => parsed.kind === 'policy');
  return reading('entries', () => PolicyHistory.of(log, policies, verify));
}

/**
 * Checks that each entry is signed by a key that the policy before it allows to say such a thing about the subject in this log:
 * all of admission that rests on no other entry. Refuses as `assertSigned`, `assertAudience`, `assertGranted`, `assertApprovals`
 * and `assertNotice` do. Whether the key was valid then, the log judged: entries carry no time.
 */
export function assertAllSigned(
  { entries }: BundleTree,
  policies: PolicyHistory,
  { verify = verifyWithNoble }: Reader,
): void {
  for (const { index, parsed } of entries)
    if (parsed.kind !== 'policy')
      reading(`entry ${index}`, () => {
        const rules = policies.rulesAt(index);
        assertSigned(rules, parsed, verify);
        const policy = policyFor(rules, parsed);
        assertAudience(policy, parsed);
        assertGranted(policy, parsed, undefined);
        if (parsed.kind === 'commitment') assertApprovals(policy, parsed.commitment);
        if (parsed.kind === 'notice') assertNotice(rules.origin, parsed.subject, parsed.notice);
      });
}
