/**
 * Finds the times in which readers believed something else than what is known now, and the entries that changed it
 * (spec/audit.md, "Two tenses").
 * Believed and known are two replays by one rule. They differ only because of what came late: a revocation with an index of the
 * past, a proof that was logged long after it was made, a proof whose moment nobody can name, a time of the log that is wrong. Pure.
 */
import type { EntryId } from '../../bytes/brand.ts';
import { formatTime } from '../../bytes/time.ts';
import { periodOf } from '../due.ts';
import { answerable, endedSince } from '../../registration/delegated.ts';
import type { Claim } from '../../statement/commitment.ts';
import { revocationsOf } from '../history.ts';
import type { Difference, Look, Told } from './known-types.ts';
import type { ClaimState } from './sweep.ts';
import type { TimedEntry, Timeline } from './timeline.ts';
import type { PastRecord } from './types.ts';

/** What readers were told of a claim, from moment to moment. */
export type Telling = { readonly at: number; readonly told: Told | undefined }[];

/** Adds a state to what was told, unless it says the same. Of several states of one moment the last one counts. */
export function tell(telling: Telling, at: number, { status }: ClaimState): void {
  const told = status && { verdict: status.verdict, hidden: status.hidden };
  if (telling.at(-1)?.at === at) telling.pop();
  const last = telling.at(-1);
  if (last !== undefined ? !isSame(last.told, told) : told !== undefined) telling.push({ at, told });
}

function isSame(a: Told | undefined, b: Told | undefined): boolean {
  return a?.verdict === b?.verdict && a?.hidden === b?.hidden;
}

/** Something that was not known to readers from `from` to `to`. */
interface LateFact {
  readonly from: number;
  readonly to: number;
  readonly index: number;
  readonly id: EntryId;
  readonly why: string;
}

/** The times in [since, until) in which the two differ. */
export function differencesOf(
  believed: Telling,
  known: Telling,
  { since, until }: { readonly since: number; readonly until: number },
  facts: readonly LateFact[],
): readonly Difference[] {
  const differences: Difference[] = [];
  const edges = [...new Set([since, until, ...believed.map(({ at }) => at), ...known.map(({ at }) => at)])]
    .filter((at) => at >= since && at <= until)
    .toSorted((a, b) => a - b);
  let [i, j] = [0, 0];
  for (const [n, from] of edges.entries()) {
    const to = edges[n + 1];
    if (to === undefined) break;
    while ((believed[i]?.at ?? Infinity) <= from) i += 1;
    while ((known[j]?.at ?? Infinity) <= from) j += 1;
    const [was, is] = [believed[i - 1]?.told, known[j - 1]?.told];
    if (isSame(was, is)) continue;
    const last = differences.at(-1);
    if (last?.to === from && isSame(last.believed, was) && isSame(last.known, is))
      differences.splice(-1, 1, { ...last, to });
    else differences.push({ from, to, believed: was, known: is, changedBy: [] });
  }
  return withCauses(differences, facts);
}

/** Adds to each difference the facts that overlap it. Both lists are walked once, in the order of their time. */
function withCauses(differences: readonly Difference[], facts: readonly LateFact[]): readonly Difference[] {
  const ahead = facts.toSorted((a, b) => a.from - b.from);
  let next = 0;
  let open: LateFact[] = [];
  return differences.map((difference) => {
    for (let fact = ahead[next]; fact !== undefined && fact.from < difference.to; fact = ahead[next]) {
      open.push(fact);
      next += 1;
    }
    open = open.filter(({ to }) => to > difference.from);
    const causes = open.toSorted((a, b) => a.index - b.index);
    return { ...difference, changedBy: causes.map(({ index, id, why }) => ({ index, id, why })) };
  });
}

/** What readers could not know of the subject: revocations of the past, and times of the log that are wrong. */
export function lateFacts(
  { policies }: PastRecord,
  { entries, policies: timed }: Timeline,
): readonly LateFact[] {
  const revocations = timed.flatMap(({ index, id, visible }): readonly LateFact[] => {
    const before = revocationsOf(policies.asOf(index));
    const after = revocationsOf(policies.asOf(index + 1));
    const fallen = entries.filter(({ known: { index: at, parsed } }) => {
      const since = endedSince(parsed, after) ?? Infinity;
      return at < index && at >= since && at < (endedSince(parsed, before) ?? Infinity);
    });
    const [first] = fallen;
    if (first === undefined) return [];
    // Of a proof by delegation either key may be the one that was revoked.
    const kids = [
      ...new Set(
        fallen.map(({ known: { parsed } }) =>
          after(parsed.kid) === undefined ? answerable(parsed) : parsed.kid,
        ),
      ),
    ];
    const names = kids.map((kid) => `${policies.nameOf(kid, index)} from entry ${after(kid) ?? index} on`);
    const why = `it revokes ${names.join(' and ')}: ${fallen.length} entries before it do not count`;
    return [{ from: first.visible, to: visible, index, id, why }];
  });
  return [...revocations, ...entries.flatMap(wrongTime)];
}

function wrongTime({ believed, known, visible }: TimedEntry): readonly LateFact[] {
  if (believed.time === known.time) return [];
  const why = `the log says that it logged it at ${formatTime(believed.time)}, which cannot be`;
  const from = Math.min(believed.time, known.time, visible);
  return [{ from, to: Infinity, index: known.index, id: known.id, why }];
}

/** What readers could not know of the looks at one claim. */
export function lateLooks(
  looks: readonly Look[],
  claimOf: (commitment: string) => Claim | undefined,
): readonly LateFact[] {
  return looks.flatMap(({ entry, isLate, isSomewhere, at, commitment }): readonly LateFact[] => {
    const { index, id, time } = entry;
    const claim = claimOf(commitment);
    if (isSomewhere && claim !== undefined) {
      const why = 'nobody can say when it was made, to within a cadence';
      // A report counts until its due time, that second included.
      return [{ from: at, to: Math.max(at, time) + periodOf(claim) + 1, index, id, why }];
    }
    if (!isLate) return [];
    return [{ from: at, to: Math.max(at, time), index, id, why: 'it was logged long after it was made' }];
  });
}
