/**
 * Claims over time: judges the looks at claims that read `prev` (spec/claims.md, "Over time"). What an agent says of such a claim
 * is about its own look. Here a reader adds what earlier looks show, by any agent and under every commitment of the subject: what the
 * target signed or what is disclosed, and the time that the looks cover. All looks are judged in one pass over them. Pure.
 */
import { evaluateOver } from '../../claim/expression.ts';
import { isOpen, sightingOf, type Earlier } from '../../claim/prev.ts';
import type { Read } from '../../claim/withheld.ts';
import { formatTime } from '../../bytes/time.ts';
import type { Judged, OverTime, Rests } from '../reports.ts';
import { coverageOf, type Covered } from './coverage.ts';
import { datedOf, isBlind, termsIn, type Dated, type TermsOf } from './dated.ts';
import type { Draft } from './drafts.ts';
import { knownOf, type Known } from './looks.ts';
import { missingIn } from './missing.ts';
import { knownReplay } from './replay.ts';
import { Sightings } from './sightings.ts';
import { timelineOf } from './timeline.ts';
import type { PastRecord } from './types.ts';

/**
 * What readers make of the looks of a record, by everything that is known now: a proof that was posted late counts for the looks that
 * were made after it.
 */
export function overTime(record: PastRecord): OverTime {
  return remembered(KNOWN, record, (a, b) => a.challenge - b.challenge || a.seen.index - b.seen.index);
}

/** The same, by the earlier proofs that were logged before each: what readers were told. */
export function overAsTold(record: PastRecord): OverTime {
  return remembered(TOLD, record, (a, b) => a.seen.index - b.seen.index);
}

const KNOWN = new WeakMap<PastRecord, OverTime>();
const TOLD = new WeakMap<PastRecord, OverTime>();

type Order = (a: Dated, b: Dated) => number;

function remembered(memory: WeakMap<PastRecord, OverTime>, record: PastRecord, order: Order): OverTime {
  const judged = memory.get(record) ?? judgedIn(record, order);
  memory.set(record, judged);
  return judged;
}

/**
 * Of each look: what one look can show was seen. The spans of these are those that looks cover. A look that shows nothing of what the
 * claim needs of it is as good as none: else whoever hides what was seen would have it covered.
 */
function seenIn(record: PastRecord): OverTime {
  const terms = new Map<string, TermsOf>();
  return ({ id }, proof) => {
    const of = terms.get(id) ?? termsIn(record, id);
    terms.set(id, of);
    const result = proof.parsed.proof.results.find(({ claim }) => claim === id);
    const isSeen = result !== undefined && !isBlind(record, proof, result, of);
    return { verdict: isSeen ? 'PROVEN' : 'UNKNOWN', explain: undefined, rests: undefined };
  };
}

/** Each claim is judged when it is asked for: a subject may have had many, of which one is looked at. */
function judgedIn(record: PastRecord, order: Order): OverTime {
  let read: { readonly known: Known; readonly replayed: ReturnType<typeof knownReplay> } | undefined;
  const judged = new Map<string, ReadonlyMap<number, Judged>>();
  const judgedOf = (id: string): ReadonlyMap<number, Judged> => {
    if (read === undefined) {
      const known = knownOf(record, timelineOf(record), seenIn(record));
      read = { known, replayed: knownReplay(known) };
    }
    const { known, replayed } = read;
    return judgedClaim(record, order, id, known, replayed.get(id)?.cutter.finish(record.now).drafts ?? []);
  };
  return ({ id }, { index }) => {
    const of = judged.get(id) ?? judgedOf(id);
    judged.set(id, of);
    return of.get(index);
  };
}

/** What readers make of the looks at one claim, by the index of their entries. */
function judgedClaim(
  record: PastRecord,
  order: Order,
  id: string,
  known: Known,
  drafts: readonly Draft[],
): ReadonlyMap<number, Judged> {
  const judged = new Map<number, Judged>();
  const looks = datedOf(record, id, known.looks.get(id) ?? []);
  const covered = coverageOf(drafts, looks, termsIn(record, id));
  const missing = missingIn(record, id);
  const sightings = new Sightings();
  let before = 0;
  for (const dated of looks.toSorted(order)) {
    if (isOpen(dated.terms.claim, dated.result))
      judged.set(dated.seen.index, judge(dated, sightings, covered, missing, before));
    sightings.add(dated);
    before += 1;
  }
  return judged;
}

function judge(
  dated: Dated,
  sightings: Sightings,
  coverage: ReadonlyMap<number, Covered>,
  gone: string | undefined,
  looks: number,
): Judged {
  const missing = gone ?? sightings.missing;
  const isWhole = missing === undefined;
  const { tolerant, strict } = coverage.get(dated.seen.index) ?? { tolerant: 0, strict: 0 };
  const earlier: Earlier = {
    seen: sightings.before(dated, isWhole),
    missing,
    covered: { least: tolerant },
    unbroken: { least: strict },
    failed: sightings.failed(dated, isWhole),
  };
  const { holds, why, reads } = evaluateOver(dated.terms.claim, dated.facts ?? {}, earlier);
  const deciding = new Set(reads.flatMap((read) => sightingOf(read) ?? []));
  const rests: Rests = {
    looks,
    covered: tolerant,
    unbroken: strict,
    missing,
    seen: sightings.entries.map(({ first, last }, i) => ({
      first: first.seen,
      last: last.seen,
      decides: holds === false && deciding.has(i),
    })),
  };
  const open = openIn(dated, { holds, why, reads }, looks);
  if (open !== undefined) return { verdict: 'UNKNOWN', explain: open, rests };
  if (holds) return { verdict: 'PROVEN', explain: undefined, rests };
  return { verdict: 'VIOLATED', explain: shownBy(rests), rests };
}

/** Why nobody can say whether a claim holds; undefined if somebody can. */
function openIn(
  { from }: Dated,
  { holds, why, reads }: Pick<ReturnType<typeof evaluateOver>, 'holds' | 'why' | 'reads'>,
  looks: number,
): string | undefined {
  if (from === undefined)
    return 'no witness of this reader says when this look was made: the log needs witnesses, and this policy a quorum of them';
  if (holds === undefined || reads.some(isAbsence))
    return why ?? 'it rests on something that earlier proofs could leave out';
  return holds && looks === 0 ? 'it is the first look: there is no earlier one to compare with' : undefined;
}

/** Whether a read rests on what is not there: whoever shows something shows nothing of what else there was. */
function isAbsence({ kind, map }: Read): boolean {
  return kind === 'absent' || map === true;
}

/** Which earlier looks show that the claim does not hold. */
function shownBy({ seen }: Rests): string {
  const named = seen.filter(({ decides }) => decides).slice(0, 3);
  if (named.length === 0)
    return 'an earlier look failed, or earlier looks show something else than the claim says';
  return `it was seen before: ${named.map(({ first }) => `in entry ${first.index}${when(first.notAfter)}`).join('; ')}`;
}

function when(time: number | undefined): string {
  return time === undefined ? '' : `, logged not after ${formatTime(time)}`;
}
