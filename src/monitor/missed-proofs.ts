/**
 * Whether a proof that was due was missed. It counts as missed only if the log served a head after the due time and a
 * grace, and if the log could be reached for a time since then. An agent is not blamed for a proof that it could not
 * submit. Pure: the caller measures how long the log answered.
 */
import type { Due, DueProofs } from './due-proofs.ts';
import { formatTime } from '../bytes/time.ts';

/** The moment for which missed proofs are determined. */
export interface Moment {
  /** POSIX seconds of an observation that found a verified head all of whose entries were read for due proofs. */
  readonly now: number;
  /** Milliseconds for which the log was watched and answered, in total; only differences matter. */
  readonly upMs: number;
  /** Seconds after its due time at which a proof may still come. */
  readonly graceSeconds: number;
  /** Seconds for which the log must have been up since the due time passed. */
  readonly upSeconds: number;
}

/** The due times that have passed, each with the log's up time when that was first noticed. */
export class Overdue {
  readonly #noticed = new Map<string, { readonly id: string; readonly upMs: number }>();

  /** The proofs that are missed at this moment and have no incident yet. */
  missedAt(dues: DueProofs, moment: Moment): readonly Due[] {
    const missed: Due[] = [];
    for (const due of dues.all()) {
      if (!isPast(due, moment.now)) {
        this.#noticed.delete(due.key);
        continue;
      }
      if (due.missed === undefined && this.#lasts(due, moment)) missed.push(due);
    }
    for (const key of this.#noticed.keys()) if (dues.get(key) === undefined) this.#noticed.delete(key);
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

/** Whether a due time has passed, within the commitment's validity and outside a waiver. */
export function isPast({ due, until = Infinity, waived = 0 }: Due, now: number): boolean {
  return now > due && due <= until && waived <= now;
}

/** One sentence for people. */
export function missedText({ subject, claim, due, kid, commitment }: Due): string {
  const at = formatTime(due);
  return claim === undefined
    ? `the runtime proof of ${subject} that key ${kid ?? ''} promised for ${at} is not in the log`
    : `claim ${claim} of commitment ${commitment} about ${subject} was to be proven by ${at} and is not`;
}
