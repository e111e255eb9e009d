/** Groups claims that one run of a probe answers. `commit`, the agent and the planner use the same groups. */
import { locatorOf } from '../evidence/identity.ts';
import type { Claim, Declaration, Parameter } from '../statement/commitment.ts';

/** Claims that one run answers: those with the same probe, locator and parameters. */
export interface ClaimGroup {
  readonly probe: string;
  /** Undefined if the claims name no target and the commitment does not have exactly one. */
  readonly target: string | undefined;
  readonly params: ReadonlyMap<string, Parameter>;
  readonly claims: readonly Claim[];
}

/** The runs that claims need, in the order of their first claims. */
export function groupClaims(
  claims: readonly Claim[],
  { target }: Pick<Declaration, 'target'>,
): readonly ClaimGroup[] {
  const groups = new Map<string, ClaimGroup>();
  for (const claim of claims) {
    const { target: _, ...others } = Object.fromEntries(claim.params ?? []);
    const aimed = locatorOf(claim, target);
    const params = new Map(Object.entries(others));
    const key = JSON.stringify([claim.probe, aimed, [...params].toSorted(([a], [b]) => (a < b ? -1 : 1))]);
    const known = groups.get(key);
    groups.set(key, { probe: claim.probe, target: aimed, params, claims: [...(known?.claims ?? []), claim] });
  }
  return [...groups.values()];
}
