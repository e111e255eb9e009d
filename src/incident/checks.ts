/**
 * The checks of which verifying an incident consists: signed heads and logged entries are extracted from its texts,
 * each is checked with the keys that the verifier was given, and the result is recorded.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { entryId, type EntryId } from '../bytes/brand.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { decodeUtf8, formatBase64, formatHex, parseBase64 } from '../bytes/text.ts';
import { openCheckpoint, type Checkpoint, type OpenedCheckpoint } from '../note/checkpoint.ts';
import { formatKeyId, type NoteVerifier } from '../note/key.ts';
import { parseTlogProof } from '../note/tlogproof.ts';
import { logKeysOf, type TrustPolicy } from '../note/trust.ts';
import type { VerifySignature } from '../sign/algorithm.ts';
import { hashLeaf } from '../tree/hash.ts';
import { verifyInclusion } from '../tree/verify.ts';
import type { LoggedEvidence } from './incident.ts';

/** What a kind of evidence shows when all of it holds. Sentences for people. */
export interface Shown {
  /** In one sentence: what happened, as far as it is shown. */
  readonly what: string;
  readonly proven: boolean;
  /** What signatures and hashes show. */
  readonly proves: readonly string[];
  /** What only the watcher states, or what is assumed. */
  readonly reports: readonly string[];
  /** Who must have lied or been compromised if the incident is true. */
  readonly blames: string;
}

/** One step of a verification. The first that fails ends it. */
export interface IncidentCheck {
  readonly name: string;
  readonly outcome: 'ok' | 'failed';
  readonly detail: string;
  /** What failed. */
  readonly refusal: Refusal | undefined;
}

/** A signed head, opened with the log's keys. */
export interface HeadShown extends OpenedCheckpoint {
  readonly note: string;
}

/** An entry shown to be in the tree of a signed head. */
export interface EntryShown {
  readonly index: number;
  readonly id: EntryId;
  readonly bytes: Uint8Array;
  readonly head: HeadShown;
}

/** Checks, one after another, of one incident of the log `origin`. */
export class Checks {
  readonly origin: string;
  readonly policy: TrustPolicy;
  readonly verify: VerifySignature | undefined;
  readonly done: IncidentCheck[] = [];
  /** Every head that was shown to be signed, in the order of the evidence. */
  readonly heads: HeadShown[] = [];

  constructor(origin: string, policy: TrustPolicy, verify: VerifySignature | undefined) {
    this.origin = origin;
    this.policy = policy;
    this.verify = verify;
  }

  /** Runs a check; its refusal is written down and thrown on. */
  run<T>(name: string, check: () => readonly [result: T, detail: string]): T {
    try {
      const [result, detail] = check();
      this.done.push({ name, outcome: 'ok', detail, refusal: undefined });
      return result;
    } catch (error) {
      if (error instanceof Refusal)
        this.done.push({ name, outcome: 'failed', detail: error.message, refusal: error });
      throw error;
    }
  }

  /** The log's keys among those that are trusted: the ones of its origin. */
  get logKeys(): readonly NoteVerifier[] {
    return logKeysOf(this.policy, this.origin);
  }

  /**
   * Opens a head by the log's signatures. Lines of witnesses are ignored, since only the log's signatures matter here.
   */
  head(name: string, note: string): HeadShown {
    return this.run(name, () => {
      const { origin, logKeys, verify } = this;
      if (logKeys.length === 0) {
        throw refuse('unknown-signer', `no key of the log "${origin}" is trusted: give its verifier key`);
      }
      const head = { ...openCheckpoint(note, { origin, logKeys, verify }), note };
      if (!this.heads.some((each) => each.note === note)) this.heads.push(head);
      return [head, `${describeHead(head.checkpoint)}, signed by ${signersOf(head).join(' and ')}`];
    });
  }

  /** An entry under a signed head, by its `.tlog-proof`. */
  entry(name: string, { index, entry, proof: text }: LoggedEvidence): EntryShown {
    const proof = this.run(`${name}: proof`, () => {
      const parsed = parseTlogProof(text);
      if (parsed.index !== index)
        throw refuse('proof-failed', `the proof is of entry ${parsed.index}, not of ${index}`);
      return [parsed, `a proof of entry ${index}`];
    });
    const head = this.head(`${name}: head`, decodeUtf8(proof.checkpoint));
    return this.run(name, () => {
      const bytes = parseBase64(entry);
      const { size, root } = head.checkpoint;
      verifyInclusion(proof.index, size, hashLeaf(bytes), proof.path, root);
      const shown = { index, id: entryId(formatHex(sha256(bytes))), bytes, head };
      return [shown, `${shown.id} is entry ${index} of ${size}`];
    });
  }
}

/** `name+id` of every log key that signed: the beginnings of their vkeys. */
export function signersOf({ logSignatures }: OpenedCheckpoint): readonly string[] {
  return logSignatures.map(({ verifier: { name, id } }) => `${name}+${formatKeyId(id)}`);
}

function describeHead({ size, root }: Checkpoint): string {
  return `${size} entries, root ${formatBase64(root)}`;
}

/** The latest time a log key itself wrote into its signature (POSIX seconds; types with a timestamp only). */
export function signedTime({ logSignatures }: OpenedCheckpoint): number | undefined {
  const times = logSignatures.map(({ time }) => time ?? 0).filter((time) => time > 0);
  return times.length === 0 ? undefined : Math.max(...times);
}
