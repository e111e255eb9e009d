/**
 * What is due when: pure, from the commitment, from what was proven, and from the clock it is handed. A claim is
 * proven once in each slot (appraisal/slots.ts), at once when it never was, and at once after a deployment.
 */
import type { EntryOf, Declared } from '../appraisal/history.ts';
import { dueIn, slotAt, slotLength, type Slot } from '../appraisal/slots.ts';
import type { Claim } from '../statement/commitment.ts';
import type { Result } from '../statement/proof.ts';
import type { Digest } from '../bytes/brand.ts';
import type { Seeds } from './seeds.ts';
import type { ProvenAt } from './spool.ts';

/** What the schedule of one subject rests on. Times: POSIX seconds. */
export interface Situation {
  readonly declared: Declared;
  readonly deployments: readonly EntryOf<'deployment'>[];
  /** When each claim was last proven. */
  readonly proven: ReadonlyMap<string, ProvenAt>;
  readonly seeds: Seeds;
  /** The head that a slot's time is derived from: drawn once, and kept. */
  readonly beaconOf: (slot: Slot) => { readonly size: number; readonly root: Digest };
  readonly now: number;
}

/** A claim that is due, and the slot it is due in; no slot after a deployment or the first time. */
export interface DueClaim {
  readonly claim: Claim;
  readonly slot: NonNullable<Result['slot']> | undefined;
}

/** What is due now, and when something else is. */
export interface Agenda {
  readonly due: readonly DueClaim[];
  readonly wake: number;
}

export function agendaOf(situation: Situation): Agenda {
  const each = situation.declared.declaration.claims.map((claim) => agendaOfClaim(claim, situation));
  return {
    due: each.flatMap(({ due }) => due),
    wake: each.reduce((first, { wake }) => Math.min(first, wake), Infinity),
  };
}

function agendaOfClaim(claim: Claim, situation: Situation): Agenda {
  const { proven, now, seeds, beaconOf } = situation;
  const last = proven.get(claim.id);
  const slot = slotAt(now, slotLength(claim.cadence));
  const { isAnswered, wake } = deploymentsSince(last?.started ?? -1, situation);
  const atOnce: Agenda['due'] = last === undefined || !isAnswered ? [{ claim, slot: undefined }] : [];
  // A proof for another reason does not stand for the slot's: else whoever deploys chooses when nobody looks.
  if (last?.slot !== undefined && last.slot >= slot.number)
    return { due: atOnce, wake: Math.min(wake, slot.end) };
  const beacon = beaconOf(slot);
  const due = dueIn(slot, seeds.seedAt(slot.start), beacon.root);
  if (due > now) return { due: atOnce, wake: Math.min(wake, due) };
  return {
    due: [{ claim, slot: { number: slot.number, due, actual: now, beacon } }],
    wake: Math.min(wake, slot.end),
  };
}

/**
 * Whether a proof that began at `started` answers the deployments of this commitment (appraisal/reports.ts): it began after
 * them, for certain, so one in the same second is no answer. `wake`: when one that is not over yet can be answered.
 */
function deploymentsSince(
  started: number,
  { declared, deployments, now }: Situation,
): { readonly isAnswered: boolean; readonly wake: number } {
  const open = deployments
    .filter(({ parsed: { deployment } }) => deployment.commitment.toHex() === declared.entry.id)
    .map(({ time, parsed: { deployment } }) => Math.min(time, deployment.deployed))
    .filter((deployed) => deployed >= started);
  const coming = open.filter((deployed) => deployed >= now).map((deployed) => deployed + 1);
  return { isAnswered: coming.length === open.length, wake: Math.min(Infinity, ...coming) };
}

/** Seconds after which a commitment without claims should be heard of again. */
const DAY = 86_400;

/**
 * When silence becomes suspicious after a proof of `claims` that ends at `ended`: when the first claim would be
 * STALE, or the next heartbeat is overdue. `heartbeat`: seconds between two proofs at most; undefined for an agent
 * that does not stay.
 */
export function nextDueOf(
  { declaration }: Declared,
  proven: ReadonlyMap<string, ProvenAt>,
  claims: readonly Claim[],
  heartbeat: number | undefined,
): (ended: number) => number {
  return (ended) => {
    const stale = declaration.claims.map(({ id, cadence, grace = 0 }) => {
      const last = claims.some((claim) => claim.id === id) ? ended : (proven.get(id)?.ended ?? ended);
      const due = last + cadence * (1 + grace);
      // What is late already is no promise to make.
      return due > ended ? due : ended + cadence;
    });
    // A heartbeat may come as much later as it takes to make and to log it.
    const beat = heartbeat === undefined ? DAY : heartbeat + Math.max(60, Math.floor(heartbeat / 10));
    const live = heartbeat === undefined && stale.length > 0 ? Infinity : ended + beat;
    return Math.min(live, ...stale);
  };
}
