/**
 * Trust policies (C2SP tlog-policy): which logs, which witnesses, and how many of them must have cosigned.
 *
 *     log <vkey> [<url>]
 *     witness <name> <vkey> [<url>]
 *     group <name> all|any|<k> <name>...          1 ≤ k ≤ number of members
 *     quorum <name>|none                          exactly one such line
 *
 * Items are separated by spaces and tabs; blank lines and lines that start with # are skipped. Octets above
 * 7F are opaque: two names are the same when their bytes are. A name is defined before it is used, witnesses
 * and groups share one namespace, and no name is a member twice, so that every witness counts in one way.
 */
import { refuse, type Refusal } from '../bytes/refusal.ts';
import { decodeUtf8, encodeUtf8, parseDecimal } from '../bytes/text.ts';
import { within } from '../bytes/within.ts';
import type { VerifySignature } from '../sign/algorithm.ts';
import {
  openCheckpoint,
  parseCheckpoint,
  type CheckpointKeys,
  type Cosignature,
  type OpenedCheckpoint,
} from './checkpoint.ts';
import { MAX_TEXT_BYTES } from './fields.ts';
import { parseNote } from './note.ts';
import { asCosigner, formatVkey, parseVkey, sameKey, sameVerifier, type NoteVerifier } from './key.ts';

/** Most logs, most witnesses and most groups in one policy (implementations SHOULD take 32 of each). */
const MAX_POLICY_ENTRIES = 256;

/** A log whose checkpoints are accepted. */
interface TrustedLog {
  readonly verifier: NoteVerifier;
  readonly url?: string;
  /** Its origin, where that is not its key's name, as of the Go checksum database. */
  readonly origin?: string;
}

/** The origin of a trusted log. */
export function originOf({ verifier, origin }: TrustedLog): string {
  return origin ?? verifier.name;
}

/** The trusted keys of the log of an origin. */
export function logKeysOf(policy: Pick<TrustPolicy, 'logs'>, origin: string): readonly NoteVerifier[] {
  return policy.logs.filter((log) => originOf(log) === origin).map(({ verifier }) => verifier);
}

/** The same policy without the keys of other logs. */
export function policyAbout(policy: TrustPolicy, origin: string): TrustPolicy {
  return { ...policy, logs: policy.logs.filter((log) => originOf(log) === origin) };
}

/** The same policy for a log that calls itself otherwise than its keys are named. */
export function withOrigin(policy: TrustPolicy, origin: string): TrustPolicy {
  return { ...policy, logs: policy.logs.map((log) => ({ ...log, origin })) };
}

/**
 * Opens a checkpoint that a log of the policy signed, by the keys of the log that it says it is of. Refuses as
 * `openCheckpoint` does; without `witnessKeys` no cosignature is looked at.
 */
export function openByLog(
  note: Uint8Array | string,
  policy: Pick<TrustPolicy, 'logs'>,
  keys: Partial<Pick<CheckpointKeys, 'witnessKeys' | 'verify'>> = {},
): OpenedCheckpoint {
  const { origin } = parseCheckpoint(parseNote(note).text);
  const logKeys = logKeysOf(policy, origin);
  if (logKeys.length > 0 || policy.logs.length === 0)
    return openCheckpoint(note, { ...keys, origin, logKeys });
  const known = [...new Set(policy.logs.map(originOf))].map((name) => JSON.stringify(name)).join(', ');
  throw refuse(
    'unknown-signer',
    `the checkpoint is of the log ${JSON.stringify(origin)}, and the trusted keys are of ${known}; if another log was meant, ` +
      'name its URL; if it is that log, and calls itself otherwise than its key is named, say what it calls itself',
    { remedy: { log: true, logOrigin: origin } },
  );
}

/** `name` is the policy's own, for people to read: it may be lossy where the file is not UTF-8. */
export interface TrustedWitness {
  readonly name: string;
  readonly verifier: NoteVerifier;
  /** The witness's submission prefix (C2SP tlog-witness). */
  readonly url?: string;
}

/** Has witnessed a checkpoint when at least `threshold` of its members have. */
interface WitnessGroup {
  readonly name: string;
  readonly threshold: number;
  readonly members: readonly Voter[];
}

export type Voter = TrustedWitness | WitnessGroup;

/** A policy; `quorum` is the voter that must have witnessed a checkpoint. */
export interface TrustPolicy {
  readonly logs: readonly TrustedLog[];
  readonly witnesses: readonly TrustedWitness[];
  readonly groups: readonly WitnessGroup[];
  readonly quorum: Voter | 'none';
}

