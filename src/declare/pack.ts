/** What a pack of ready claims is (packs.ts). */
import type { Claim, Parameter } from '../statement/commitment.ts';

/** Seconds. */
export const HOUR = 3_600;

/** A claim with defaults left out: probe and parameters are the pack's. */
export type Draft = Omit<Claim, 'probe' | 'params' | 'cadence' | 'severity' | 'minEvidence'> &
  Partial<Pick<Claim, 'cadence' | 'severity' | 'minEvidence'>>;

export interface Pack {
  /** One line. */
  readonly summary: string;
  readonly probe: string;
  /** Parameters it needs, and those with defaults; others go to the probe as they are. */
  readonly needs: readonly string[];
  readonly defaults?: Readonly<Record<string, Parameter>>;
  readonly claims: readonly Draft[];
}
