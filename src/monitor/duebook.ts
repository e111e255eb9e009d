/**
 * When the next runtime proof of each chain, and of each claim, is due, as the entries of one log say: a fold over them
 * in their order, subject by subject, which can be stored and gone on with. No clock but the one it is handed, and no
 * judgement: missed.ts says what was missed.
 *
 * A chain's newest proof promises the next one (`nextDue`). A commitment in force wants each of its claims proven, by the
 * rule that readers have (appraisal/due.ts). A chain ends with what is in force about its subject, and with its key.
 */
import type { SubjectEntry } from '../appraisal/history.ts';
import type { Policy } from '../statement/policy.ts';
import type { SeenEntry } from './alarm.ts';
import { DuePage, type Due, type StoredPage } from './duepage.ts';

export type { Due } from './duepage.ts';

/** Things that may be due at once, and of these what one author declared; more are not watched. */
const MAX_DUES = 500_000;
const MAX_OF_AUTHOR = 100_000;

/** Changes of the time that are remembered: eight hours of looks. Before the first of them, its time is taken: it was earlier. */
const MOST_TIMES = 1_024;

/** That an incident was raised about a due. */
interface Mark {
  readonly key: string;
  readonly id: string;
  readonly due: number;
  readonly incident: string;
}

/** What a book knows besides its pages. */
export interface StoredCover {
  /** Indices from which on a time holds, oldest first. */
  readonly times: readonly (readonly [index: number, time: number])[];
  /** Key thumbprint → index from which on it is not to be believed. */
  readonly revoked: readonly (readonly [kid: string, since: number])[];
  readonly marks: readonly Mark[];
}

export class DueBook {
  readonly #pages = new Map<string, DuePage>();
  readonly #dues = new Map<string, Due>();
  /** Keys of the dues of each subject. */
  readonly #keys = new Map<string, readonly string[]>();
  readonly #changed = new Set<string>();
  readonly #revoked: Map<string, number>;
  readonly #marks: Map<string, Mark>;
  #times: readonly (readonly [index: number, time: number])[];
  #upto: number;
  #saved: number;
  #marked = false;
  readonly #leftOut = new Set<string>();
  readonly #ofAuthor = new Map<string, number>();
  #isOutdated = false;

  constructor(upto = 0, pages: Iterable<StoredPage> = [], cover?: StoredCover) {
    this.#upto = upto;
    this.#saved = upto;
    this.#times = cover?.times ?? [];
    this.#revoked = new Map(cover?.revoked);
    this.#marks = new Map((cover?.marks ?? []).map((each) => [each.key, each]));
    for (const stored of pages) {
      this.#pages.set(stored.subject, new DuePage(stored.subject, stored));
      this.#refresh(stored.subject);
    }
    this.#changed.clear();
  }

  /** Entries that were read: the next one has this index. */
  get upto(): number {
    return this.#upto;
  }

  /** How many subjects are not watched wholly, because too much is due. */
  get leftOut(): number {
    return this.#leftOut.size;
  }

  get size(): number {
    return this.#dues.size;
  }

  /**
   * Whether a key was revoked from an entry on that was read before that was known: what counted then may count no more.
   * `restart`, and read everything again.
   */
  get isOutdated(): boolean {
    return this.#isOutdated;
  }

