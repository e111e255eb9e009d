/** A pack of ready claims. It is in the folder of the probe that its claims use (spec/claims.md, "Packs"). */
import type { Claim, Parameter } from '../statement/commitment.ts';

/** Seconds. */
export const HOUR = 3_600;

/** A claim with defaults left out: probe and parameters are the pack's. */
export type Draft = Omit<Claim, 'probe' | 'params' | 'cadence' | 'severity' | 'minEvidence'> &
  Partial<Pick<Claim, 'severity' | 'minEvidence'>> & {
    /** Seconds: the shortest useful cadence, whatever the tier, since what it observes does not change faster. */
    readonly fastest?: number;
  };

export interface Pack {
  /** One line. */
  readonly summary: string;
  /** Parameters it needs, and those with defaults; others go to the probe as they are. */
  readonly needs: readonly string[];
  readonly defaults?: Readonly<Record<string, Parameter>>;
  /** Seconds: the shortest useful cadence of all of its claims. */
  readonly fastest?: number;
  readonly claims: readonly Draft[];
}
