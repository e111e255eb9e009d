/**
 * The rounds of a daemon: in which order it visits its subjects, and until when it need not visit one again. So a step
 * costs what is due, and not what the agent looks after.
 */
import { digest, type Digest } from '../bytes/brand.ts';
import { parseHex } from '../bytes/text.ts';
import type { History } from '../appraisal/history.ts';
import { rankOf } from './budget.ts';
import { isOwnProfile } from './self.ts';

export class Round {
  #order: readonly string[] = [];
  #profile: Digest | undefined;
  /** When each subject is to be visited next, POSIX seconds; at once if it is not here. */
  readonly #wakes = new Map<string, number>();

  /** Orders the subjects as they are known now, and has each visited again. */
  begin(histories: ReadonlyMap<string, History>): void {
    this.#wakes.clear();
    this.#order = orderOf(histories);
    const own = histories.get(this.#order[0] ?? '')?.inForce;
    this.#profile = own !== undefined && isOwnProfile(own) ? digest(parseHex(own.entry.id)) : undefined;
  }

  get order(): readonly string[] {
    return this.#order;
  }

  /** Entry id of the commitment to this agent's permissions, if there is one. */
  get profile(): { readonly profile?: Digest } {
    return this.#profile === undefined ? {} : { profile: this.#profile };
  }

  wakeOf(subject: string): number {
    return this.#wakes.get(subject) ?? -Infinity;
  }

  sleeps(subject: string, until: number): void {
    this.#wakes.set(subject, until);
  }
}

/** First the agent's own permissions, then the more important tiers. */
function orderOf(histories: ReadonlyMap<string, History>): readonly string[] {
  const ranks = new Map(
    [...histories].map(([subject, { inForce }]) => [
      subject,
      isOwnProfile(inForce) ? -1 : rankOf(inForce?.declaration.tier ?? 'background'),
    ]),
  );
  const rank = (subject: string): number => ranks.get(subject) ?? 0;
  return [...ranks.keys()].toSorted((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}