/** The policy that accepts these log keys and asks for no witness. */
export function policyOfLogs(verifiers: readonly NoteVerifier[]): TrustPolicy {
  return { logs: verifiers.map((verifier) => ({ verifier })), witnesses: [], groups: [], quorum: 'none' };
}

/** Whether these verified cosignatures of one checkpoint meet the policy's quorum. */
export function quorumMet(
  policy: TrustPolicy,
  cosignatures: readonly Pick<Cosignature, 'verifier'>[],
): boolean {
  const met = (voter: Voter): boolean =>
    'members' in voter
      ? voter.members.filter(met).length >= voter.threshold
      : cosignatures.some(({ verifier }) => sameVerifier(verifier, voter.verifier));
  return policy.quorum === 'none' || met(policy.quorum);
}

/**
 * Opens a signed checkpoint that the policy must accept: signed by a listed log, witnessed by the quorum.
 * Refuses as `openCheckpoint` does, and `quorum-unmet`. A policy without logs accepts none: add the log
 * known from context first.
 */
export function openTrusted(
  note: Uint8Array | string,
  policy: TrustPolicy,
  verify?: VerifySignature,
): OpenedCheckpoint {
  const witnessKeys = policy.witnesses.map(({ verifier }) => verifier);
  const opened = openByLog(note, policy, { witnessKeys, verify });
  if (policy.quorum !== 'none' && !quorumMet(policy, opened.cosignatures)) {
    const present = `${opened.cosignatures.length} of the ${witnessKeys.length} known witnesses cosigned`;
    throw refuse(
      'quorum-unmet',
      `the quorum "${policy.quorum.name}" is not met: ${present}; ask for a newer checkpoint`,
    );
  }
  return opened;
}

/** Reads a policy file. Refuses `malformed-trust-policy`, naming the line, and `too-large`. */
export function parseTrustPolicy(file: Uint8Array | string): TrustPolicy {
  const draft = new Draft();
  for (const [i, line] of linesOf(file).entries()) {
    const items = line.split(/[ \t]+/).filter((item) => item !== '');
    const [keyword, ...rest] = items;
    if (keyword === undefined || keyword.startsWith('#')) continue;
    within('malformed-trust-policy', `line ${i + 1}`, () => draft.add(keyword, rest));
  }
  return draft.finish();
}

/** A policy that is being read, line by line. Names are octet strings: one character per byte. */
class Draft {
  readonly #logs: TrustedLog[] = [];
  readonly #witnesses: TrustedWitness[] = [];
  readonly #groups: WitnessGroup[] = [];
  readonly #voters = new Map<string, Voter>();
  readonly #members = new Set<string>();
  #quorum: Voter | 'none' | undefined;

  add(keyword: string, items: readonly string[]): void {
    if (keyword === 'log') return this.#addLog(items);
    if (keyword === 'witness') return this.#addWitness(items);
    if (keyword === 'group') return this.#addGroup(items);
    if (keyword === 'quorum') return this.#setQuorum(items);
    if (/^[^+]+\+[0-9a-f]{8}\+/.test(keyword))
      throw refuse('malformed-trust-policy', 'this is a verifier key and no trust policy: give it as one', {
        remedy: { vkey: true },
      });
    if (keyword.startsWith('-----BEGIN'))
      throw bad('this is a PEM file, such as of a key, and no trust policy');
    throw bad(`"${display(keyword)}" is not one of log, witness, group, quorum`);
  }

