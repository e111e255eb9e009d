/**
 * How long the looks at a claim cover it, up to each of them: the spans of history (spans.ts), walked once. What was shown under
 * other terms, or at a lower class than the claim asks for, covers nothing; what a waiver hides is what it is without it. Pure.
 */
import { groupBy } from '../../bytes/group.ts';
import type { Claim } from '../../statement/commitment.ts';
import { countBelow } from './bounds.ts';
import { termsKey, type Dated, type Terms, type TermsOf } from './dated.ts';
import type { Draft } from './drafts.ts';
import type { Look } from './known-types.ts';

/** Seconds up to a look that are surely covered. */
export interface Covered {
  /** Without an uncovered span longer than the misses that the claim allows. */
  readonly tolerant: number;
  /** Without any uncovered span. */
  readonly strict: number;
}

/** A look that counts for its commitment. */
type Counting = Dated & { readonly look: Look };

/** From when on the claim is covered, and since when it is not. POSIX seconds. */
interface State {
  readonly tolerant: number | undefined;
  readonly strict: number | undefined;
  readonly gap: number | undefined;
}

const NOTHING: State = { tolerant: undefined, strict: undefined, gap: undefined };

/** Most different terms and demands of one claim, the newest, whose looks are walked: each costs a walk over all of its spans. */
const MOST_WALKS = 32;

/** Of each look, by the index of its entry. `spans`: of the claim, in the order of time, with what one look can show taken for PROVEN. */
export function coverageOf(
  spans: readonly Draft[],
  looks: readonly Dated[],
  termsOf: TermsOf,
): ReadonlyMap<number, Covered> {
  const counting = looks.flatMap(({ look, ...each }): readonly Counting[] =>
    look === undefined ? [] : [{ ...each, look }],
  );
  const covered = new Map<number, Covered>();
  for (const { key, own, ordered } of walksOf(counting)) {
    const asked = own[0]?.terms;
    const known = new Map<string, boolean>();
    const counts = (commitment: string): boolean => {
      const of = termsOf(commitment);
      const isOwn =
        known.get(commitment) ??
        (of !== undefined && asked !== undefined && termsKey(of) === key && asksAsMuch(of, asked));
      known.set(commitment, isOwn);
      return isOwn;
    };
    for (const [index, each] of underTerms(spans, own, ordered, counts)) covered.set(index, each);
  }
  return covered;
}

/** Looks of one claim's terms and demands (`own`), in order, among all of the same terms (`ordered`). */
interface Walk {
  readonly key: string;
  readonly own: readonly Counting[];
  readonly ordered: readonly Counting[];
}

/**
 * The looks by their terms and demands, as many as are walked. How much a look asks for is said by its own commitment: another one may
 * have asked for less. What lies behind the newest ones covers nothing.
 */
function walksOf(counting: readonly Counting[]): readonly Walk[] {
  const walks = [...groupBy(counting, ({ terms }) => termsKey(terms))].flatMap(
    ([key, alike]): readonly Walk[] => {
      const ordered = alike.toSorted(
        (a, b) => a.look.at - b.look.at || a.look.entry.index - b.look.entry.index,
      );
      return Array.from(groupBy(ordered, ({ terms }) => demandsOf(terms)).values(), (own) => ({
        key,
        own,
        ordered,
      }));
    },
  );
  const last = ({ own }: Walk): number => own.at(-1)?.look.at ?? 0;
  return walks.toSorted((a, b) => last(b) - last(a)).slice(0, MOST_WALKS);
}

function demandsOf({ claim: { minEvidence, cadence, grace = 0 }, agents }: Terms): string {
  return `${minEvidence} ${cadence} ${grace} ${agents}`;
}

/** Whether one commitment asks for as many looks, by as many agents, as another. Classes are compared span by span. */
function asksAsMuch(one: Terms, other: Terms): boolean {
  return apart(one.claim) <= apart(other.claim) && one.agents >= other.agents;
}

/** Seconds that looks may be apart without a gap between them. */
function apart({ cadence, grace = 0 }: Claim): number {
  return cadence * (1 + grace);
}

/** `own`: looks of one claim's demands, in order, among `ordered`, all of the same terms. */
function* underTerms(
  spans: readonly Draft[],
  own: readonly Counting[],
  ordered: readonly Counting[],
  counts: (commitment: string) => boolean,
): Generator<readonly [number, Covered]> {
  // A run of looks begins with one that a witness vouches for.
  const vouched = ordered.filter(({ look, from }) => look.verdict === 'PROVEN' && from !== undefined);
  const times = vouched.map(({ look }) => look.at);
  const secondsFrom = (begin: number | undefined, { from }: Dated): number => {
    const first = begin === undefined ? undefined : vouched[countBelow(times, begin)];
    return first === undefined || from === undefined ? 0 : Math.max(0, from - first.to);
  };
  let state = NOTHING;
  let next = 0;
  for (const dated of own) {
    const { claim } = dated.terms;
    const { at } = dated.look;
    for (let span = spans[next]; span !== undefined && span.to <= at; span = spans[(next += 1)])
      state = after(state, span, span.to, claim, counts);
    const span = spans[next];
    const now = span !== undefined && span.from < at ? after(state, span, at, claim, counts) : state;
    yield [
      dated.look.entry.index,
      { tolerant: secondsFrom(now.tolerant, dated), strict: secondsFrom(now.strict, dated) },
    ];
  }
}

/** What is covered after a span, or a part of it. */
function after(
  state: State,
  { from, kind, commitment, evidence }: Draft,
  to: number,
  { minEvidence, cadence, grace = 0 }: Claim,
  counts: (commitment: string) => boolean,
): State {
  const isOwn = commitment !== undefined && counts(commitment);
  if (kind === 'covered' && isOwn && evidence !== undefined && evidence >= minEvidence)
    return { tolerant: state.tolerant ?? from, strict: state.strict ?? from, gap: undefined };
  // What failed is failed until it is PROVEN again, be the agent silent meanwhile: it is no cover.
  const gap = state.gap ?? from;
  return { tolerant: to - gap > cadence * grace ? undefined : state.tolerant, strict: undefined, gap };
}
