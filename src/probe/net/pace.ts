/** Bounds the pairs a minute that one agent tries against one host, over all of its runs. */
import { refuse } from '../../bytes/refusal.ts';

const MINUTE_MS = 60_000;
/** Most milliseconds that a pair waits for its turn. */
const MAX_WAIT_MS = 30_000;

export class Pace {
  readonly #now: () => number;
  readonly #wait: (ms: number) => Promise<void>;
  /** For each host, when the pairs of the last minute were tried, or are going to be. */
  readonly #turns = new Map<string, readonly number[]>();

  /** `now`: milliseconds of a clock that only runs forwards. */
  constructor(now: () => number, wait: (ms: number) => Promise<void>) {
    this.#now = now;
    this.#wait = wait;
  }

  /** Waits for a turn. Refuses `unavailable` if it would take longer than half a minute; nothing was sent then. */
  async turn(host: string, perMinute: number): Promise<void> {
    const now = this.#now();
    for (const [each, turns] of this.#turns)
      if (turns.every((at) => at <= now - MINUTE_MS)) this.#turns.delete(each);
    const turns = (this.#turns.get(host) ?? []).filter((at) => at > now - MINUTE_MS);
    const first = turns.at(-perMinute);
    const at = first === undefined ? now : Math.max(now, first + MINUTE_MS);
    if (at - now > MAX_WAIT_MS)
      throw refuse(
        'unavailable',
        `the owners allow ${perMinute} pairs a minute with this host, and they are used up; nothing was sent`,
      );
    this.#turns.set(host, [...turns, at]);
    if (at > now) await this.#wait(at - now);
  }
}