  finish(): TrustPolicy {
    const quorum = this.#quorum;
    if (quorum === undefined) throw bad('there is no quorum line; add "quorum none" to ask for no witness');
    return { logs: this.#logs, witnesses: this.#witnesses, groups: this.#groups, quorum };
  }

  #addLog([vkey, url, ...rest]: readonly string[]): void {
    if (vkey === undefined || rest.length > 0) throw bad('expected "log <vkey> [<url>]"');
    const verifier = parseVkey(decodeUtf8(bytesOf(vkey)));
    if (verifier.type === 4) throw bad('a log key has type 01 or 06; this one cosigns');
    addOnce(this.#logs, { verifier, ...withUrl(url) }, 'log');
  }

  #addWitness([name, vkey, url, ...rest]: readonly string[]): void {
    if (name === undefined || vkey === undefined || rest.length > 0) {
      throw bad('expected "witness <name> <vkey> [<url>]"');
    }
    const verifier = parseVkey(decodeUtf8(bytesOf(vkey)));
    if (verifier.type === 1) {
      const { name: keyName, type, key } = asCosigner(verifier);
      throw bad(
        `a witness key has type 04 or 06; if this one cosigns, write ${formatVkey(keyName, type, key)}`,
      );
    }
    const witness = { name: display(name), verifier, ...withUrl(url) };
    addOnce(this.#witnesses, witness, 'witness');
    this.#define(name, witness);
  }

  #addGroup([name, threshold, ...names]: readonly string[]): void {
    if (name === undefined || threshold === undefined || names.length === 0) {
      throw bad('expected "group <name> all|any|<k> <name>..." with at least one member');
    }
    const members = names.map((member) => this.#claim(member));
    const group = { name: display(name), threshold: readThreshold(threshold, members.length), members };
    if (this.#groups.length === MAX_POLICY_ENTRIES) throw bad(`more than ${MAX_POLICY_ENTRIES} groups`);
    this.#groups.push(group);
    this.#define(name, group);
  }

  #setQuorum([name, ...rest]: readonly string[]): void {
    if (name === undefined || rest.length > 0) throw bad('expected "quorum <name>" or "quorum none"');
    if (this.#quorum !== undefined) throw bad('a second quorum line; a policy has exactly one');
    this.#quorum = name === 'none' ? 'none' : this.#voter(name);
  }

  #define(name: string, voter: Voter): void {
    if (name === 'none') throw bad('the name "none" is reserved for the quorum line');
    if (this.#voters.has(name)) throw bad(`the name "${display(name)}" is defined twice`);
    this.#voters.set(name, voter);
  }

  #voter(name: string): Voter {
    const voter = this.#voters.get(name);
    if (voter === undefined)
      throw bad(`no witness or group "${display(name)}" is defined on an earlier line`);
    return voter;
  }

  /** The voter of this name, as a group's member: once in the whole file. */
  #claim(name: string): Voter {
    const voter = this.#voter(name);
    if (this.#members.has(name))
      throw bad(`"${display(name)}" is a group member twice; it may count only once`);
    this.#members.add(name);
    return voter;
  }
}

function readThreshold(text: string, members: number): number {
  if (text === 'any') return 1;
  if (text === 'all') return members;
  const k = parseDecimal(text);
  if (k < 1 || k > members) throw bad(`a threshold of ${k} for ${members} members`);
  return k;
}

/** Adds a log or witness unless its public key is listed already, be it under another name or type. */
function addOnce<T extends { readonly verifier: NoteVerifier }>(list: T[], item: T, what: string): void {
  if (list.some(({ verifier }) => sameKey(verifier, item.verifier))) {
    throw bad(`the public key of this ${what} is listed already, maybe under another name`);
  }
  if (list.length === MAX_POLICY_ENTRIES) throw bad(`more than ${MAX_POLICY_ENTRIES} lines "${what}"`);
  list.push(item);
}

function withUrl(url: string | undefined): { url?: string } {
  return url === undefined ? {} : { url: display(url) };
}

/** Lines as octet strings: one character U+0000 … U+00FF per byte, so that nothing is read as Unicode. */
function linesOf(file: Uint8Array | string): string[] {
  if (file.length > MAX_TEXT_BYTES) throw refuse('too-large', `a policy has at most ${MAX_TEXT_BYTES} bytes`);
  if (typeof file === 'string' && !file.isWellFormed()) throw bad('the text has a lone surrogate');
  const bytes = typeof file === 'string' ? encodeUtf8(file) : file;
  if (bytes.some((b) => (b < 0x20 && b !== 0x09 && b !== 0x0a) || b === 0x7f)) {
    if (bytes.some((b, i) => b === 0x0d && bytes[i + 1] === 0x0a))
      throw bad('its lines end as on Windows (CRLF); save the file with plain newlines');
    throw bad('a control byte other than tab and newline; save the file with plain newlines');
  }
  const octets = Array.from(bytes, (b) => String.fromCharCode(b)).join('');
  if (octets === '') throw bad('the file is empty; it needs a "quorum" line at least, such as "quorum none"');
  if (!octets.endsWith('\n')) throw bad('the last line does not end in a newline: it may have been cut off');
  return octets.slice(0, -1).split('\n');
}

function bytesOf(octets: string): Uint8Array {
  return Uint8Array.from(octets, (c) => c.charCodeAt(0));
}

/** Octets as text for people: what is not UTF-8 shows as U+FFFD. */
function display(octets: string): string {
  return new TextDecoder().decode(bytesOf(octets));
}

function bad(message: string): Refusal {
  return refuse('malformed-trust-policy', message);
}
