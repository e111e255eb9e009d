/**
 * Whether a proof that was due was missed. Judged only against a head that the log served after the due time
 * and a grace, and only when the log could be reached for that grace: what an agent could not hand in, it did
 * not miss. Pure: the time in which a log answers is counted by whoever looks at it.
 */
import type { Due, DueBook } from './duebook.ts';

/** What a judgement rests on. */
export interface Moment {
  /** POSIX seconds of a look that found a verified head, all of whose entries are in the book. */
  readonly now: number;
  /** Milliseconds in which the log was watched and answered, ever; only differences mean something. */
  readonly upMs: number;
  /** How long after its due time a proof may still come (seconds). */
  readonly graceSeconds: number;
  /** How long the log must have been up since the due time passed (seconds). */
  readonly upSeconds: number;
}

/** Dues that have passed, and how much the log had been up when that was first noticed. */
export class Overdue {
  readonly #noticed = new Map<string, { readonly id: string; readonly upMs: number }>();

  /** What is missed at this moment, and was not before. */
  judge(book: DueBook, moment: Moment): readonly Due[] {
    const missed: Due[] = [];
    for (const due of book.all()) {
      if (!isPast(due, moment.now)) {
        this.#noticed.delete(due.key);
        continue;
      }
      if (due.missed === undefined && this.#lasts(due, moment)) missed.push(due);
    }
    for (const key of this.#noticed.keys()) if (book.get(key) === undefined) this.#noticed.delete(key);
    return missed;
  }

  #lasts({ key, id, due }: Due, { now, upMs, graceSeconds, upSeconds }: Moment): boolean {
    let noticed = this.#noticed.get(key);
    if (noticed?.id !== id) {
      noticed = { id, upMs };
      this.#noticed.set(key, noticed);
    }
    return now >= due + graceSeconds && upMs - noticed.upMs >= upSeconds * 1000;
  }
}

/** Whether a due time has passed and still means something. */
export function isPast({ due, until = Infinity, waived = 0 }: Due, now: number): boolean {
  return now > due && due <= until && waived <= now;
}

/** One sentence for people. */
export function missedText({ subject, claim, due, kid, commitment }: Due): string {
  const at = new Date(due * 1000).toISOString();
  return claim === undefined
    ? `the runtime proof of ${subject} that key ${kid ?? ''} promised for ${at} is not in the log`
    : `claim ${claim} of commitment ${commitment} about ${subject} was to be proven by ${at} and is not`;
}
