/**
 * The witness policy of a log's configuration, and what its publisher needs of this machine: network, clock, two files.
 * `published.checkpoint` is the last readable checkpoint. `conflict.checkpoint` is the proof that this log went back or
 * forked; a log with such a proof does not start.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { TreeSize } from '../bytes/brand.ts';
import { equalBytes } from '../bytes/compare.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { askWitness, shownBy } from '../client/witness.ts';
import { endedBy, type Transport } from '../client/transport.ts';
import type { WitnessPort } from '../log/witness-client.ts';
import {
  assertOnTree,
  formatPublished,
  openPublished,
  type PublishedCheckpoint,
  type PublishedParts,
} from '../log/published-checkpoint.ts';
import { PUBLISHER_TIMING, type PublisherParts } from '../log/publishing.ts';
import type { SealedHead } from '../log/ports.ts';
import type { Publisher } from '../log/publisher.ts';
import type { Reader } from '../log/reader.ts';
import { openCheckpoint } from '../note/checkpoint.ts';
import { sameKey, type NoteVerifier } from '../note/key.ts';
import { MAX_SIGNATURES, parseNote } from '../note/note.ts';
import { parseTrustPolicy, quorumMet, type TrustPolicy } from '../note/trust.ts';
import type { VerifySignature } from '../sign/algorithm.ts';
import { readNamedFile, replaceFile } from '../platform/files.ts';

/** How long a witness may take to answer. */
const WITNESS_TIMEOUT_MS = 5000;

/** Most witnesses: the log's own lines (several during a key rotation) must fit on the note beside theirs. */
const MAX_WITNESSES = MAX_SIGNATURES - 8;

export interface WitnessingOptions {
  readonly policy: TrustPolicy;
  readonly transport: Transport;
  readonly refreshMs: number;
  readonly publishedPath: string;
}

/** Reads the policy. Refuses `config-invalid`, naming the file. */
export async function witnessingBy(
  policyFile: string,
  { fetch, now, ...rest }: Omit<WitnessingOptions, 'policy' | 'transport'> & Omit<Transport, 'timeoutMs'>,
): Promise<WitnessingOptions> {
  const policy = await readWitnessPolicy(policyFile);
  return { policy, transport: { fetch, now, timeoutMs: WITNESS_TIMEOUT_MS }, ...rest };
}

/** A fault of this file is a fault of the configuration, whatever code its parser uses. */
async function readWitnessPolicy(path: string): Promise<TrustPolicy> {
  try {
    const policy = parseTrustPolicy(await readNamedFile(path));
    assertUsable(policy);
    return policy;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw refuse('config-invalid', `witnessPolicy ${path}: ${error.message}`, { cause: error });
  }
}

/**
 * A witness without a URL is never asked. That is allowed if the others can meet the quorum, so that one file can serve
 * both the log and its verifiers.
 */
function assertUsable(policy: TrustPolicy): void {
  const asked = policy.witnesses.filter(({ url }) => url !== undefined);
  for (const { name, url } of asked) {
    if (/^https?:$/.test(URL.parse(url ?? '')?.protocol ?? '')) continue;
    throw refuse('config-invalid', `the witness policy gives ${name} a URL that is not http:// or https://`);
  }
  if (!quorumMet(policy, asked)) {
    const silent = policy.witnesses.filter(({ url }) => url === undefined).map(({ name }) => name);
    throw refuse(
      'config-invalid',
      `the quorum of the witness policy cannot be met: there is no URL for ${silent.join(', ')}; add it`,
    );
  }
  if (asked.length > MAX_WITNESSES)
    throw refuse('config-invalid', `the witness policy has more than ${MAX_WITNESSES} witnesses with a URL`);
}

/** Log lines are alternatives: if there are any, one must be a key with which this log signs. */
function assertNamesLog({ logs }: TrustPolicy, logKeys: readonly NoteVerifier[]): void {
  if (logs.length === 0 || logs.some(({ verifier }) => logKeys.some((key) => isSame(key, verifier)))) return;
  throw refuse(
    'config-invalid',
    `the log lines of the witness policy do not name this log: add "log <vkey>" with one of its own keys (trust.policy has them), or leave all log lines out`,
  );
}

function isSame(a: NoteVerifier, b: NoteVerifier): boolean {
  return a.name === b.name && sameKey(a, b);
}

/** The parts of a running log that witnesses need. */
interface WitnessedLog {
  readonly reader: Reader;
  readonly origin: string;
  /** The log's keys in the policy in force, which may change. */
  readonly logKeys: () => readonly NoteVerifier[];
  readonly verify: VerifySignature;
  readonly conflictPath: string;
  /** Ends what is being asked. */
  readonly signal: AbortSignal;
  readonly warn: (message: string) => void;
  readonly alarm: (message: string) => void;
}

