/**
 * Populations whose members are observed one by one. A proof has a leaf for each observed member (spec/statements.md
 * §5), so that an auditor can ask to see any of them. A probe that only counted them could state a population that does
 * not exist.
 */
import type { Population } from '../claim/observed.ts';
import type { Withheld } from '../claim/withheld.ts';

/** Members that are told one by one; each costs some 60 bytes of the agent's disk in every proof. */
const MAX_TOLD = 1_000;

/** What was looked at, and what of it goes into the value. */
export interface Members {
  readonly population: Population;
  /** One text each; undefined where there are too many, which are one observation then. */
  readonly told: readonly string[] | undefined;
}

/** `looked`: one text for each member, of which `unread` could not be looked at. */
export function membersOf(source: string, looked: readonly string[], unread: number): Members {
  const total = looked.length;
  if (total > MAX_TOLD)
    return {
      population: { source: `${source}, ${total} in one comparison`, total: 1, sampled: 1, method: 'all' },
      told: undefined,
    };
  const sampled = total - unread;
  return {
    population: { source, total, sampled, method: sampled === total ? 'all' : 'readable' },
    told: looked,
  };
}

/** Marks lists that are told up to a length, where they have it: there may be more. `below`: where they stand. */
export function cutLists(
  lists: Readonly<Record<string, readonly unknown[]>>,
  most: number,
  below = '',
): readonly Withheld[] {
  return Object.entries(lists)
    .filter(([, list]) => list.length >= most)
    .map(([name]) => ({
      path: `${below}/${name}`,
      reason: `${name} are told up to ${most}, and there may be more`,
      only: 'members',
    }));
}
