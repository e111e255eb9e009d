/** Computes the verdicts while somebody asks, a subject at a time, and answers in between. */
import { equalBytes } from '../../bytes/compare.ts';
import type { LogClient } from '../../client/client.ts';
import type { OverviewQuery } from '../../log/ports.ts';
import { pageOf, placeOfRow } from './page.ts';
import { Verdicts, type VerdictLimits } from './verdicts.ts';
import type { OverviewJson, OverviewRow } from '../shared/overview.ts';

export interface Clock {
  /** Milliseconds. */
  readonly now: () => number;
  /** Resolves after so many milliseconds. */
  readonly pause: (ms: number) => Promise<void>;
  /** Lets questions come in between. */
  readonly turn: () => Promise<void>;
}

/** Milliseconds after the last question for which the work goes on. */
const ASKED_MS = 60_000;
/** Milliseconds that an answer waits for the work to end: a small log is answered whole at once. */
const SOON_MS = 250;
/** Milliseconds from one look at the same head to the next: time alone changes verdicts too. */
const AGAIN_MS = 2_000;
/**
 * After an update of so many subjects, so many times as long passes until the next one as it took. Where no witness bounds times,
 * every moment moves all of them.
 */
const MANY = 1_000;
const REST = 4;

const CLOCK: Clock = {
  now: () => performance.now(),
  pause: (ms) => new Promise((resolve) => void setTimeout(resolve, ms).unref()),
  turn: () => new Promise((resolve) => void setImmediate(resolve)),
};

type Sorted = readonly (readonly [place: string, row: OverviewRow])[];

export class Computing {
  readonly #verdicts: Verdicts;
  readonly #by: OverviewJson['computed_by'];
  readonly #clock: Clock;
  #asked = 0;
  #stopped = false;
  #working: Promise<void> | undefined;
  #looked: { readonly note: Uint8Array; readonly at: number } | undefined;
  #done = 0;
  #of = 0;
  #sorted: Sorted | undefined;
  #restUntil = 0;

  constructor(
    client: LogClient,
    by: OverviewJson['computed_by'],
    { limits, clock = CLOCK }: { readonly limits?: VerdictLimits; readonly clock?: Clock } = {},
  ) {
    this.#verdicts = new Verdicts(client, limits);
    this.#by = by;
    this.#clock = clock;
  }

  /** What there is of it now. Throws what the first look at the log does, and a refusal of a later one. */
  async answer(query: OverviewQuery, note: Uint8Array): Promise<OverviewJson> {
    this.#asked = this.#clock.now();
    const working = (this.#working ??= this.#isDue(note) ? this.#work(note) : undefined);
    if (working !== undefined) await Promise.race([working, this.#clock.pause(SOON_MS)]);
    // Before the first look there is nothing to say.
    if (this.#verdicts.head === undefined) await working;
    const { head, withoutClaims, leftOut, waiting } = this.#verdicts;
    if (head === undefined) throw new Error('the first look saw no head');
    this.#sorted ??= sortedOf(this.#verdicts);
    return {
      computed_by: this.#by,
      origin: head.origin,
      as_of: { size: head.size, head_time: head.time ?? null, time: head.now },
      computing: waiting === 0 ? null : { done: this.#done, of: this.#of },
      without_claims: withoutClaims,
      left_out: leftOut,
      ...pageOf(this.#sorted, query),
    };
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Resolves when nothing is computed any more. */
  async settled(): Promise<void> {
    await this.#working;
  }

  #isDue(note: Uint8Array): boolean {
    if (this.#verdicts.waiting > 0 || this.#looked === undefined) return true;
    const now = this.#clock.now();
    if (now < this.#restUntil) return false;
    return !equalBytes(note, this.#looked.note) || now >= this.#looked.at + AGAIN_MS;
  }

  async #work(note: Uint8Array): Promise<void> {
    const [began, isFirst] = [this.#clock.now(), this.#verdicts.head === undefined];
    try {
      if (this.#verdicts.waiting === 0) await this.#look(note);
      while (!this.#stopped && this.#clock.now() < this.#asked + ASKED_MS) {
        if (!(await this.#verdicts.next())) break;
        this.#done += 1;
        this.#sorted = undefined;
        await this.#clock.turn();
      }
    } finally {
      this.#working = undefined;
      const ended = this.#clock.now();
      if (!isFirst && this.#of > MANY) this.#restUntil = ended + REST * (ended - began);
    }
  }

  async #look(note: Uint8Array): Promise<void> {
    await this.#verdicts.look();
    this.#looked = { note, at: this.#clock.now() };
    [this.#done, this.#of] = [0, this.#verdicts.waiting];
    this.#sorted = undefined;
  }
}

function sortedOf(verdicts: Verdicts): Sorted {
  return [...verdicts.rows()]
    .map((row) => [placeOfRow(row), row] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
}
