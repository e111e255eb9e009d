/** A pack of ready claims. It is in the folder of the probe that its claims use (spec/claims.md, "Packs"). */
import type { Claim, Parameter } from '../statement/commitment.ts';

/** Seconds. */
export const HOUR = 3_600;

/** A claim of a pack. The probe is that of the pack's folder; cadence and defaults are filled in when the pack is used. */
export type Draft = Omit<Claim, 'probe' | 'params' | 'cadence' | 'severity' | 'minEvidence'> &
  Partial<Pick<Claim, 'severity' | 'minEvidence'>> & {
    /** Seconds: the shortest useful cadence of any tier, since what the claim observes does not change faster. */
    readonly fastest?: number;
    /** Parameters without which the claim says nothing: it is left out where none gives them. */
    readonly reads?: readonly string[];
  };

export interface Pack {
  /** One line. */
  readonly summary: string;
  /** Parameters that whoever uses the pack must give. */
  readonly needs: readonly string[];
  /** Parameters that may be given otherwise. Any further parameter goes to the probe as it is. */
  readonly defaults?: Readonly<Record<string, Parameter>>;
  /** Parameters that are leaves of the declaration where it has them, and nobody gives another value: paths by name. */
  readonly leaves?: Readonly<Record<string, string>>;
  /** What is wrong with the parameters; undefined if they make claims that say something. */
  readonly fault?: (params: ReadonlyMap<string, Parameter>) => string | undefined;
  /** Seconds: the shortest useful cadence of all of its claims. */
  readonly fastest?: number;
  readonly claims: readonly Draft[];
}
