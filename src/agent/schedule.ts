/**
 * What is due when: pure, from the commitment, from what was proven, and from the clock it is handed. A claim is
 * proven once in each slot (appraisal/slots.ts), at once when it never was, and at once after a deployment. When silence
 * is too long, appraisal/due.ts says, as it says it to readers and monitors.
 */
import { claimDue, countsFrom, openDeployment, type Basis } from '../appraisal/due.ts';
import type { EntryOf, Declared } from '../appraisal/history.ts';
import { basisOf } from '../appraisal/reports.ts';
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
  const { declared, now } = situation;
  const from = countsFrom(declared.effective ?? now, declared.declaration);
  // What is seen before the declaration is valid says nothing of it.
  if (from > now) return { due: [], wake: from };
  const basis = basisOf(declared, situation, now);
  const each = declared.declaration.claims.map((claim) => agendaOfClaim(claim, situation, basis));
  return {
    due: each.flatMap(({ due }) => due),
    wake: each.reduce((first, { wake }) => Math.min(first, wake), Infinity),
  };
}

function agendaOfClaim(claim: Claim, situation: Situation, { deployments }: Basis): Agenda {
  const { proven, now, seeds, beaconOf } = situation;
  const last = proven.get(claim.id);
  const slot = slotAt(now, slotLength(claim.cadence));
  const open = openDeployment(last?.started ?? -Infinity, deployments);
  // A look that answers a deployment begins after it, for certain: not in the same second.
  const wake = openDeployment(now, deployments) + 1;
  const atOnce: Agenda['due'] = last === undefined || open < now ? [{ claim, slot: undefined }] : [];
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

/** Seconds after which a commitment without claims should be heard of again. */
const DAY = 86_400;

/**
 * When silence becomes suspicious after a proof of `claims`, given when its look began and ended: when the first claim
 * would be STALE, or the next heartbeat is overdue. `heartbeat`: seconds between two proofs at most; undefined for an
 * agent that does not stay.
 */
export function nextDueOf(
  { declared, deployments, proven }: Pick<Situation, 'declared' | 'deployments' | 'proven'>,
  claims: readonly Claim[],
  heartbeat: number | undefined,
): (window: { readonly start: number; readonly end: number }) => number {
  return ({ start, end }) => {
    const basis = basisOf(declared, { deployments }, end);
    const stale = declared.declaration.claims.map((claim) => {
      const last = claims.some(({ id }) => id === claim.id)
        ? { started: start, ended: end }
        : proven.get(claim.id);
      const own = last === undefined ? [] : [{ started: last.started, counted: last.ended }];
      const { due } = claimDue(claim, { ...basis, needed: 1 }, own);
      // What is late already is no promise to make.
      return due > end ? due : end + claim.cadence;
    });
    // A heartbeat may come as much later as it takes to make and to log it.
    const beat = heartbeat === undefined ? DAY : heartbeat + Math.max(60, Math.floor(heartbeat / 10));
    const live = heartbeat === undefined && stale.length > 0 ? Infinity : end + beat;
    return Math.min(live, ...stale);
  };
}
