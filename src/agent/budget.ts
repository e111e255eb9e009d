/**
 * How much CPU time an agent may use: a share of one core over the last hour. Near the limit, the claims of less
 * important tiers are left out first, and the proof names them.
 */
import { groupClaims, type ClaimGroup } from '../probe/groups.ts';
import type { Declaration } from '../statement/commitment.ts';
import { SEVERITIES, TIERS, type Tier } from '../statement/vocabulary.ts';
import type { DueClaim } from './schedule.ts';

/** Microseconds of one core in an hour, for each permille of the budget. */
const PER_MILLE_US = 3_600_000;

/**
 * The part of the budget up to which claims of a tier are still proven: all of it for the critical path, half of it for
 * the least important tier.
 */
const SHARES: Readonly<Record<Tier, number>> = {
  'critical-path': 1,
  'compliance-boundary': 0.9,
  'trust-transition': 0.8,
  change: 0.7,
  background: 0.5,
};

/** Microseconds an hour. `permille`: of one core; undefined: no limit. */
export function budgetUs(permille: number | undefined): number {
  return permille === undefined ? Infinity : permille * PER_MILLE_US;
}

/**
 * Whether a run of a tier that will cost about `estimateUs` fits into the budget, after `spentUs` in the hour before.
 */
export function fits(tier: Tier, spentUs: number, estimateUs: number, budget: number): boolean {
  return spentUs + estimateUs <= budget * SHARES[tier];
}

/** Place of a tier in the order of importance; 0 is the most important. */
export function rankOf(tier: Tier): number {
  return TIERS.indexOf(tier);
}

/** The due claims that the budget allows (`claims`), and those that it does not (`left`). */
interface Affordable {
  readonly claims: readonly DueClaim[];
  readonly left: readonly DueClaim[];
}

/**
 * Chooses claims by severity, the worst first. Claims that one run answers are chosen or left out together, and cost
 * that run once.
 */
export function affordable(
  due: readonly DueClaim[],
  declaration: Declaration,
  hour: { readonly spentUs: number; readonly budget: number; readonly costOf: (look: ClaimGroup) => number },
): Affordable {
  const worstFirst = due.toSorted((a, b) => severity(a) - severity(b));
  const answered = new Set<string>();
  let spent = hour.spentUs;
  for (const look of groupClaims(
    worstFirst.map(({ claim }) => claim),
    declaration,
  )) {
    const cost = hour.costOf(look);
    if (!fits(declaration.tier, spent, cost, hour.budget)) continue;
    spent += cost;
    for (const { id } of look.claims) answered.add(id);
  }
  const { claims = [], left = [] } = Object.groupBy(worstFirst, ({ claim }) =>
    answered.has(claim.id) ? 'claims' : 'left',
  );
  return { claims, left };
}

function severity({ claim }: DueClaim): number {
  return SEVERITIES.indexOf(claim.severity);
}
