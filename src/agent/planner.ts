/**
 * What the claims of a commitment cost to prove, and how likely proving them shows a violation. For choosing cadences.
 * Pure.
 */
import { slotLength } from '../appraisal/slots.ts';
import type { Claim, Declaration } from '../statement/commitment.ts';
import type { Costs } from './agent-store.ts';
import { groupClaims, type ClaimGroup } from '../probe/groups.ts';

const DAY = 86_400;

export interface Plan {
  readonly claim: string;
  readonly probe: string;
  readonly cadence: number;
  /** Seconds after a deployment within which the claim is proven; undefined if a deployment makes no proof due. */
  readonly deadline: number | undefined;
  /** Seconds of a slot: one proof in each. */
  readonly slot: number;
  readonly proofsPerDay: number;
  /** The claim whose run answers this one, too, at no further cost; undefined if it has a run of its own. */
  readonly sameRun: string | undefined;
  /** Average cost of one run; undefined before the first, and if another claim's run answers this one. */
  readonly cost: Costs | undefined;
  /** CPU time that the runs take, in millionths of one core; undefined if `cost` is. */
  readonly coreParts: number | undefined;
  /** Probability that a violation is seen, by its length in seconds. */
  readonly detection: readonly { readonly length: number; readonly probability: number }[];
}

/**
 * Plans each claim of a declaration. `costsOf`: what runs of a probe on a target cost so far. `length`: seconds of the violation that is asked about, else a tenth of the
 * cadence and all of it.
 */
export function plansOf(
  declaration: Declaration,
  costsOf: (probe: string, target: string) => Costs | undefined,
  length?: number,
): readonly (Plan & { readonly target: string | undefined })[] {
  const { claims } = declaration;
  const groups = groupClaims(claims, declaration);
  const runs = runsOf(groups);
  return claims.map((claim) => {
    const target = groups.find((group) => group.claims.includes(claim))?.target;
    const cost = costsOf(claim.probe, target ?? '');
    const lengths =
      length === undefined ? [Math.max(1, Math.floor(claim.cadence / 10)), claim.cadence] : [length];
    return { target, ...planOf(claim, { of: runs.get(claim.id) ?? claim.id, cost }, lengths) };
  });
}

/**
 * For each claim the claim that bears the cost of its run: the first one with the same probe, target, parameters and
 * cadence, since such claims share their slots.
 */
export function runsOf(looks: readonly ClaimGroup[]): ReadonlyMap<string, string> {
  return new Map(
    looks.flatMap(({ claims }) =>
      claims.map(({ id, cadence }) => [id, claims.find((each) => each.cadence === cadence)?.id ?? id]),
    ),
  );
}

/** Plans one claim. `run`: the claim that bears the cost. `lengths`: seconds of the violations that are asked about. */
export function planOf(
  claim: Claim,
  run: { readonly of: string; readonly cost: Costs | undefined },
  lengths: readonly number[],
): Plan {
  const isOwn = run.of === claim.id;
  const cost = isOwn ? run.cost : undefined;
  const slot = slotLength(claim.cadence);
  return {
    claim: claim.id,
    probe: claim.probe,
    cadence: claim.cadence,
    deadline: claim.deadline,
    slot,
    proofsPerDay: DAY / slot,
    sameRun: isOwn ? undefined : run.of,
    cost,
    coreParts: cost === undefined ? undefined : cost.cpuUs / slot,
    detection: lengths.map((length) => ({ length, probability: detection(length, slot) })),
  };
}

/**
 * Probability that one observation in each slot, at a random time in it, falls into a violation that begins at a random
 * time. With r = length ÷ slot: r − r³/6 for r up to 1, 1 − (2 − r)³/6 up to 2, then 1, because the violation then
 * covers a whole slot.
 */
export function detection(length: number, slot: number): number {
  const r = Math.max(0, length) / slot;
  if (r <= 1) return r - r ** 3 / 6;
  return r >= 2 ? 1 : 1 - (2 - r) ** 3 / 6;
}
