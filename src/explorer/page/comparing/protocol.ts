/** What /compare asks of its thread, and what that answers. */
import type { CheckShown, Fault } from '../worker/protocol.ts';

/** One of the two: a signed note that was pasted or dropped, or the URL of a server that the reader named. */
export type Side =
  { readonly kind: 'note'; readonly text: string } | { readonly kind: 'url'; readonly url: string };

export interface CompareAsk {
  readonly kind: 'compare';
  readonly sides: readonly [Side, Side];
  readonly trust: string;
  /** Servers whose tiles may show how two heads belong together, beside the two. */
  readonly tiles: readonly string[];
}

/** `newer`: the second continues the first. `open`: nothing at hand shows how they belong together. */
export type Relation = 'same' | 'newer' | 'older' | 'split' | 'open' | 'failed';

export interface ComparedShown {
  readonly relation: Relation;
  readonly what: string;
  readonly checks: readonly CheckShown[];
  readonly heads: readonly HeadCompared[];
  /** How many entries both trees have in common; null where that is not known. */
  readonly common: number | null;
  /** A file that `tallystick verify-incident` proves. */
  readonly incident: { readonly name: string; readonly text: string } | null;
  readonly fault: Fault | null;
}

export interface HeadCompared {
  /** `the first note`, or the URL. */
  readonly from: string;
  readonly origin: string;
  readonly size: number;
  /** Base64. */
  readonly root: string;
  /** Witnesses of the policy, and when they say that they cosigned, POSIX seconds. */
  readonly cosigned: readonly { readonly name: string; readonly time: number }[];
}
