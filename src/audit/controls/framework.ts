/**
 * Frameworks of controls as dated data: which claims support an item of a framework, and how often its text wants somebody
 * to look (spec/audit.md, "Controls").
 *
 * A claim **supports** an item; nothing here says that anybody complies. Each framework says which edition it is, where
 * its text is, when it was read, and whether the text itself was read or what others write about it.
 */

export interface Framework {
  /** As commitments name it in `controls`: `SOC2-2017`. */
  readonly id: string;
  readonly title: string;
  /** Edition of the text. */
  readonly edition: string;
  /** Where the text is, or the best that was read of it. */
  readonly source: string;
  /** Day on which that was read, `YYYY-MM-DD`. */
  readonly read: string;
  /** `text`: the text itself was read. `secondary`: what others write about it. */
  readonly basis: 'text' | 'secondary';
  /** What a reader must know besides: from when it applies, what it does not ask for. */
  readonly note?: string;
  readonly items: readonly Item[];
}

export interface Item {
  readonly id: string;
  /** In our words. */
  readonly title: string;
  /** The longest time between two looks that the text allows. Absent: the text names none. */
  readonly cadence?: Cadence;
  readonly claims: readonly ClaimMatch[];
}

export interface Cadence {
  readonly seconds: number;
  /** Where the text says so: `VDR-TFR-MVX: at least once every 3 days`. */
  readonly says: string;
}

/**
 * Claims that support an item: the ready claim of a probe (`packs`), or, in a file of the user's, every claim of that id
 * whatever it asks.
 */
export interface ClaimMatch {
  /** `tls@1`; absent in a user's file: the claim of any probe. */
  readonly probe?: string;
  readonly claim: string;
}

/** Seconds. */
export const DAY = 86_400;

/** The ready claims `claims` of a probe. */
export function ready(probe: string, ...claims: readonly string[]): readonly ClaimMatch[] {
  return claims.map((claim) => ({ probe, claim }));
}
