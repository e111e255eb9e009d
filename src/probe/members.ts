/**
 * Populations whose members are observed one by one. A proof has a leaf for each observed member (spec/statements.md
 * §5), so that an auditor can ask to see any of them. A probe that only counted them could state a population that does
 * not exist.
 */
import type { Population } from '../claim/observed.ts';
import type { Withheld } from '../claim/withheld.ts';

/** Most members that are listed one by one. With every proof, each takes some 60 bytes of the agent's disk. */
const MAX_TOLD = 1_000;

/** The population, and the list of its members for the value. */
export interface Members {
  readonly population: Population;
  /** One text for each member; undefined if there are too many, which then count as one observation. */
  readonly told: readonly string[] | undefined;
}

/** The population of some members. `looked`: one text for each member. `unread`: how many of them could not be read. */
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

/** Marks each list that has reached its greatest length as cut, since there may be more. `below`: the path above the lists. */
export function cutLists(
  lists: Readonly<Record<string, readonly unknown[]>>,
  most: number,
  below = '',
): readonly Withheld[] {
  return Object.entries(lists)
    .filter(([, list]) => list.length >= most)
    .map(([name]) => ({
      path: `${below}/${name}`,
      reason: `at most ${most} of ${name} are listed, and there may be more`,
      only: 'members',
    }));
}
