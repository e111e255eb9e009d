/**
 * Verifies a bundle offline: every check of spec/bundle.md, "Checks, in order". The first that fails ends it.
 *
 *     const { result, checks, histories, notProven } = await verifyBundle(bytes, { trust });
 *
 * Without a trust policy of the reader's own, the keys of the file itself stand in for it. That shows that the file is of one
 * piece, and nothing else: whoever made it could have made the keys.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { Refusal, refuse } from '../../bytes/refusal.ts';
import { formatHex } from '../../bytes/text.ts';
import { formatTime } from '../../bytes/time.ts';
import { wasHeadAt } from '../../client/challenges.ts';
import { quorumTimes } from '../../note/quorum-time.ts';
import { policyFingerprint } from '../../note/trust-text.ts';
import { parseTrustPolicy, type TrustPolicy } from '../../note/trust.ts';
import type { Files } from '../zip/write.ts';
import { checkAttachments } from './attachments.ts';
import { openQuestions, plainFiles, toldFiles } from './derive.ts';
import { historiesOf, type BundleHistory } from './histories.ts';
import { kidsOf } from './keys.ts';
import { OPENINGS, PEOPLE, TRUST, VERIFIER } from './names.ts';
import { openContainer, openFiles, type BundleFiles, type OpenedBundle } from './open.ts';
import { beaconSizesIn, drawsIn, type Draws } from './draws.ts';
import { checkOpenings, parseOpenings } from './openings.ts';
import { checkPeople } from './people.ts';
import { Ended, Steps } from './steps.ts';
import { badFile } from './text.ts';
import type { BundleVerdict, VerifyOptions } from './verdict.ts';
import { differing } from './whole.ts';

/** What the checks have come to. */
interface Found {
  file: BundleFiles | undefined;
  histories: readonly BundleHistory[];
  notProven: readonly string[];
  /** Whether every summary was compared. */
  isCompared: boolean;
  isWhole: boolean;
}

/** Checks everything. Never throws for what is in the bytes. `given`: the bytes, or why a file was not read (node/file.ts). */
export async function verifyBundle(
  given: Uint8Array | Refusal,
  options: VerifyOptions = {},
): Promise<BundleVerdict> {
  const steps = new Steps();
  const found: Found = { file: undefined, histories: [], notProven: [], isCompared: false, isWhole: false };
  try {
    found.file = await openContainer(steps, given);
    const opened = await openFiles(steps, found.file, options);
    await checkBeside(steps, opened);
    await checkTold(steps, opened, options, found);
    checkVerifier(steps, opened, options);
    found.isWhole = true;
  } catch (error) {
    if (!(error instanceof Ended)) throw error;
  }
  return verdictOf(steps, found, options);
}

function verdictOf({ checks }: Steps, found: Found, { trust, trustFrom }: VerifyOptions): BundleVerdict {
  const failed = !found.isWhole || checks.some(({ outcome }) => outcome === 'failed');
  const files = found.file?.files;
  const verifier = files?.get(VERIFIER);
  const own = found.isCompared ? 'verified' : 'authentic';
  return {
    result: failed ? 'failed' : trust === undefined ? 'consistent' : own,
    checks,
    manifest: found.file?.manifest,
    histories: found.histories.map(({ known }) => known),
    notProven: found.notProven,
    fingerprints: {
      reader: trust && fingerprintOf(() => trust.policy),
      file: files && fingerprintOf(() => parseTrustPolicy(files.get(TRUST) ?? '')),
    },
    trustFrom: trust && trustFrom,
    verifier: verifier && formatHex(sha256(verifier)),
  };
}