  *all(): IterableIterator<Due> {
    for (const due of this.#dues.values()) yield this.#withMark(due);
  }

  get(key: string): Due | undefined {
    const due = this.#dues.get(key);
    return due && this.#withMark(due);
  }

  /**
   * Reads an entry; one that was read already changes nothing, and neither does what says nothing that counts
   * (`parsed` is undefined). `time`: when it was logged, as far as is known here; POSIX seconds.
   */
  read({ index, id, parsed }: Pick<SeenEntry, 'index' | 'id' | 'parsed'>, time: number): void {
    if (index < this.#upto) return;
    this.#upto = index + 1;
    if (time !== this.#times.at(-1)?.[1])
      this.#times = [...this.#times, [index, time] as const].slice(-MOST_TIMES);
    if (parsed === undefined) return;
    if (parsed.kind === 'policy') this.#policy(parsed.policy, index);
    else this.#take({ index, id, time, parsed });
  }

  /** Forgets what was read, to be read again from the first entry on; what is known of revoked keys holds from there. */
  restart(): void {
    for (const subject of this.#pages.keys()) this.#changed.add(subject);
    this.#pages.clear();
    this.#dues.clear();
    this.#keys.clear();
    this.#times = [];
    this.#upto = 0;
    this.#leftOut.clear();
    this.#ofAuthor.clear();
    this.#isOutdated = false;
  }

  /** An incident was raised about a due. */
  missed(key: string, incident: string): void {
    const due = this.#dues.get(key);
    if (due === undefined) return;
    this.#marks.set(key, { key, id: due.id, due: due.due, incident });
    this.#marked = true;
  }

  /** Incidents about what has come, or is wanted no more, since this was last asked. */
  settled(): readonly string[] {
    const settled = [...this.#marks.values()].filter(({ key, id, due }) => {
      const now = this.#dues.get(key);
      return now === undefined || now.id !== id || now.due > due;
    });
    for (const { key } of settled) this.#marks.delete(key);
    if (settled.length > 0) this.#marked = true;
    return settled.map(({ incident }) => incident);
  }

  /** Whether anything changed since `changes` was last asked. */
  get dirty(): boolean {
    return this.#changed.size > 0 || this.#marked || this.#saved !== this.#upto;
  }

  /** What changed since this was last asked: pages, and subjects that have none any more. */
  changes(): {
    readonly put: readonly StoredPage[];
    readonly gone: readonly string[];
    readonly cover: StoredCover;
  } {
    const subjects = [...this.#changed];
    this.#changed.clear();
    this.#marked = false;
    this.#saved = this.#upto;
    return {
      put: subjects.flatMap((subject) => this.#pages.get(subject)?.stored() ?? []),
      gone: subjects.filter((subject) => !this.#pages.has(subject)),
      cover: { times: this.#times, revoked: [...this.#revoked], marks: [...this.#marks.values()] },
    };
  }

  #take(entry: SubjectEntry): void {
    const { subject } = entry.parsed;
    // Nothing is due of what nobody committed to.
    if (entry.parsed.kind !== 'commitment' && !this.#pages.has(subject)) return;
    const page = this.#pages.get(subject) ?? new DuePage(subject);
    this.#pages.set(subject, page);
    page.take(entry, {
      revokedSince: (kid) => this.#revoked.get(kid),
      loggedAt: (at) => (this.#times.findLast(([from]) => from <= at) ?? this.#times[0])?.[1],
    });
    this.#refresh(subject);
  }

  /** The chains of keys that may no longer submit have ended. */
  #policy(policy: Policy, index: number): void {
    for (const { kid, since } of policy.document.revoked ?? []) {
      const known = this.#revoked.get(kid.toHex()) ?? Infinity;
      if (since >= known) continue;
      this.#revoked.set(kid.toHex(), since);
      this.#isOutdated ||= since < index;
    }
    const isOver = (kid: string): boolean =>
      policy.revoked.has(kid) || (!policy.document.open && !policy.keys.has(kid));
    for (const [subject, page] of this.#pages) if (page.endChains(isOver)) this.#refresh(subject);
  }

  #refresh(subject: string): void {
    this.#changed.add(subject);
    for (const key of this.#keys.get(subject) ?? []) {
      const due = this.#dues.get(key);
      if (due !== undefined) this.#count(due, -1);
      this.#dues.delete(key);
    }
    // All that is due of a subject is what one author declared: whoever made the commitment in force.
    const dues = this.#pages.get(subject)?.dues() ?? [];
    const room = Math.min(
      MAX_DUES - this.#dues.size,
      MAX_OF_AUTHOR - (this.#ofAuthor.get(dues[0]?.author ?? '') ?? 0),
    );
    const taken = dues.slice(0, Math.max(0, room));
    if (taken.length < dues.length) this.#leftOut.add(subject);
    else this.#leftOut.delete(subject);
    for (const due of taken) {
      this.#dues.set(due.key, due);
      this.#count(due, 1);
    }
    this.#keys.set(
      subject,
      taken.map(({ key }) => key),
    );
  }

  #count({ author }: Due, more: 1 | -1): void {
    this.#ofAuthor.set(author, (this.#ofAuthor.get(author) ?? 0) + more);
  }

  #withMark(due: Due): Due {
    const mark = this.#marks.get(due.key);
    return mark?.id === due.id && due.due <= mark.due ? { ...due, missed: mark.incident } : due;
  }
}
