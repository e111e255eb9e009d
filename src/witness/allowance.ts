/**
 * How often a log may be cosigned if the list of logs limits it (`qpd`): a token bucket that fills evenly over the day
 * and holds an hour's worth. Pure: the time is handed in.
 */

const DAY_SECONDS = 86_400;
/** Least size of a bucket, since a log that starts asks a few times to find the size that the witness holds. */
const LEAST = 16;

export class Allowance {
  readonly #perSecond: number;
  readonly #most: number;
  #left: number;
  #since: number;

  /** `now`: POSIX seconds. */
  constructor(perDay: number, now: number) {
    this.#perSecond = perDay / DAY_SECONDS;
    this.#most = Math.max(LEAST, perDay / 24);
    this.#left = this.#most;
    this.#since = now;
  }

  /** Takes a token if there is one. A clock that goes back adds none. */
  take(now: number): boolean {
    const passed = Math.max(0, now - this.#since);
    this.#left = Math.min(this.#most, this.#left + passed * this.#perSecond);
    this.#since = Math.max(now, this.#since);
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
