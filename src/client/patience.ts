/**
 * Retrying requests. The pause is what the log asks for in `Retry-After` (RFC 9110 §10.2.3), else exponential back-off
 * with full jitter, as SCRAPI draft-11 §2.6 asks of clients. The length, number and sum of pauses are bounded.
 */
import { Refusal } from '../bytes/refusal.ts';
import { refusalOf } from './problem.ts';
import { exchange, isBroken, TIMEOUT_MS, type Ask, type Reply, type Transport } from './transport.ts';

/** Milliseconds. The first pause is random below this; the bound doubles for each next pause. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 8_000;
/** Milliseconds. A pause after `Retry-After: 0` is this long. */
const SHORTEST_PAUSE_MS = 50;
/** Most pauses of one operation, however short they are. */
const MAX_PAUSES = 32;

/** Milliseconds: long enough for a witness round under load, short enough for a CI job. */
const PATIENCE_MS = 60_000;

/** Most milliseconds for which a log is asked to hold one answer. Proxies give up after a minute. */
const LONGEST_WAIT_MS = 30_000;

/** Milliseconds that one answer may always take, even if patience is nearly used up. */
const LEAST_ANSWER_MS = 1_000;

/** Statuses that mean that the same request may succeed later. */
const BUSY = new Set([429, 502, 503, 504]);

/**
 * The pauses of one operation, bounded by their sum and by the clock; the clock also counts answers that the log held.
 */
export class Patience {
  readonly #transport: Transport;
  readonly #mostPauses: number;
  readonly #until: number;
  #leftMs: number;
  #pauses = 0;

  /** `leastMs`: milliseconds of patience in any case, for operations that normally take a moment. */
  constructor(transport: Transport, leastMs = 0) {
    this.#transport = transport;
    const { now, waitUntil, patienceMs = PATIENCE_MS } = transport;
    const start = now();
    this.#leftMs = Math.max(leastMs, waitUntil === undefined ? patienceMs : waitUntil - start);
    this.#until = start + this.#leftMs;
    this.#mostPauses = MAX_PAUSES + (waitUntil === undefined ? 0 : Math.ceil(this.#leftMs / 1000));
  }

  /**
   * The request with a preference (`Prefer: wait`) that the log hold its answer, as far as the remaining time allows.
   */
  held(ask: Ask): Ask {
    const { now, waitUntil } = this.#transport;
    if (waitUntil === undefined) return ask;
    const left = waitUntil - now();
    return left <= 0 ? ask : { ...ask, waitMs: Math.min(left, LONGEST_WAIT_MS) };
  }

  /** The transport for one request: its time-out does not exceed the remaining patience. */
  bounded(): Transport {
    const { timeoutMs = TIMEOUT_MS, now } = this.#transport;
    return {
      ...this.#transport,
      timeoutMs: Math.max(LEAST_ANSWER_MS, Math.min(timeoutMs, this.#until - now())),
    };
  }

  /** Waits until the next try is due. Returns false at once if that would take longer than the remaining patience. */
  async pause(reply?: Reply): Promise<boolean> {
    const { random = Math.random, sleep = timer } = this.#transport;
    const ceiling = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#pauses);
    const wish = retryAfter(reply, this.#transport.now()) ?? random() * ceiling;
    const ms = Math.max(SHORTEST_PAUSE_MS, wish);
    this.#pauses += 1;
    this.#leftMs -= ms;
    if (this.#leftMs < 0 || this.#pauses > this.#mostPauses) return false;
    if (this.#transport.now() + ms > this.#until) return false;
    await sleep(ms);
    return true;
  }
}

/**
 * Repeats a request while the log is busy or the connection breaks. Every request of this client may be repeated, also
 * one that submits a statement. `waits`: whether the log may hold the answer until witnesses have cosigned. Refuses
 * what `exchange` refuses; the last busy reply becomes a refusal.
 */
export async function askPatiently(
  transport: Transport,
  url: URL,
  ask: Ask & { readonly waits?: boolean },
  patience: Patience = new Patience(transport),
): Promise<Reply> {
  for (;;) {
    const found = await once(transport, url, ask.waits === true ? patience.held(ask) : ask, patience);
    if (found instanceof Refusal) {
      if (!(await patience.pause())) throw found;
      continue;
    }
    if (!BUSY.has(found.status)) return found;
    if (!(await patience.pause(found))) throw refusalOf(found);
  }
}

/** One reply, or the error with which the connection broke. */
async function once(transport: Transport, url: URL, ask: Ask, patience: Patience): Promise<Reply | Refusal> {
  try {
    return await exchange(patience.bounded(), url, ask);
  } catch (error) {
    if (error instanceof Refusal && isBroken(error, transport, url)) return error;
    throw error;
  }
}

/** The body of a resource that must exist: every status but 200 is refused. */
export async function download(
  transport: Transport,
  url: URL,
  accept: string,
  maxBytes: number,
  patience?: Patience,
): Promise<Uint8Array> {
  const reply = await askPatiently(transport, url, { accept, maxBytes }, patience);
  if (reply.status !== 200) throw refusalOf(reply);
  return reply.body;
}

/**
 * Milliseconds that the reply's `Retry-After` asks for (seconds or an HTTP date); undefined if it is absent or
 * malformed.
 */
export function retryAfter(reply: Reply | undefined, now: number): number | undefined {
  return parseRetryAfter(reply?.headers.get('retry-after') ?? null, now);
}

/**
 * Milliseconds that the text of a `Retry-After` asks for: seconds or a date (RFC 9110 §10.2.3); undefined for anything
 * else.
 */
export function parseRetryAfter(text: string | null, now: number): number | undefined {
  if (text === null) return undefined;
  if (/^[0-9]{1,9}$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** Waits: the default of whoever may be given another way to. */
export function timer(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}
