/** Bounds the pairs a minute that one agent looks at with one host, over all of its runs. */
import { refuse } from '../../bytes/refusal.ts';
import { USUAL_PER_MINUTE } from './describe.ts';

const MINUTE_MS = 60_000;
/** Milliseconds after the begin of a run at which its last pair may begin: a silent pair takes most of what is left of the run. */
export const LAST_BEGIN_MS = 130_000;

/** Most pairs with one host that fit into one run. */
export function mostPairs(perMinute: number): number {
  return perMinute * (1 + Math.floor(LAST_BEGIN_MS / MINUTE_MS));
}

/** Pairs a minute that both ends allow: the smaller number. `own`: of the rule of whoever runs the agent, if it says one. */
export function bothAllow(own: unknown, theirs: number): number {
  return Math.min(typeof own === 'number' ? own : USUAL_PER_MINUTE, theirs);
}

/** What a turn waits for besides the pace: a place among the pairs that are looked at at a time. */
export interface Gate {
  enter(): Promise<void>;
  leave(): void;
}

const NO_GATE: Gate = { enter: () => Promise.resolve(), leave: () => undefined };

export class Pace {
  readonly #now: () => number;
  readonly #wait: (ms: number, signal: AbortSignal) => Promise<void>;
  /** For each host, when the pairs of the last minute began. */
  readonly #turns = new Map<string, readonly number[]>();

  /** `now`: milliseconds of a clock that only runs forwards. `wait` throws the reason of the signal when it is aborted. */
  constructor(now: () => number, wait: (ms: number, signal: AbortSignal) => Promise<void>) {
    this.#now = now;
    this.#wait = wait;
  }

  /** A turn at which no further pair of a run that begins now may begin. */
  deadline(): number {
    return this.#now() + LAST_BEGIN_MS;
  }

  /**
   * Waits for a turn, and enters the gate with it; the caller leaves it. Refuses `unavailable` if no turn comes before `last`; nothing
   * was sent then. Throws the reason of the signal.
   */
  async turn(
    host: string,
    perMinute: number,
    {
      last,
      signal,
      gate = NO_GATE,
    }: { readonly last: number; readonly signal: AbortSignal; readonly gate?: Gate },
  ): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      const free = this.#freeAt(host, perMinute);
      if (free > last)
        throw refuse(
          'unavailable',
          `the owners allow ${perMinute} pairs a minute with this host, and they are used up; nothing was sent. Have them allow more ` +
            '(tallystick agent consent, pairsPerMinute in targets.yaml), or look at fewer pairs',
        );
      const wait = free - this.#now();
      if (wait > 0) {
        await this.#wait(wait, signal);
        continue;
      }
      await gate.enter();
      // Others may have gone first while this one stood before the gate.
      if (this.#take(host, perMinute)) return;
      gate.leave();
    }
  }

  #recent(host: string): readonly number[] {
    const since = this.#now() - MINUTE_MS;
    return (this.#turns.get(host) ?? []).filter((at) => at > since);
  }

  /** When the next pair may begin. */
  #freeAt(host: string, perMinute: number): number {
    const first = this.#recent(host).at(-perMinute);
    return first === undefined ? this.#now() : first + MINUTE_MS;
  }

  #take(host: string, perMinute: number): boolean {
    const now = this.#now();
    for (const [each, turns] of this.#turns)
      if (turns.every((at) => at <= now - MINUTE_MS)) this.#turns.delete(each);
    const recent = this.#recent(host);
    if (recent.length >= perMinute) return false;
    this.#turns.set(host, [...recent, now]);
    return true;
  }
}
