/**
 * Verifies a bundle offline: every check of spec/audit.md, "Checks, in order". The first that fails ends it.
 *
 *     const { result, checks, histories, notProven } = await verifyBundle(bytes, { trust });
 *
 * Without a trust policy of the reader's own, the keys of the file itself stand in for it. That shows that the file is of one
 * piece, and nothing else: whoever made it could have made the keys.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import type { Check } from '../../bytes/checklist.ts';
import { equalBytes } from '../../bytes/compare.ts';
import { Refusal, refuse } from '../../bytes/refusal.ts';
import { formatHex } from '../../bytes/text.ts';
import { formatTime } from '../../bytes/time.ts';
import type { Trust } from '../../client/evidence.ts';
import { trustPolicy } from '../../client/trust.ts';
import { quorumTimes } from '../../note/quorum-time.ts';
import { canonicalPolicy, policyFingerprint } from '../../note/trust-text.ts';
import { encodeUtf8 } from '../../bytes/text.ts';
import { parseTrustPolicy } from '../../note/trust.ts';
import type { Snapshot } from '../../client/snapshot.ts';
import { readContainer } from '../zip/read.ts';
import type { Files } from '../zip/write.ts';
import { checkAttachments } from './attachments.ts';
import { openQuestions, plainFiles, toldFiles, type Derivable } from './derive.ts';
import { historiesOf, type BundleHistory } from './histories.ts';
import { kidsOf } from './keys.ts';
import type { Manifest } from './manifest.ts';
import { OPENINGS, PEOPLE, TRUST, VERIFIER } from './names.ts';
import {
  assertAllSigned,
  assertStart,
  openEndHead,
  openPolicies,
  openStartHead,
  openTree,
  type BundleHeads,
  type Reader,
} from './opened.ts';
import { checkOpenings, parseOpenings } from './openings.ts';
import { checkPeople } from './people.ts';
import { bundleSnapshot, witnessedIn } from './snapshot.ts';
import { badFile, reading } from './text.ts';
import type { BundleResult, BundleVerdict, VerifyOptions } from './verdict.ts';
import { assertNamed, differing, manifestOf } from './whole.ts';

/** Checks everything. Never throws for what is in the bytes. */
export async function verifyBundle(bytes: Uint8Array, options: VerifyOptions = {}): Promise<BundleVerdict> {
  const run = new BundleCheck(options);
  try {
    await run.all(bytes);
  } catch (error) {
    if (!(error instanceof Ended)) throw error;
  }
  return run.verdict();
}

/** An opened bundle, as a log at one moment. */
export interface OpenedBundle {
  readonly manifest: Manifest;
  readonly snapshot: Snapshot;
}

/**
 * Opens a bundle as a source of what it says: the checks up to the signatures are made, and summaries are not looked at. `now`: POSIX
 * seconds; default: the end of its period. Refuses what the first failed check refuses.
 */
export async function openBundle(
  bytes: Uint8Array,
  options: VerifyOptions,
  now?: number,
): Promise<OpenedBundle> {
  const run = new BundleCheck(options);
  try {
    return await run.opened(bytes, now);
  } catch (error) {
    if (error instanceof Ended) throw error.refusal;
    throw error;
  }
}

/** A check failed: those after it are not made. */
class Ended extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.message, { cause: refusal });
    this.refusal = refusal;
  }
}

type Details<T> = (value: T) => string;

/** One examination, check by check. */
class BundleCheck {
  readonly #options: VerifyOptions;
  readonly #checks: Check[] = [];
  #manifest: Manifest | undefined;
  #files: Files = new Map();
  #histories: readonly BundleHistory[] = [];
  #notProven: readonly string[] = [];
  #isCompared = false;

  constructor(options: VerifyOptions) {
    this.#options = options;
  }

