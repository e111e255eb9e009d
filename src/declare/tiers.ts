/**
 * Defaults of each tier for claims without a cadence or deadline of their own (design.md, "Sampling"). How much of the CPU
 * budget a tier may use is in src/agent/budget.ts.
 */
import type { Tier } from '../statement/vocabulary.ts';

export interface Pace {
  /** Seconds from one proof to the next, at the latest. */
  readonly cadence: number;
  /** Seconds after `deploy mark` within which the first proof comes. */
  readonly deadline: number;
}

const MINUTE = 60;
const HOUR = 3_600;

/** The deadline is short in every tier: a deployment is when a configuration breaks, and one more proof costs little. */
export const PACES: Readonly<Record<Tier, Pace>> = {
  'critical-path': { cadence: 15 * MINUTE, deadline: 5 * MINUTE },
  'compliance-boundary': { cadence: HOUR, deadline: 5 * MINUTE },
  'trust-transition': { cadence: HOUR, deadline: 5 * MINUTE },
  change: { cadence: 6 * HOUR, deadline: 5 * MINUTE },
  background: { cadence: 24 * HOUR, deadline: 5 * MINUTE },
};
