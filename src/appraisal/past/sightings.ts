/** What earlier looks showed, as one summary: each different set of facts, and when it was seen first and last. Pure. */
import type { Seconds, Sighting } from '../../claim/prev.ts';
import type { ValueMap } from '../../claim/value.ts';
import { isFailure, type SeenIn } from '../reports.ts';
import type { Dated } from './dated.ts';

/** Most different facts of one claim. With more, a reader no longer knows all of them. */
const MOST_FACTS = 64;

/** The bounds of the first and of the last time that something was seen. POSIX seconds. */
interface Times {
  first: { from: number | undefined; to: number; seen: SeenIn };
  last: { from: number; to: number; seen: SeenIn };
}

interface Kept extends Times {
  readonly facts: ValueMap;
}

export class Sightings {
  readonly #kept = new Map<string, Kept>();
  #failed: Times | undefined;
  #unread: number | undefined;
  #isFull = false;

  add({ facts, from, to, seen, look, isUnread }: Dated): void {
    if (look !== undefined && isFailure(look.verdict)) this.#failed = widened(this.#failed, from, to, seen);
    if (isUnread) this.#unread ??= seen.index;
    if (facts === undefined) return;
    const key = JSON.stringify(facts);
    const known = this.#kept.get(key);
    if (known === undefined && this.#kept.size >= MOST_FACTS) this.#isFull = true;
    else this.#kept.set(key, { facts, ...widened(known, from, to, seen) });
  }

  /** Why further facts may have been seen; undefined if these are all. */
  get missing(): string | undefined {
    if (this.#unread !== undefined)
      return `what the target signed in entry ${this.#unread} cannot be read here`;
    return this.#isFull ? `more than ${MOST_FACTS} different facts were seen` : undefined;
  }

  get entries(): readonly Times[] {
    return [...this.#kept.values()];
  }

  /** As a look saw them that was made not before `from`, and not after `to`. `isWhole`: whether these are all. */
  before({ from, to }: Pick<Dated, 'from' | 'to'>, isWhole: boolean): readonly Sighting[] {
    return [...this.#kept.values()].map(({ facts, first, last }) => ({
      facts,
      first: {
        least: age(from, first.to),
        ...(isWhole && first.from !== undefined && { most: age(to, first.from) }),
      },
      last: { least: isWhole ? age(from, last.to) : 0, most: age(to, last.from) },
    }));
  }

  /** How long ago a look failed last. Where none did, longer than any time. */
  failed({ from, to }: Pick<Dated, 'from' | 'to'>, isWhole: boolean): Seconds {
    if (this.#failed === undefined) return isWhole ? { least: NEVER, most: NEVER } : { least: 0 };
    const { last } = this.#failed;
    return { least: isWhole ? age(from, last.to) : 0, most: age(to, last.from) };
  }
}

/** Seconds: more than any two times differ by. */
const NEVER = 2 ** 52;

/** Seconds between two moments, and not less than none: looks of two agents may overlap. */
function age(now: number | undefined, then: number): number {
  return Math.max(0, (now ?? 0) - then);
}

function widened(known: Times | undefined, from: number | undefined, to: number, seen: SeenIn): Times {
  if (known === undefined) return { first: { from, to, seen }, last: { from: from ?? 0, to, seen } };
  const { first, last } = known;
  const isFirst = (from ?? 0) < (first.from ?? 0);
  const isLast = (from ?? 0) >= last.from;
  return {
    first: {
      from: from === undefined || first.from === undefined ? undefined : Math.min(first.from, from),
      to: Math.min(first.to, to),
      seen: isFirst ? seen : first.seen,
    },
    last: {
      from: Math.max(last.from, from ?? 0),
      to: Math.max(last.to, to),
      seen: isLast ? seen : last.seen,
    },
  };
}
