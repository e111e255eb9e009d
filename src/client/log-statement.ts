/**
 * Logging a statement: sign → submit → collect → verify. The caller signs (statement/sign.ts); every statement takes
 * the other three steps here.
 *
 * Submitting is idempotent: for a statement that the log has, it answers with the existing entry, in the spelling of
 * the signature that was logged (cose/twin.ts). A lost answer can therefore be asked for again. The result names the
 * *logged* entry, whose content equals the statement's.
 */
import type { EntryId } from '../bytes/brand.ts';
import { natureOf } from '../bytes/nature.ts';
import { Refusal, refuse, type RefusalCode } from '../bytes/refusal.ts';
import type { Evidence } from './evidence.ts';
import type { Examination } from './examine.ts';
import type { Remark } from './ports.ts';
import { entryIdOf, submitStatement } from './scrapi.ts';
import type { Transport } from './transport.ts';
import { askWhy } from './unready.ts';
import type { ProvenEntry } from './view.ts';

/** An entry with everything needed to check it offline. */
export interface Collected {
  readonly evidence: Evidence;
  readonly receipt: Uint8Array;
  readonly entry: ProvenEntry;
  readonly id: EntryId;
}

/** A statement that was proven to be logged. */
export interface LoggedStatement extends Collected {
  readonly index: number;
  /** URL of its receipt. */
  readonly location: string;
  /**
   * True if it was logged before: its index is below `known`, or somebody else submitted it with the other spelling of
   * its signature.
   */
  readonly already: boolean;
}

/** How to log a statement. */
export interface SubmitOptions {
  /** Size of a tree that the caller read before: an entry with a smaller index was logged already. Default: 0. */
  readonly known?: number;
  /** One sentence for the user on how to continue, if the log accepted the statement but that cannot be proven now. */
  readonly goOn?: string;
}

/** The parts of a client that logging needs. */
export interface Registrar {
  readonly transport: Transport;
  /** Base URL of the log. */
  readonly log: string;
  whileWaiting<T>(work: Promise<T>): Promise<T>;
  collect(id: EntryId, receipt: Uint8Array): Promise<Collected>;
  assertVerified(evidence: Evidence): Examination;
}

/**
 * Submits a signed statement, waits for its receipt as long as the client's patience lasts, and verifies everything that
 * shows it to be in the log. Refuses what the log refuses (`policy-rejected`, `superseded-meanwhile` …), `not-yet` and
 * `quorum-unmet` when nothing shows it in time, `proof-failed` when what shows it does not hold.
 */
export async function logStatement(
  client: Registrar,
  statement: Uint8Array,
  { known = 0, goOn = LOOK_AGAIN }: SubmitOptions = {},
): Promise<LoggedStatement> {
  const registration = await client.whileWaiting(submitStatement(client.transport, client.log, statement));
  const { id, receipt, location } = registration;
  const collected = await onceLogged(id, goOn, async () => {
    const found = await client.collect(id, receipt);
    client.assertVerified(found.evidence);
    return found;
  });
  const { index } = collected.entry;
  return { ...collected, index, location, already: index < known || id !== entryIdOf(statement) };
}

/** The advice if repeating the command would log a second statement. */
const LOOK_AGAIN = 'Do not say it again; tallystick get with this entry id shows that it is logged';

/**
 * Does the work that follows after a log accepted a statement. If the log cannot be reached meanwhile, the statement is
 * still logged: the refusal then names the entry and says how to continue. If the log's evidence does not hold, the
 * refusal is passed on unchanged, since its acknowledgement is worth nothing then.
 */
export async function onceLogged<T>(entry: string, goOn: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Refusal) || doesNotHold(error.code)) throw error;
    const { code, message } = error;
    throw refuse(code, `the log took it as entry ${entry}, and then: ${message}. ${goOn}`, { cause: error });
  }
}

/**
 * Whether the evidence was read and does not hold. Evidence of another version was not read, so it does not count here.
 */
function doesNotHold(code: RefusalCode): boolean {
  const isOther = code === 'older-version' || code === 'newer-version';
  return ['input', 'refused', 'lie'].includes(natureOf(code)) && !isOther;
}

/** Milliseconds. A shorter wait is not remarked on. */
const SLOW_MS = 1_500;

/** What is needed to tell the user what a log waits for. `untilSlow`: resolves after the given milliseconds. */
export interface Waiting {
  readonly transport: Transport;
  readonly log: string;
  readonly remark: (remark: Remark) => void;
  readonly untilSlow?: ((ms: number) => Promise<void>) | undefined;
}

/** Waits for the work. If that takes longer than `SLOW_MS`, remarks on what the log itself waits for. */
export async function whileWaiting<T>(waiting: Waiting, work: Promise<T>): Promise<T> {
  const done = new AbortController();
  void remarkLater(waiting, done.signal);
  try {
    return await work;
  } finally {
    done.abort();
  }
}

async function remarkLater({ transport, log, remark, untilSlow }: Waiting, done: AbortSignal): Promise<void> {
  await (untilSlow?.(SLOW_MS) ?? slow(done));
  if (done.aborted) return;
  const { why } = await askWhy(transport, log);
  if (!done.aborted)
    remark({
      code: 'waiting',
      level: 'note',
      text: `waiting for ${log}${why === undefined ? '' : `: ${why}`}`,
    });
}

/** Resolves after `SLOW_MS`, or as soon as `done` aborts, and leaves no timer behind. */
function slow(done: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, SLOW_MS);
    done.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
