/**
 * When which claim is to be proven. Pure: computed from the commitment, the earlier proofs and the time that is handed
 * in. A claim is proven once in each slot (appraisal/slots.ts), at once if it never was, and at once after a
 * deployment. When a missing proof makes a claim STALE is the rule of appraisal/due.ts, the same for readers, monitors
 * and agents.
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

/** What the schedule of one subject depends on. Times are POSIX seconds. */
export interface Situation {
  readonly declared: Declared;
  readonly deployments: readonly EntryOf<'deployment'>[];
  /** When each claim was last proven, by claim id. */
  readonly proven: ReadonlyMap<string, ProvenAt>;
  readonly seeds: Seeds;
  /** The head from which a slot's time derives. It is drawn once for each slot, and stored. */
  readonly beaconOf: (slot: Slot) => { readonly size: number; readonly root: Digest };
  readonly now: number;
}

/** A claim that is due. `slot` is undefined after a deployment, and for the first proof. */
export interface DueClaim {
  readonly claim: Claim;
  readonly slot: NonNullable<Result['slot']> | undefined;
}

/** The claims that are due now, and the time at which the next one is. */
interface Agenda {
  readonly due: readonly DueClaim[];
  readonly wake: number;
}

export function agendaOf(situation: Situation): Agenda {
  const { declared, now } = situation;
  const from = countsFrom(declared.effective ?? now, declared.declaration);
  // An observation from before the declaration is valid would say nothing about it.
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
  // The observation after a deployment begins at least a second later, so that it certainly comes after it.
  const wake = openDeployment(now, deployments) + 1;
  const atOnce: Agenda['due'] = last === undefined || open < now ? [{ claim, slot: undefined }] : [];
  // A first proof, or one after a deployment, does not satisfy the slot. Otherwise whoever triggers deployments could
  // cancel the random observation.
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
 * Number of slots that ended between the last visit (`since`, POSIX seconds) and now without a proof of their claim.
 * `counts`: whether a claim was to be proven at the last visit.
 */
export function missedSince(
  { declared, proven, now }: Pick<Situation, 'declared' | 'proven' | 'now'>,
  since: number,
  counts: (claim: Claim) => boolean,
): number {
  const from = Math.max(since, countsFrom(declared.effective ?? now, declared.declaration));
  return declared.declaration.claims.filter(counts).reduce((sum, { id, cadence }) => {
    const length = slotLength(cadence);
    const open = Math.max(slotAt(from, length).number, (proven.get(id)?.slot ?? -Infinity) + 1);
    return sum + Math.max(0, slotAt(now, length).number - open);
  }, 0);
}

/** The only agent that counts for what this one promises. */
const OWN = '';

/** Seconds within which a proof of a commitment without claims is due. */
const DAY = 86_400;

/**
 * The time by which the next proof is promised (`nextDue`), given the begin and end of this proof's window: when the
 * first claim would become STALE, or when the next heartbeat is overdue, whichever is sooner. `heartbeat`: most seconds
 * between two proofs; undefined for an agent that proves once.
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
      const own = last === undefined ? [] : [{ started: last.started, counted: last.ended, agent: OWN }];
      const { due } = claimDue(claim, { ...basis, needed: 1 }, own);
      // A due time that has passed already cannot be promised.
      return due > end ? due : end + claim.cadence;
    });
    // A heartbeat takes time to make and to log, so it is promised a tenth, at least a minute, later.
    const beat = heartbeat === undefined ? DAY : heartbeat + Math.max(60, Math.floor(heartbeat / 10));
    const live = heartbeat === undefined && stale.length > 0 ? Infinity : end + beat;
    return Math.min(live, ...stale);
  };
}
