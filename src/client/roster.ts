/**
 * The subjects that a log has commitments about, read page by page and cached. One call reads a bounded number of
 * pages; the next call continues. Subjects that were there first keep their place, so nobody who may log statements can
 * displace an older subject. That the listing is complete is not verified here.
 */
import type { Listed, Page, Wanted } from './search.ts';

/** Bounds of a roster, and of one call. */
export interface RosterLimits {
  /** Subjects. */
  readonly subjects: number;
  /** Characters of their names. */
  readonly characters: number;
  /** Pages a call. */
  readonly pages: number;
}

export const ROSTER_LIMITS: RosterLimits = { subjects: 150_000, characters: 33_554_432, pages: 2_048 };

/** A reading that is not finished. It goes from the newest entry back, so the subjects found last are the oldest. */
interface Underway {
  readonly target: number;
  before: number;
  readonly found: Map<string, Listed>;
}

export class Roster {
  readonly #limits: RosterLimits;
  readonly #wanted: (subject: string) => boolean;
  /** Subject → its newest commitment, oldest subject first. */
  readonly #subjects = new Map<string, Listed>();
  #characters = 0;
  #upto = 0;
  #underway: Underway | undefined;
  #dropped = 0;

  constructor(limits = ROSTER_LIMITS, wanted: (subject: string) => boolean = () => true) {
    this.#limits = limits;
    this.#wanted = wanted;
  }

  /** Continues to read, up to a tree of `size` entries. Throws what `list` throws; what was read before stays. */
  async advance(list: (wanted: Wanted) => AsyncIterable<Page>, size: number): Promise<void> {
    if (this.#underway === undefined) {
      if (size <= this.#upto) return;
      this.#underway = { target: size, before: size, found: new Map() };
    }
    const { target, before, found } = this.#underway;
    let pages = 0;
    for await (const { rows, next } of list({ kind: 'commitment', from: this.#upto, before })) {
      for (const row of rows) this.#take(row, found);
      if (next === undefined) break;
      this.#underway.before = next;
      if (++pages === this.#limits.pages) return;
    }
    for (const [subject, newest] of [...found].toReversed()) this.#subjects.set(subject, newest);
    this.#upto = target;
    this.#underway = undefined;
  }

  #take(row: Listed, found: Map<string, Listed>): void {
    const { subject } = row;
    if (!this.#wanted(subject)) return;
    const known = this.#subjects.get(subject);
    if (known !== undefined) {
      if (known.index < row.index) this.#subjects.set(subject, row);
      return;
    }
    const newest = found.get(subject);
    if (newest === undefined) this.#characters += subject.length;
    // Found again further back: its place is older than that of subjects found since.
    found.delete(subject);
    found.set(subject, newest ?? row);
    while (this.#isFull(found.size)) {
      const [youngest] = found.keys();
      if (youngest === undefined) return;
      found.delete(youngest);
      this.#characters -= youngest.length;
      this.#dropped++;
    }
  }

  #isFull(found: number): boolean {
    return this.#subjects.size + found > this.#limits.subjects || this.#characters > this.#limits.characters;
  }

  /** The newest commitment of each subject, the oldest subject first. */
  get newest(): readonly Listed[] {
    const found = this.#underway?.found.values() ?? [];
    return [...this.#subjects.values(), ...[...found].toReversed()];
  }

  has(subject: string): boolean {
    return this.#subjects.has(subject) || this.#underway?.found.has(subject) === true;
  }

  /** Number of subjects that found no place, at most. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Entries of the log that were not read yet; 0 when a reading is finished. */
  get unread(): number {
    return this.#underway === undefined ? 0 : this.#underway.before - this.#upto;
  }
}
