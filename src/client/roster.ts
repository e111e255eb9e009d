/**
 * The subjects that a log has commitments about, read page by page and remembered: what was read is not asked for again,
 * one call reads a bounded number of pages and the next goes on where it stopped. Who was there first keeps its place,
 * so that whoever may log something can push nobody out. That the listing is whole is the log's word.
 */
import type { Listed, Page, Wanted } from './search.ts';

/** How much a roster holds, and reads in one call. */
export interface RosterLimits {
  /** Subjects. */
  readonly subjects: number;
  /** Characters of their names. */
  readonly characters: number;
  /** Pages a call. */
  readonly pages: number;
}

export const ROSTER_LIMITS: RosterLimits = { subjects: 150_000, characters: 33_554_432, pages: 2_048 };

/** A reading that has not come to its end: newest first, so the subjects found last are the oldest. */
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

  /** Goes on reading up to a tree of `size` entries. Throws what `list` throws; what was read before stays. */
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
    // Seen again further back: it is older than what was found meanwhile.
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

  /** The newest commitment of each subject: that of the subject that was there first comes first. */
  get newest(): readonly Listed[] {
    const found = this.#underway?.found.values() ?? [];
    return [...this.#subjects.values(), ...[...found].toReversed()];
  }

  has(subject: string): boolean {
    return this.#subjects.has(subject) || this.#underway?.found.has(subject) === true;
  }

  /** Subjects that found no place, at most so many. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Entries of the log that were not looked through yet; 0 once a reading is at its end. */
  get unread(): number {
    return this.#underway === undefined ? 0 : this.#underway.before - this.#upto;
  }
}
