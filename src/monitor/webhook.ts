/**
 * Delivers events to the operator's URL (Standard Webhooks 1.0.0) until each is acknowledged with a 2xx. Each is
 * delivered at least once, always with the same `webhook-id`. Waiting events are in the outbox, on disk.
 *
 * One request runs at a time. If the receiver is away or overloaded, all events wait, longer each time. If it refuses
 * one event, the others are sent. After 410 Gone nothing is sent until the monitor is started again.
 */
import { parseRetryAfter } from '../client/patience.ts';
import { signWebhook } from './webhook-secret.ts';

/** Longest one delivery may take (the specification advises 15 to 30 s). */
const TIMEOUT_MS = 15_000;
/** The first pause is random around this; the middle doubles for each next pause. */
const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 3_600_000;
/** Most milliseconds of a pause that `Retry-After` can ask for. */
const LONGEST_WISH_MS = 86_400_000;

/** An event that waits. `name` is its `webhook-id`, the same however often it is sent; `body` is JSON, as it is sent. */
export interface Deliverable {
  readonly name: string;
  readonly body: string;
  /** Number of failed deliveries. */
  readonly attempts: number;
}

/** The queue of events; a monitor's `Outbox` is one. Times are milliseconds since the epoch. */
export interface DeliveryQueue {
  /** The first event that is due. */
  next(now: number): Deliverable | undefined;
  /** When the next one is due, in the future or not; undefined when none waits. */
  nextDue(): number | undefined;
  delivered(event: Deliverable, now: number): void;
  /** The delivery failed; the event is sent again at `due`. */
  failed(event: Deliverable, due: number): void;
}

export interface WebhookParts {
  readonly url: string;
  readonly secrets: readonly Uint8Array[];
  readonly outbox: DeliveryQueue;
  readonly version: string;
  readonly fetch: typeof fetch;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Runs something later; returns what cancels it. */
  readonly setTimer: (run: () => void, ms: number) => () => void;
  /** Told why a delivery failed, for the log. */
  readonly onFailure: (what: string) => void;
  readonly timeoutMs?: number;
}

/** The result of one request. `receiver`: the failure concerns the receiver, so that other events would fail, too. */
type Answer =
  | { readonly kind: 'acknowledged' }
  | { readonly kind: 'gone' }
  | { readonly kind: 'event' | 'receiver'; readonly why: string; readonly wishMs: number | undefined };

export class Webhook {
  readonly #parts: WebhookParts;
  readonly #stopped = new AbortController();
  #busy: Promise<void> | undefined;
  #again = false;
  #cancel: (() => void) | undefined;
  /** Number of failures in a row that concern the receiver. */
  #away = 0;
  #awayUntil = 0;
  #gone = false;
  #fault: string | undefined;

  constructor(parts: WebhookParts) {
    this.#parts = parts;
  }

  /** Why nothing is delivered at the moment; undefined when all is well. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** Delivers what is due; called when an event was added, and at the start. */
  wake(): void {
    if (this.#stopped.signal.aborted || this.#gone) return;
    this.#again = true;
    this.#busy ??= this.#run()
      .then(
        () => this.#plan(),
        (error: unknown) => this.#broken(error),
      )
      .then(() => void (this.#busy = undefined));
  }

  /** Resolves when no event is due any more, or the receiver cannot be reached. For runs that observe once. */
  async settle(): Promise<void> {
    this.wake();
    await this.#busy;
  }

  /** Stops at once. The next monitor repeats a delivery that was under way. */
  async close(): Promise<void> {
    this.#stopped.abort();
    this.#cancel?.();
    await this.#busy;
  }

  async #run(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      for (;;) {
        const { outbox, now } = this.#parts;
        const event = now() < this.#awayUntil ? undefined : outbox.next(now());
        if (event === undefined || this.#stopped.signal.aborted || this.#gone) break;
        this.#settled(event, await this.#send(event));
      }
    }
  }

  #settled(event: Deliverable, answer: Answer): void {
    const { outbox, now, onFailure } = this.#parts;
    if (this.#stopped.signal.aborted && answer.kind !== 'acknowledged') return;
    if (answer.kind === 'acknowledged') {
      this.#away = 0;
      this.#fault = undefined;
      outbox.delivered(event, now());
      return;
    }
    if (answer.kind === 'gone') {
      this.#gone = true;
      this.#fault = 'the webhook answered 410 Gone: nothing is sent to it until the monitor is started again';
      onFailure(this.#fault);
      return;
    }
    this.#fault = `webhook: ${answer.why}`;
    onFailure(this.#fault);
    const receiver = answer.kind === 'receiver';
    const pause = this.#pause(receiver ? this.#away++ : event.attempts, answer.wishMs);
    if (receiver) this.#awayUntil = now() + pause;
    outbox.failed(event, now() + pause);
  }

  #pause(failures: number, wishMs: number | undefined): number {
    const ceiling = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures, 30));
    // Whole milliseconds: the outbox takes no others.
    const drawn = Math.round(ceiling * (0.5 + this.#parts.random() / 2));
    return Math.max(drawn, Math.min(wishMs ?? 0, LONGEST_WISH_MS));
  }

  /** The outbox itself failed, for example on a full disk: its events are tried again later. */
  #broken(error: unknown): void {
    this.#fault = `webhook: ${String(error)}`;
    this.#parts.onFailure(this.#fault);
    this.#timer(this.#pause(this.#away++, undefined));
  }

  /** A timer for the next event that is due later. */
  #plan(): void {
    const due = this.#parts.outbox.nextDue();
    if (due !== undefined) this.#timer(Math.max(due, this.#awayUntil) - this.#parts.now());
  }

  #timer(ms: number): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#gone || this.#stopped.signal.aborted) return;
    this.#cancel = this.#parts.setTimer(() => this.wake(), Math.max(ms, 50));
  }

  async #send(event: Deliverable): Promise<Answer> {
    const { url, secrets, version, now, timeoutMs = TIMEOUT_MS } = this.#parts;
    const time = Math.floor(now() / 1000);
    try {
      const response = await this.#parts.fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'user-agent': `tallystick/${version}`,
          'webhook-id': event.name,
          'webhook-timestamp': String(time),
          'webhook-signature': signWebhook(secrets, { id: event.name, time, body: event.body }),
        },
        body: event.body,
        // A redirect could lead to a receiver that the operator did not name.
        redirect: 'manual',
        signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), this.#stopped.signal]),
      });
      // Only the status matters, so the body is not read, however long it is.
      await response.body?.cancel();
      return answerOf(response, now());
    } catch (error) {
      return { kind: 'receiver', why: reason(error), wishMs: undefined };
    }
  }
}

/** A status 4xx other than these concerns this one event. */
const ABOUT_THE_RECEIVER = new Set([408, 425, 429]);

function answerOf({ status, headers }: Response, now: number): Answer {
  if (status >= 200 && status < 300) return { kind: 'acknowledged' };
  if (status === 410) return { kind: 'gone' };
  const own = status >= 400 && status < 500 && !ABOUT_THE_RECEIVER.has(status);
  const why =
    status >= 300 && status < 400 ? `it redirects (${status}); name the new URL` : `it answered ${status}`;
  return { kind: own ? 'event' : 'receiver', why, wishMs: parseRetryAfter(headers.get('retry-after'), now) };
}

/** RFC 9110 §10.2.3: seconds, or a date. */
function reason(error: unknown): string {
  if (error instanceof DOMException) return error.name === 'TimeoutError' ? 'no answer in time' : error.name;
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return 'it cannot be reached';
  return `it cannot be reached (${'code' in cause ? String(cause.code) : cause.message})`;
}
