/**
 * Opens a bundle: checks its container, manifest, heads, entries and signatures. verify.ts checks whether its summaries follow
 * from the entries.
 */
import { Refusal } from '../../bytes/refusal.ts';
import { equalBytes } from '../../bytes/compare.ts';
import { encodeUtf8 } from '../../bytes/text.ts';
import { formatTime } from '../../bytes/time.ts';
import type { Snapshot } from '../../client/snapshot.ts';
import { trustPolicy } from '../../client/trust.ts';
import { canonicalPolicy, policyFingerprint } from '../../note/trust-text.ts';
import type { PolicyHistory } from '../../registration/history.ts';
import { readContainer } from '../zip/read.ts';
import type { Files } from '../zip/write.ts';
import type { Derivable } from './derive.ts';
import type { Manifest } from './manifest.ts';
import { TRUST } from './names.ts';
import {
  assertAllSigned,
  assertNoticed,
  assertStart,
  openEndHead,
  openPolicies,
  openStartHead,
  openTree,
  type BundleHeads,
  type BundleTree,
  type Reader,
} from './opened.ts';
import { bundleSnapshot, witnessedIn } from './snapshot.ts';
import { Ended, Steps } from './steps.ts';
import { badFile, reading } from './text.ts';
import type { VerifyOptions } from './verdict.ts';
import { assertNamed, manifestOf } from './whole.ts';

/** A bundle as a log at one moment, and what its other files are made of. */
export interface OpenedBundle extends Derivable {
  readonly manifest: Manifest;
  readonly snapshot: Snapshot;
  readonly reader: Reader;
}

/**
 * Opens a bundle as a source of what it says. `now`: POSIX seconds; default: the end of its period. Refuses what the first
 * failed check refuses.
 */
export async function openBundle(
  bytes: Uint8Array,
  options: VerifyOptions,
  now?: number,
): Promise<OpenedBundle> {
  const steps = new Steps();
  try {
    return await openFiles(steps, await openContainer(steps, bytes), options, now);
  } catch (error) {
    if (error instanceof Ended) throw error.refusal;
    throw error;
  }
}

/** The files of a bundle and its manifest. */
export interface BundleFiles {
  readonly files: Files;
  readonly manifest: Manifest;
}

/** Container, manifest and names. `given`: the bytes, or why they were not read. */
export async function openContainer(steps: Steps, given: Uint8Array | Refusal): Promise<BundleFiles> {
  const files = await steps.run(
    'container',
    () => {
      if (given instanceof Refusal) throw given;
      return readContainer(given);
    },
    ({ size }) => `${size} files, each byte in its place`,
  );
  const manifest = await steps.run('manifest', () => manifestOf(files), describeManifest);
  await steps.run(
    'files',
    () => assertNamed(files, manifest),
    () => 'each is accounted for',
  );
  return { files, manifest };
}

function describeManifest({ subjects, period: { since, until } }: Manifest): string {
  const what = subjects.length === 1 ? 'one subject' : `${subjects.length} subjects`;
  return `${what}, ${formatTime(since)} to ${formatTime(until)}`;
}

/** Policy, heads, entries and signatures. */
export async function openFiles(
  steps: Steps,
  { files, manifest }: BundleFiles,
  options: VerifyOptions,
  now = manifest.period.until,
): Promise<OpenedBundle> {
  const reader = await steps.run(
    'policy',
    () => readerOf(files, options),
    ({ trust: { policy } }) => describePolicy(policyFingerprint(policy), options),
  );
  const heads = await openHeads(steps, files, manifest, reader);
  const tree = await openEntries(steps, files, heads);
  const policies = await openSigned(steps, tree, manifest.log, reader);
  const witnessed = await steps.run(
    'heads',
    () => {
      assertNoticed(manifest, heads, tree);
      return witnessedIn(heads, tree, reader);
    },
    ({ length }) => `${length} witnessed heads are of this log`,
  );
  const snapshot = bundleSnapshot({ heads, tree, policies, witnessed, reader }, now);
  const { format: _, version: __, files: ___, ...scope } = manifest;
  return { manifest, snapshot, reader, scope, files, heads, tree, policies };
}

function readerOf(files: Files, { trust, verify }: VerifyOptions): Reader {
  const bytes = files.get(TRUST);
  if (bytes === undefined) throw badFile(TRUST, 'it is missing');
  const own = reading(TRUST, () => trustPolicy(bytes));
  if (!equalBytes(encodeUtf8(canonicalPolicy(own.policy)), bytes))
    throw badFile(TRUST, 'it is not in its one spelling');
  return { trust: trust ?? own, verify };
}

function describePolicy(fingerprint: string, { trust, trustFrom }: VerifyOptions): string {
  if (trust === undefined) return `none of yours; the keys of the file itself, ${fingerprint}`;
  return trustFrom === undefined ? `yours, ${fingerprint}` : `yours, ${fingerprint}, from ${trustFrom}`;
}

async function openHeads(
  steps: Steps,
  files: Files,
  manifest: Manifest,
  reader: Reader,
): Promise<BundleHeads> {
  const end = await steps.run(
    'end head',
    () => openEndHead(files, manifest, reader),
    ({ opened: { checkpoint, cosignatures } }) => {
      const names = cosignatures.map(({ verifier }) => verifier.name).join(', ');
      return `${checkpoint.size} entries, cosigned by ${names === '' ? 'nobody' : names}`;
    },
  );
  const start = await steps.run(
    'start head',
    () => openStartHead(files, manifest, reader),
    (head) => (head === undefined ? 'there is none' : `${head.opened.checkpoint.size} entries`),
  );
  return { end, start };
}

async function openEntries(steps: Steps, files: Files, heads: BundleHeads): Promise<BundleTree> {
  const tree = await steps.run(
    'entries',
    () => openTree(files, heads),
    ({ entries }) => `${entries.length} are under the root of the end head`,
  );
  if (heads.start !== undefined)
    await steps.run(
      'start head',
      () => assertStart(heads, tree),
      () => 'the log had it',
    );
  return tree;
}

async function openSigned(
  steps: Steps,
  tree: BundleTree,
  log: string,
  reader: Reader,
): Promise<PolicyHistory> {
  const policies = await steps.run(
    'policies',
    () => openPolicies(tree, log, reader),
    ({ steps: { length } }) =>
      length === 1 ? 'one registration policy' : `${length} registration policies, one after another`,
  );
  await steps.run(
    'signatures',
    () => assertAllSigned(tree, policies, reader),
    () => 'each entry is signed by a key that was allowed to say so',
  );
  return policies;
}
