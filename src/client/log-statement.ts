/**
 * Logging a statement: sign → submit → collect → verify. Signing is the caller's (statement/sign.ts); from there on this
 * is the one way, whatever is said.
 *
 * Posting is idempotent: the log answers a statement that it has with the entry that it has, in the spelling of the
 * signature that was logged (cose/twin.ts). So a lost answer is asked for again, and the result names the *logged* entry,
 * which says what the statement says.
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

/** A statement that was shown to be logged. */
export interface LoggedStatement extends Collected {
  readonly index: number;
  /** URL of its receipt. */
  readonly location: string;
  /** It was there before: below `known`, or posted by somebody else in the other spelling of its signature. */
  readonly already: boolean;
}

/** How to log a statement. */
export interface LogOptions {
  /** Size of the tree that the caller looked at before: an entry below it was there already. Default: 0. */
  readonly known?: number;
  /** How to go on where the log took the statement and it cannot be shown now; one sentence. */
  readonly goOn?: string;
}

/** What of a client logs statements. */
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
  { known = 0, goOn = LOOK_AGAIN }: LogOptions = {},
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

/** How to go on where the same command again would say it a second time. */
const LOOK_AGAIN = 'Do not say it again; tallystick get with this entry id shows that it is logged';

/**
 * Does what is left once a log took a statement: whatever fails then, its author hears that it is logged. A log that goes
 * away now takes nothing back: the refusal names the entry and says how to go on. One that says that what the log gave
 * does not hold stands as it is: its word that it took something is worth nothing then.
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

/** Whether what the log gave was read and does not hold; what is of another version was not read. */
function doesNotHold(code: RefusalCode): boolean {
  const isOther = code === 'older-version' || code === 'newer-version';
  return ['input', 'refused', 'lie'].includes(natureOf(code)) && !isOther;
}

/** What takes less is not worth a remark (milliseconds). */
const SLOW_MS = 1_500;

/** What it takes to say that a log is waited for. `untilSlow`: resolves after so many milliseconds. */
export interface Waiting {
  readonly transport: Transport;
  readonly log: string;
  readonly remark: (remark: Remark) => void;
  readonly untilSlow?: ((ms: number) => Promise<void>) | undefined;
}

/** Waits for the work; when that takes longer than a moment, remarks what the log says that it waits for. */
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

/** Ends early, and leaves no timer behind, when the waiting is over. */
function slow(done: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, SLOW_MS);
    done.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
