/** What a commitment's claims cost to prove, and what proving them shows: for whoever chooses the cadences. Pure. */
import { slotLength } from '../appraisal/slots.ts';
import type { Claim } from '../statement/commitment.ts';
import type { Costs } from './agent-store.ts';
import type { ClaimGroup } from '../probe/groups.ts';

const DAY = 86_400;

export interface Plan {
  readonly claim: string;
  readonly probe: string;
  readonly cadence: number;
  /** Seconds after a deployment within which it is proven; undefined: no sooner than otherwise. */
  readonly deadline: number | undefined;
  /** Seconds of a slot: one proof in each. */
  readonly slot: number;
  readonly proofsPerDay: number;
  /** The claim whose run answers this one too, so that it costs nothing more; undefined: it has its own. */
  readonly sameRun: string | undefined;
  /** Of one run, so far; undefined before the first, and where another claim has it. */
  readonly cost: Costs | undefined;
  /** CPU of one core that the runs take, in parts of a million; undefined as the cost is. */
  readonly coreParts: number | undefined;
  /** Probability that a violation is seen, by its length in seconds. */
  readonly detection: readonly { readonly length: number; readonly probability: number }[];
}

/**
 * The claim that has the cost of each one's run: the first that is looked at in the same way and as often, since such
 * claims share their slots.
 */
export function runsOf(looks: readonly ClaimGroup[]): ReadonlyMap<string, string> {
  return new Map(
    looks.flatMap(({ claims }) =>
      claims.map(({ id, cadence }) => [id, claims.find((each) => each.cadence === cadence)?.id ?? id]),
    ),
  );
}

/** Plans one claim. `run`: the claim that has the cost; `lengths`: seconds of the violations asked about. */
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
 * How likely one look in each slot, anywhere in it, falls into a violation that begins at any time. With r = length ÷
 * slot: r − r³/6 up to one slot, 1 − (2 − r)³/6 up to two, then certain: some slot lies within it whole.
 */
export function detection(length: number, slot: number): number {
  const r = Math.max(0, length) / slot;
  if (r <= 1) return r - r ** 3 / 6;
  return r >= 2 ? 1 : 1 - (2 - r) ** 3 / 6;
}
