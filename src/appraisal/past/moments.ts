/**
 * What the moments of an agent's looks show about violations between them (spec/audit.md, "Between looks"). Only slots whose
 * moment was recomputed from a revealed seed are drawn by lot. Of all other looks the agent chose the moments. Pure.
 */
import type { Claim } from '../../statement/commitment.ts';
import type { Declared, History } from '../history.ts';
import { samplingOf, type Sampling } from '../sampling.ts';
import { epochFor, slotLength } from '../slots.ts';
import { isIn } from './figures.ts';
import type { AgentMoments, Look, Moments } from './known-types.ts';
import type { Period } from './types.ts';

/** Seconds that a violation lasted, for which the probability is told. */
const LASTED = [600, 3_600, 21_600, 86_400];

/** Epochs around the period whose proofs commit to its seeds and reveal them. */
const EPOCHS_AROUND = 3;

/**
 * The moments of each agent that looked at the claim in the period under a commitment. `history`: its proofs are those of this
 * commitment.
 */
export function momentsOf(
  claim: Claim,
  declared: Declared,
  history: History,
  period: Period,
  looks: readonly Look[],
  wasHead: (size: number, root: Uint8Array) => boolean,
): readonly AgentMoments[] {
  const own = looks.filter(({ commitment, at }) => commitment === declared.entry.id && isIn(period, at));
  if (own.length === 0) return [];
  const around = epochFor(declared.declaration.claims) * EPOCHS_AROUND;
  const proofs = history.proofs.filter(({ parsed: { proof } }) =>
    isIn({ since: period.since - around, until: period.until + around }, proof.window.start),
  );
  return samplingOf(claim, declared, { ...history, proofs }, wasHead).flatMap((sampling): AgentMoments[] => {
    const { kid } = sampling;
    const ofAgent = own.filter((look) => look.kid === kid);
    if (ofAgent.length === 0) return [];
    return [{ kid, commitment: declared.entry.id, moments: momentsIn(claim, sampling, ofAgent, period) }];
  });
}

function momentsIn(claim: Claim, sampling: Sampling, looks: readonly Look[], period: Period): Moments {
  const slots = sampling.keptSlots.filter((start) => isIn(period, start)).length;
  if (sampling.faults.length > 0) return { kind: 'chosen', why: sampling.faults };
  if (slots === 0)
    return { kind: 'chosen', why: ['no moment can be recomputed: no seed of the period was revealed'] };
  const inSlots = looks.filter(({ entry }) =>
    entry.parsed.proof.results.some((each) => each.claim === claim.id && each.slot !== undefined),
  );
  const slotSeconds = slotLength(claim.cadence);
  return {
    kind: 'drawn',
    slotSeconds,
    slots,
    open: Math.max(0, inSlots.length - slots),
    outside: sampling.outside.filter((time) => isIn(period, time)).length,
    missedSlots: sampling.missed.filter((start) => isIn(period, start)).length,
    late: sampling.late.filter((time) => isIn(period, time)).length,
    missed: LASTED.map((seconds) => ({ seconds, probability: missProbability(seconds, slotSeconds) })),
  };
}

/**
 * The most probable miss of a violation that lasted `seconds`, by one look in each slot at a moment that is drawn from all of the
 * slot alike. A violation that begins in one slot and ends in the next misses both with (1 - a)(1 - b), where a and b are the parts
 * of the slots that it fills; with a + b fixed that is largest for a = b. From two slots on it fills a whole one.
 */
export function missProbability(seconds: number, slotSeconds: number): number {
  const half = Math.min(1, seconds / (2 * slotSeconds));
  return Math.round((1 - half) ** 2 * 10_000) / 10_000;
}
