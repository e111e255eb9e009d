/**
 * The log's state of one witness, which may have keys of several kinds at its URL: the size it cosigned last, when it
 * may be asked again, and its successes and failures. Each witness has a back-off and a budget of its own, so that one
 * that is down does not delay the others.
 */
import { treeSize, type TreeSize } from '../bytes/brand.ts';
import { printable } from '../bytes/printable.ts';
import type { TrustedWitness, TrustPolicy } from '../note/trust.ts';

/** Milliseconds, but for `perMinute`: most requests that one witness is sent in any minute. */
export interface AskTiming {
  readonly firstBackoffMs: number;
  /** The longest back-off while the quorum is met without the witness, and while it is not. */
  readonly longestBackoffMs: number;
  readonly neededBackoffMs: number;
  readonly perMinute: number;
}

const MINUTE_MS = 60_000;
/** Doublings after which the ceiling is reached whatever it is. */
const MAX_DOUBLINGS = 20;
/** A witness's words in logs and reasons (characters). */
const MAX_FAULT = 300;

export class WitnessState {
  /** The policy's entries for it, the first of which gives it its name. */
  readonly keys: readonly TrustedWitness[];
  readonly name: string;
  /** The size it is known to have cosigned last. */
  size: TreeSize = treeSize(0);
  /** True while a request is under way; there is never a second one. */
  asking = false;
  /** Whether it has answered, or failed to, since the start. */
  heard = false;
  /** Why it did not cosign when it was asked last. */
  fault: string | undefined;
  /** Its statement that this log went back or forked; cleared when it cosigns again. */
  alarm: string | undefined;
  failures = 0;
  /** By key: cosignatures received, and when the last one came (POSIX seconds). */
  readonly received = new Map<TrustedWitness, { readonly count: number; readonly last: number }>();
  readonly #timing: AskTiming;
  #inARow = 0;
  #notBefore = Number.NEGATIVE_INFINITY;
  /** Ticks of the requests of the last minute, oldest first. */
  #sent: number[] = [];

  constructor(keys: readonly TrustedWitness[], timing: AskTiming) {
    this.keys = keys;
    this.name = keys[0]?.name ?? '';
    this.#timing = timing;
  }

  /** The first moment at which it may be sent a request (ticks). */
  get readyAt(): number {
    const oldest = this.#sent.length < this.#timing.perMinute ? undefined : this.#sent[0];
    return Math.max(this.#notBefore, oldest === undefined ? this.#notBefore : oldest + MINUTE_MS);
  }

  /** Takes one request out of the budget; false if none is left. */
  spend(ticks: number): boolean {
    this.#sent = this.#sent.filter((at) => at > ticks - MINUTE_MS);
    if (this.#sent.length >= this.#timing.perMinute) return false;
    this.#sent.push(ticks);
    return true;
  }

  /**
   * Records that it cosigned a tree of this size with these keys at `now` (POSIX seconds). Returns the alarm that is
   * over, if there was one.
   */
  succeeded(size: TreeSize, keys: readonly TrustedWitness[], now: number): string | undefined {
    const { alarm } = this;
    if (size > this.size) this.size = size;
    this.heard = true;
    for (const key of keys)
      this.received.set(key, { count: (this.received.get(key)?.count ?? 0) + 1, last: now });
    this.alarm = undefined;
    if (keys.length < this.keys.length) return alarm; // the others failed
    this.fault = undefined;
    this.#inARow = 0;
    this.#notBefore = Number.NEGATIVE_INFINITY;
    return alarm;
  }

  /**
   * Records that it did not cosign. It is left alone for a random time below a bound that doubles each time, and at
   * least as long as it asked for.
   */
  failed(why: string, ticks: number, how: Setback): void {
    const { firstBackoffMs, longestBackoffMs, neededBackoffMs } = this.#timing;
    const longest = how.needed ? neededBackoffMs : longestBackoffMs;
    const jitter = how.random * firstBackoffMs * 2 ** Math.min(this.#inARow, MAX_DOUBLINGS);
    const wish = Math.min(how.retryAfterMs ?? 0, longestBackoffMs);
    this.#inARow += 1;
    this.#notBefore = ticks + Math.max(wish, Math.min(longest, firstBackoffMs + jitter));
    this.failures += 1;
    this.heard = true;
    this.fault = printable(why, MAX_FAULT);
  }
}

/** `needed`: the quorum is not met without this witness. `random`: uniform in [0, 1). */
export interface Setback {
  readonly random: number;
  readonly needed: boolean;
  readonly retryAfterMs?: number | undefined;
}

/**
 * The witnesses of a policy that have a URL. Entries with the same URL become one, which is asked once for all its
 * keys.
 */
export function witnessesOf({ witnesses }: TrustPolicy, timing: AskTiming): readonly WitnessState[] {
  const asked = witnesses.filter(({ url }) => url !== undefined);
  const byUrl = Map.groupBy(asked, ({ url = '' }) => url.replace(/\/+$/, ''));
  return [...byUrl.values()].map((keys) => new WitnessState(keys, timing));
}