/** The parts of a publisher; without options, those of a log without witnesses. */
export function publisherParts(
  options: WitnessingOptions | undefined,
  log: WitnessedLog,
): Omit<PublisherParts, 'publish'> {
  const { reader } = log;
  return {
    policy: options?.policy ?? { logs: [], witnesses: [], groups: [], quorum: 'none' },
    timing: { ...PUBLISHER_TIMING, ...(options && { refreshMs: options.refreshMs }) },
    port: options === undefined ? NOBODY : portOf(options.transport, log),
    size: () => reader.head().size,
    contradicts: async ({ size, root }) =>
      size > reader.head().size || !equalBytes(await reader.root(size), root),
    ticks: () => performance.now(),
    now: () => Math.floor((options?.transport.now ?? Date.now)() / 1000),
    random: Math.random,
    setTimer: (run, ms) => void setTimeout(run, ms).unref(),
    report: log,
    keep: async (note, head) => {
      if (options !== undefined) await replaceFile(options.publishedPath, formatPublished(note, head));
    },
    keepProof: (note) => replaceFile(log.conflictPath, note),
  };
}

const NOBODY: WitnessPort = {
  add: async () => ({ kind: 'failed', why: 'there is no witness policy' }),
  shown: async () => undefined,
};

function portOf(
  transport: Transport,
  { reader, origin, logKeys, verify, signal }: WitnessedLog,
): WitnessPort {
  const bounded: Transport = { ...transport, fetch: endedBy(signal, transport.fetch) };
  const proof = (old: TreeSize, size: TreeSize) => (old === 0 ? [] : reader.consistency(old, size));
  return {
    add: async (witness, note, old, size) =>
      askWitness(bounded, witness, { note, old, proof: await proof(old, size) }, verify),
    shown: async (witness) => {
      const shown = await shownBy(bounded, witness, origin, logKeys(), verify);
      return shown && { note: shown.note, checkpoint: shown.opened.checkpoint };
    },
  };
}

/** A log that has just started. */
type StartedLog = Omit<PublishedParts, 'policy'> &
  Pick<WitnessedLog, 'warn' | 'conflictPath'> & {
    /** Its newest head, signed. */
    readonly note: Uint8Array;
    readonly head: SealedHead;
  };

/**
 * Makes the last published checkpoint readable again. Refuses `behind-signed-head` if this log is known to have signed
 * something that its tree does not contain, and `config-invalid` for the policy of another log.
 */
export async function resumePublishing(
  publisher: Publisher,
  options: WitnessingOptions | undefined,
  log: StartedLog,
): Promise<void> {
  await assertNoConflict(log);
  if (options === undefined) return;
  const { policy, publishedPath } = options;
  assertNamesLog(policy, log.logKeys);
  const kept = await readKept(publishedPath, { ...log, policy });
  if (kept?.head.size === log.head.size)
    // The same cosignatures fit the newest note, which may be signed with newer keys.
    publisher.resume(signers(kept.note) === signers(log.note) ? kept.note : log.note, log.head, kept.lines);
  else if (kept !== undefined && policy.quorum !== 'none') publisher.resume(kept.note, kept.head, kept.lines);
}

function signers(note: Uint8Array): string {
  return parseNote(note)
    .lines.map(({ name, id }) => `${name}+${id}`)
    .join(' ');
}

/** Refuses `behind-signed-head` while the stored proof contradicts the store. A damaged file only causes a warning. */
async function assertNoConflict({ conflictPath, warn, ...log }: StartedLog): Promise<void> {
  if (!existsSync(conflictPath)) return;
  try {
    await assertOnTree(openCheckpoint(await readFile(conflictPath), log), log.reader);
  } catch (error) {
    if (!(error instanceof Refusal) || error.code === 'behind-signed-head') throw error;
    warn(`${conflictPath} proves nothing and is ignored: ${error.message}`);
  }
}

/** The last published checkpoint, checked; undefined if there is none that can be used, after a warning. */
async function readKept(
  path: string,
  parts: PublishedParts & Pick<WitnessedLog, 'warn'>,
): Promise<PublishedCheckpoint | undefined> {
  if (!existsSync(path)) return undefined;
  try {
    return await openPublished(await readFile(path), parts);
  } catch (error) {
    if (!(error instanceof Refusal) || error.code === 'behind-signed-head') throw error;
    parts.warn(`the checkpoint kept in ${path} is ignored (${error.code}): ${error.message}`);
    return undefined;
  }
}