/** The fingerprint of a policy; undefined for one that cannot be read, or has none. */
function fingerprintOf(policy: () => TrustPolicy): string | undefined {
  try {
    return policyFingerprint(policy());
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

/** Period, attachments, openings, people. */
async function checkBeside(steps: Steps, bundle: OpenedBundle): Promise<void> {
  const { files, tree, policies, snapshot } = bundle;
  checkPeriod(steps, bundle);
  await steps.run(
    'attachments',
    () => checkAttachments(tree.entries, files),
    (n) => `${n} are what proofs name`,
  );
  const leaves = files.get(OPENINGS);
  if (leaves !== undefined) {
    await steps.run(
      'openings',
      () => checkOpenings(parseOpenings(leaves), tree.entries),
      () => 'each leaf leads to the root of its entry',
    );
    const opened = parseOpenings(leaves);
    const wasHead = await wasHeadAt(beaconSizesIn(opened, tree.entries), snapshot.view, snapshot.tiles);
    tellDraws(steps, drawsIn(opened, tree.entries, wasHead));
  }
  const people = files.get(PEOPLE);
  if (people !== undefined)
    await steps.run(
      'people',
      () => checkPeople(people, kidsOf(policies.steps)),
      (n) => `${n} keys are given to people, on the word of whoever made the bundle`,
    );
}

/** An agent that chose its pairs makes no bundle false: the bundle shows that it did. */
function tellDraws(steps: Steps, { right, open, faults }: Draws): void {
  if (faults.length > 0)
    steps.skip('draws', `${faults.join('; ')}: what it proves of a sample is its own choice`);
  else if (right > 0)
    steps.pass('draws', `${right} looks took the pairs that their slots draw; of ${open} nobody can say yet`);
}

/** Whether the heads enclose the period, by the times of the quorum. */
function checkPeriod(
  steps: Steps,
  { manifest: { period }, heads: { start, end }, reader }: OpenedBundle,
): void {
  const { policy } = reader.trust;
  const times = quorumTimes(policy, end.opened.cosignatures);
  const before = start && quorumTimes(policy, start.opened.cosignatures);
  if (start !== undefined && times !== undefined && (before?.earliest ?? Infinity) > period.since)
    return steps.fail('period', refuse('proof-failed', 'the start head was not cosigned before the period'));
  if (times === undefined)
    return steps.skip('period', 'no witness says when: that the heads enclose it is the word of the log');
  if (times.latest < period.until)
    return steps.skip(
      'period',
      `the end head was cosigned at ${formatTime(times.latest)}, before the period ended: what was logged after it is not here`,
    );
  const detail =
    start === undefined ? 'the end head is after it; none is before it' : 'one head is before it, one after';
  return steps.pass('period', detail);
}

/** The histories, and everything that is made again. */
async function checkTold(
  steps: Steps,
  opened: OpenedBundle,
  options: VerifyOptions,
  found: Found,
): Promise<void> {
  const { manifest, snapshot, files } = opened;
  const { monitors = new Set<string>(), progress } = options;
  const believed = new Set(manifest.monitors.filter((kid) => monitors.has(kid)));
  found.histories = await steps.run(
    'history',
    () => historiesOf(snapshot, manifest, believed, progress),
    ({ length }) =>
      `the entries of ${length === 1 ? 'the subject' : `${length} subjects`} follow from one another`,
  );
  found.notProven = openQuestions(opened, found.histories);
  const plain = differing(files, plainFiles(opened));
  const told = differing(files, toldOrEnd(steps, opened, found.histories));
  // A page from plain http:// has no WebCrypto: RSA is not checked there, and what rests on it counts less than elsewhere.
  const isLimited =
    globalThis.crypto?.subtle === undefined && found.histories.some(({ unchecked }) => unchecked > 0);
  if (plain.length === 0 && told.length > 0 && isLimited)
    return steps.skip(
      'made again',
      `this place cannot check every signature of a target, so these were not compared: ${told.join(', ')}`,
    );
  found.isCompared = true;
  await steps.run(
    'made again',
    () => {
      const wrong = [...plain, ...told];
      if (wrong.length > 0) throw badFile(wrong.join(', '), whyOther(opened, options, told.length > 0));
    },
    () => 'every summary is what the entries make it',
  );
}

/** What follows from the histories. A manifest may ask for a framework that this program does not know. */
function toldOrEnd(steps: Steps, opened: OpenedBundle, histories: readonly BundleHistory[]): Files {
  try {
    return toldFiles(opened, histories);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    steps.fail('made again', error);
    throw new Ended(error);
  }
}

function whyOther({ files }: OpenedBundle, { trust }: VerifyOptions, told: boolean): string {
  const what = 'it says something else than the entries';
  const file = fingerprintOf(() => parseTrustPolicy(files.get(TRUST) ?? ''));
  if (!told || trust === undefined || fingerprintOf(() => trust.policy) === file) return what;
  return `${what} show under your policy; the bundle was made under another, ${file ?? ''}`;
}

/** A verifier that a bundle brings is compared with the one that was released with the same version. */
function checkVerifier(steps: Steps, { files, manifest }: OpenedBundle, { released }: VerifyOptions): void {
  const bytes = files.get(VERIFIER);
  if (bytes === undefined) return steps.skip('verifier', 'there is none in the bundle');
  const digest = formatHex(sha256(bytes));
  if (released?.version !== manifest.made_with) {
    const which = `SHA-256 ${digest}, of tallystick ${manifest.made_with}`;
    return steps.skip('verifier', `${which}: compare it with the released one before you run it`);
  }
  if (released.sha256 === digest) return steps.pass('verifier', `it is the released one, SHA-256 ${digest}`);
  const what = `${VERIFIER} has SHA-256 ${digest}, the released one ${released.sha256}: do not run it`;
  return steps.fail('verifier', refuse('malformed-bundle', what));
}