  verdict(): BundleVerdict {
    const { trust } = this.#options;
    const [file, verifier] = [this.#files.get(TRUST), this.#files.get(VERIFIER)];
    const known = (read: () => string): string | undefined => {
      try {
        return read();
      } catch (error) {
        if (error instanceof Refusal) return undefined;
        throw error;
      }
    };
    return {
      result: this.#result(),
      checks: this.#checks,
      manifest: this.#manifest,
      histories: this.#histories.map((each) => each.known),
      notProven: this.#notProven,
      fingerprints: {
        reader: trust && known(() => policyFingerprint(trust.policy)),
        file: file && known(() => policyFingerprint(parseTrustPolicy(file))),
      },
      verifier: verifier && formatHex(sha256(verifier)),
    };
  }

  #result(): BundleResult {
    if (this.#checks.some(({ outcome }) => outcome === 'failed')) return 'failed';
    if (!this.#checks.some(({ name }) => name === 'made again')) return 'failed';
    if (this.#options.trust === undefined) return 'consistent';
    return this.#isCompared ? 'verified' : 'authentic';
  }

  /** The checks up to the signatures. */
  async opened(bytes: Uint8Array, now?: number): Promise<OpenedBundle & Derivable> {
    const files = await this.#step(
      'container',
      () => readContainer(bytes),
      ({ size }) => `${size} files, each byte in its place`,
    );
    this.#files = files;
    const manifest = await this.#step(
      'manifest',
      () => manifestOf(files),
      ({ subjects, period: { since, until } }) =>
        `${subjects.length === 1 ? 'one subject' : `${subjects.length} subjects`}, ${formatTime(since)} to ${formatTime(until)}`,
    );
    this.#manifest = manifest;
    await this.#step(
      'files',
      () => assertNamed(files, manifest),
      () => 'each is accounted for',
    );
    const reader = await this.#step(
      'policy',
      () => this.#reader(files),
      ({ trust }) => this.#whose(trust),
    );
    const heads = await this.#heads(files, manifest, reader);
    const tree = await this.#step(
      'entries',
      () => openTree(files, heads),
      ({ entries }) => `${entries.length} entries are under the root of the end head`,
    );
    if (heads.start !== undefined)
      await this.#step(
        'start head',
        () => assertStart(heads, tree),
        () => 'the log had it',
      );
    const policies = await this.#step(
      'policies',
      () => openPolicies(tree, manifest.log, reader),
      ({ steps }) =>
        steps.length === 1
          ? 'one registration policy'
          : `${steps.length} registration policies, one after another`,
    );
    await this.#step(
      'signatures',
      () => assertAllSigned(tree, policies, reader),
      () => 'each entry is signed by a key that was allowed to say so',
    );
    const witnessed = await this.#step(
      'heads',
      () => witnessedIn(heads, tree, reader),
      ({ length }) => `${length} witnessed heads are of this log`,
    );
    const snapshot = bundleSnapshot(
      { heads, tree, policies, witnessed, reader },
      now ?? manifest.period.until,
    );
    const { format: _, version: __, files: ___, ...scope } = manifest;
    return { manifest, snapshot, scope, files, heads, tree, policies };
  }

  async all(bytes: Uint8Array): Promise<void> {
    const opened = await this.opened(bytes);
    const { manifest, files, heads, tree, policies } = opened;
    this.#period(manifest, heads);
    await this.#step(
      'attachments',
      () => checkAttachments(tree.entries, files),
      (n) => `${n} are what proofs name`,
    );
    const leaves = files.get(OPENINGS);
    if (leaves !== undefined)
      await this.#step(
        'openings',
        () => checkOpenings(parseOpenings(leaves), tree.entries),
        () => 'each leaf leads to the root of its entry',
      );
    const people = files.get(PEOPLE);
    if (people !== undefined)
      await this.#step(
        'people',
        () => checkPeople(people, kidsOf(policies.steps)),
        (n) => `${n} keys are given to people, on the word of whoever made the bundle`,
      );
    const { monitors = new Set<string>(), progress } = this.#options;
    const believed = new Set(manifest.monitors.filter((kid) => monitors.has(kid)));
    this.#histories = await this.#step(
      'history',
      () => historiesOf(opened.snapshot, manifest, believed, progress),
      ({ length }) =>
        length === 1
          ? 'its entries follow from one another'
          : `the entries of ${length} subjects follow from one another`,
    );
    this.#notProven = openQuestions(opened, this.#histories);
    await this.#madeAgain(opened);
    this.#verifierCheck(files);
  }

  async #heads(files: Files, manifest: Manifest, reader: Reader): Promise<BundleHeads> {
    const end = await this.#step(
      'end head',
      () => openEndHead(files, manifest, reader),
      ({ opened: { checkpoint, cosignatures } }) =>
        `${checkpoint.size} entries, cosigned by ${cosignatures.length === 0 ? 'nobody' : cosignatures.map(({ verifier }) => verifier.name).join(', ')}`,
    );
    const start = await this.#step(
      'start head',
      () => openStartHead(files, manifest, reader),
      (head) => (head === undefined ? 'there is none' : `${head.opened.checkpoint.size} entries`),
    );
    return { end, start };
  }

  /** Whether the heads enclose the period, by the times of the quorum. */
  #period({ period: { since, until } }: Manifest, { end, start }: BundleHeads): void {
    const policy =
      this.#options.trust?.policy ?? parseTrustPolicy(this.#files.get(TRUST) ?? new Uint8Array());
    const times = quorumTimes(policy, end.opened.cosignatures);
    const before = start && quorumTimes(policy, start.opened.cosignatures);
    if (times === undefined)
      return this.#skip('period', 'no witness says when; that the heads enclose it is the word of the log');
    if (times.latest < until)
      return this.#skip(
        'period',
        `the end head was cosigned at ${formatTime(times.latest)}: what was logged between then and ${formatTime(until)} is not in the bundle`,
      );
    if (start !== undefined && (before === undefined || before.earliest > since))
      return this.#fail(
        'period',
        refuse('proof-failed', 'the start head was not cosigned before the period'),
      );
    this.#pass(
      'period',
      start === undefined
        ? 'the end head is after it; it begins before any witnessed head'
        : 'one head is before it, one after',
    );
  }

  async #madeAgain(opened: Derivable): Promise<void> {
    const plain = differing(this.#files, plainFiles(opened));
    const told = differing(this.#files, toldFiles(opened, this.#histories));
    // Without WebCrypto (a page from plain http://) RSA is not checked, and what rests on it counts less here than elsewhere.
    const limited =
      globalThis.crypto?.subtle === undefined && this.#histories.some(({ unchecked }) => unchecked > 0);
    if (plain.length === 0 && told.length > 0 && limited)
      return this.#skip(
        'made again',
        `this place cannot check every signature of a target, so ${told.join(', ')} could not be compared`,
      );
    this.#isCompared = true;
    await this.#step(
      'made again',
      () => {
        if (plain.length + told.length > 0)
          throw badFile([...plain, ...told].join(', '), this.#why(told.length > 0));
      },
      () => 'every summary is what the entries make it',
    );
  }

  #why(told: boolean): string {
    const what = 'it says something else than the entries';
    const { file, reader } = this.verdict().fingerprints;
    const other = told && reader !== undefined && reader !== file;
    return other
      ? `${what} show under your policy; the bundle was made under another (${file?.slice(0, 16)}…)`
      : what;
  }

  #verifierCheck(files: Files): void {
    const bytes = files.get(VERIFIER);
    const released = this.#options.verifier;
    if (bytes === undefined) return this.#skip('verifier', 'there is none in the bundle');
    const digest = formatHex(sha256(bytes));
    if (released === undefined)
      return this.#skip('verifier', `SHA-256 ${digest}: compare it with the released one before you run it`);
    if (released === digest) return this.#pass('verifier', `it is the released one, SHA-256 ${digest}`);
    this.#fail(
      'verifier',
      refuse(
        'malformed-bundle',
        `${VERIFIER} has SHA-256 ${digest}, the released one ${released}: do not run it`,
      ),
    );
  }

  #reader(files: Files): Reader {
    const { trust, verify } = this.#options;
    const bytes = files.get(TRUST);
    if (bytes === undefined) throw badFile(TRUST, 'it is missing');
    const own = reading(TRUST, () => trustPolicy(bytes));
    if (!equalBytes(encodeUtf8(canonicalPolicy(own.policy)), bytes))
      throw badFile(TRUST, 'it is not in its one spelling');
    return { trust: trust ?? own, verify };
  }

  #whose({ policy }: Trust): string {
    const fingerprint = policyFingerprint(policy);
    return this.#options.trust === undefined
      ? `none of yours; the keys of the file itself, ${fingerprint}`
      : `yours, ${fingerprint}`;
  }

  async #step<T>(name: string, run: () => T | Promise<T>, details: Details<T>): Promise<T> {
    try {
      const value = await run();
      this.#pass(name, details(value));
      return value;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#fail(name, error);
      throw new Ended(error);
    }
  }

  #pass(name: string, detail: string): void {
    this.#checks.push({ name, outcome: 'ok', detail, refusal: undefined });
  }

  #fail(name: string, refusal: Refusal): void {
    this.#checks.push({ name, outcome: 'failed', detail: refusal.message, refusal });
  }

  #skip(name: string, detail: string): void {
    this.#checks.push({ name, outcome: 'skipped', detail, refusal: undefined });
  }
}
