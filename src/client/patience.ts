/**
 * Asking again: after what the log says in `Retry-After` (RFC 9110 §10.2.3), else after exponential
 * back-off with full jitter, as SCRAPI draft-11 §2.6 asks of clients. Each pause, their number and their
 * sum are bounded.
 */
import { Refusal } from '../bytes/refusal.ts';
import { refusalOf } from './problem.ts';
import { exchange, isBroken, TIMEOUT_MS, type Ask, type Reply, type Transport } from './transport.ts';

/** The first pause is drawn below this, and each next one below its double (milliseconds). */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 8_000;
/** `Retry-After: 0` still means not at once (milliseconds). */
const SHORTEST_PAUSE_MS = 50;
/** However short the pauses are, one operation asks no more often than this. */
const MAX_PAUSES = 32;

/** Long enough for a witness round and a busy minute, short enough for a CI job (milliseconds). */
const PATIENCE_MS = 60_000;

/** Longest that one answer is asked to be held: proxies on the way give up after a minute (milliseconds). */
const LONGEST_WAIT_MS = 30_000;

/** However little patience is left, an answer has this long to come (milliseconds). */
const LEAST_ANSWER_MS = 1_000;

/** Statuses that mean: the same request may do better later. */
const BUSY = new Set([429, 502, 503, 504]);

/** All the pauses of one operation: by their sum and by the clock, which also counts the answers that were held. */
export class Patience {
  readonly #transport: Transport;
  readonly #mostPauses: number;
  readonly #until: number;
  #leftMs: number;
  #pauses = 0;

  /** `leastMs`: patience that there is in any case, for what takes but a moment. */
  constructor(transport: Transport, leastMs = 0) {
    this.#transport = transport;
    const { now, waitUntil, patienceMs = PATIENCE_MS } = transport;
    const start = now();
    this.#leftMs = Math.max(leastMs, waitUntil === undefined ? patienceMs : waitUntil - start);
    this.#until = start + this.#leftMs;
    this.#mostPauses = MAX_PAUSES + (waitUntil === undefined ? 0 : Math.ceil(this.#leftMs / 1000));
  }

  /** The request with the preference that its answer be held, as long as there is time left for that. */
  held(ask: Ask): Ask {
    const { now, waitUntil } = this.#transport;
    if (waitUntil === undefined) return ask;
    const left = waitUntil - now();
    return left <= 0 ? ask : { ...ask, waitMs: Math.min(left, LONGEST_WAIT_MS) };
  }

  /** The transport for one request: none outlasts the patience of all. */
  bounded(): Transport {
    const { timeoutMs = TIMEOUT_MS, now } = this.#transport;
    return {
      ...this.#transport,
      timeoutMs: Math.max(LEAST_ANSWER_MS, Math.min(timeoutMs, this.#until - now())),
    };
  }

  /** Waits until it is time to ask again. False, at once, when that would be longer than patience lasts. */
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
 * Asks until the log is not busy, and again when the connection breaks: every request here may be made twice, posting a
 * statement too. `waits`: the answer may be held until witnesses have cosigned. Refuses what `exchange` refuses; the last busy
 * reply becomes a refusal.
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

/** One reply, or how the connection broke. */
async function once(transport: Transport, url: URL, ask: Ask, patience: Patience): Promise<Reply | Refusal> {
  try {
    return await exchange(patience.bounded(), url, ask);
  } catch (error) {
    if (error instanceof Refusal && isBroken(error, transport, url)) return error;
    throw error;
  }
}

/** The body of a resource that must be there: any status but 200 is a refusal. */
export async function download(
  transport: Transport,
  url: URL,
  accept: string,
  maxBytes: number,
): Promise<Uint8Array> {
  const reply = await askPatiently(transport, url, { accept, maxBytes });
  if (reply.status !== 200) throw refusalOf(reply);
  return reply.body;
}

/** Milliseconds that `Retry-After` asks for: seconds or an HTTP date; undefined when absent or nonsense. */
export function retryAfter(reply: Reply | undefined, now: number): number | undefined {
  return parseRetryAfter(reply?.headers.get('retry-after') ?? null, now);
}

/** Milliseconds that a `Retry-After` asks to wait: seconds or a date (RFC 9110 §10.2.3); undefined for none or anything else. */
export function parseRetryAfter(text: string | null, now: number): number | undefined {
  if (text === null) return undefined;
  if (/^[0-9]{1,9}$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

function timer(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}
