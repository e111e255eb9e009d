/**
 * When the next runtime proof of each chain and of each claim is due, computed from the entries of one log. A fold over
 * the entries in order, kept for each subject, which can be stored and continued. It uses no clock of its own and does
 * not decide what was missed: missed-proofs.ts does.
 *
 * The newest proof of a chain promises the next one (`nextDue`). A commitment in force needs proofs of each of its
 * claims, by the rule that readers have (appraisal/due.ts). A chain ends when no commitment of its subject is in force
 * any more, and when its key may no longer submit.
 */
import type { SubjectEntry } from '../appraisal/history.ts';
import type { Policy } from '../statement/policy.ts';
import type { SeenEntry } from './alarm.ts';
import { SubjectDue, type Due, type StoredSubjectDue } from './subject-due.ts';

export type { Due } from './subject-due.ts';

/** Most due times of a log, and most of those that one author's commitments cause. Others are not watched. */
const MAX_DUES = 500_000;
const MAX_OF_AUTHOR = 100_000;

/**
 * Most pairs of index and time that are kept: eight hours of observations. An entry before the first pair gets the time
 * of that pair; it was logged earlier.
 */
const MOST_TIMES = 1_024;

/** Records that an incident was raised about a due time. */
interface Mark {
  readonly key: string;
  readonly id: string;
  readonly due: number;
  readonly incident: string;
}

/** What is stored besides the due times of each subject. */
export interface StoredCover {
  /** Pairs of index and time: entries from that index on were logged at that time. Oldest first. */
  readonly times: readonly (readonly [index: number, time: number])[];
  /** Key thumbprint → index from which on statements of the key do not count. */
  readonly revoked: readonly (readonly [kid: string, since: number])[];
  readonly marks: readonly Mark[];
}

export class DueProofs {
  readonly #subjects = new Map<string, SubjectDue>();
  readonly #dues = new Map<string, Due>();
  /** Keys of the due times of each subject. */
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

  constructor(upto = 0, stored: Iterable<StoredSubjectDue> = [], cover?: StoredCover) {
    this.#upto = upto;
    this.#saved = upto;
    this.#times = cover?.times ?? [];
    this.#revoked = new Map(cover?.revoked);
    this.#marks = new Map((cover?.marks ?? []).map((each) => [each.key, each]));
    for (const each of stored) {
      this.#subjects.set(each.subject, new SubjectDue(each.subject, each));
      this.#refresh(each.subject);
    }
    this.#changed.clear();
  }

  /** Number of entries that were read: the index of the next one. */
  get upto(): number {
    return this.#upto;
  }

  /** Number of subjects that are not watched completely because there are too many due times. */
  get leftOut(): number {
    return this.#leftOut.size;
  }

  get size(): number {
    return this.#dues.size;
  }

  /**
   * True if a key was revoked from an index on that had been read before. Entries that counted then may not count any
   * more, so the caller must `restart` and read every entry again.
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
   * Reads an entry. Does nothing for one that was read already, or whose content does not count (`parsed` is
   * undefined). `time`: when it was logged, as this monitor knows; POSIX seconds.
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

  /** Drops everything that was read, except the revocations, so that entries can be read again from the first. */
  restart(): void {
    for (const subject of this.#subjects.keys()) this.#changed.add(subject);
    this.#subjects.clear();
    this.#dues.clear();
    this.#keys.clear();
    this.#times = [];
    this.#upto = 0;
    this.#leftOut.clear();
    this.#ofAuthor.clear();
    this.#isOutdated = false;
  }

  /** Records that an incident was raised about a due time. */
  missed(key: string, incident: string): void {
    const due = this.#dues.get(key);
    if (due === undefined) return;
    this.#marks.set(key, { key, id: due.id, due: due.due, incident });
    this.#marked = true;
  }

  /** Incidents whose proof came, or is no longer needed, since the last call. */
  settled(): readonly string[] {
    const settled = [...this.#marks.values()].filter(({ key, id, due }) => {
      const now = this.#dues.get(key);
      return now === undefined || now.id !== id || now.due > due;
    });
    for (const { key } of settled) this.#marks.delete(key);
    if (settled.length > 0) this.#marked = true;
    return settled.map(({ incident }) => incident);
  }

  /** Whether anything changed since the last call of `changes`. */
  get dirty(): boolean {
    return this.#changed.size > 0 || this.#marked || this.#saved !== this.#upto;
  }

  /** What changed since the last call, and subjects of which nothing is due any more. */
  changes(): {
    readonly put: readonly StoredSubjectDue[];
    readonly gone: readonly string[];
    readonly cover: StoredCover;
  } {
    const subjects = [...this.#changed];
    this.#changed.clear();
    this.#marked = false;
    this.#saved = this.#upto;
    return {
      put: subjects.flatMap((subject) => this.#subjects.get(subject)?.stored() ?? []),
      gone: subjects.filter((subject) => !this.#subjects.has(subject)),
      cover: { times: this.#times, revoked: [...this.#revoked], marks: [...this.#marks.values()] },
    };
  }

  #take(entry: SubjectEntry): void {
    const { subject } = entry.parsed;
    // Without a commitment about a subject, nothing is due.
    if (entry.parsed.kind !== 'commitment' && !this.#subjects.has(subject)) return;
    const due = this.#subjects.get(subject) ?? new SubjectDue(subject);
    this.#subjects.set(subject, due);
    due.take(entry, {
      revokedSince: (kid) => this.#revoked.get(kid),
      loggedAt: (at) => (this.#times.findLast(([from]) => from <= at) ?? this.#times[0])?.[1],
    });
    this.#refresh(subject);
  }

  /** Ends the chains of keys that may no longer submit. */
  #policy(policy: Policy, index: number): void {
    for (const { kid, since } of policy.document.revoked ?? []) {
      const known = this.#revoked.get(kid.toHex()) ?? Infinity;
      if (since >= known) continue;
      this.#revoked.set(kid.toHex(), since);
      this.#isOutdated ||= since < index;
    }
    const isGone = (kid: string): boolean =>
      policy.revoked.has(kid) || (!policy.document.open && !policy.keys.has(kid));
    const isOver = (kid: string, by: string | undefined): boolean =>
      by === undefined ? isGone(kid) : policy.revoked.has(kid) || isGone(by);
    for (const [subject, due] of this.#subjects) if (due.endChains(isOver)) this.#refresh(subject);
  }

  #refresh(subject: string): void {
    this.#changed.add(subject);
    for (const key of this.#keys.get(subject) ?? []) {
      const due = this.#dues.get(key);
      if (due !== undefined) this.#count(due, -1);
      this.#dues.delete(key);
    }
    // The due times of a subject count for the author of the commitment in force.
    const dues = this.#subjects.get(subject)?.dues() ?? [];
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
