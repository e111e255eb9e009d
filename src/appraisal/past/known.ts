/**
 * What is known now of a period of one subject (spec/audit.md). Two replays of the record by one rule: what readers were told, and
 * what is known now with everything that came late. Each claim gets its looks, spans and figures from the second, and where the
 * first differs, what was believed. Pure.
 *
 *     const past = knownHistory(record, { since, until });
 *     for (const { claim, spans, figures } of past.claims) …
 */
import type { Claim } from '../../statement/commitment.ts';
import { isAttestor } from '../due.ts';
import { revocationsOf, type Declared, type History } from '../history.ts';
import { EarliestSince } from '../outgrown.ts';
import { differencesOf, lateFacts, lateLooks, tell, type Telling } from './differences.ts';
import { figuresOf, isIn } from './figures.ts';
import { agentKeys, gradesOf, lowest, proofGrade } from './grades.ts';
import type { ClaimPast, KnownHistory, Look } from './known-types.ts';
import { knownOf, type Known } from './looks.ts';
import { overAsTold, overTime } from './over.ts';
import { knownReplay, type Replayed } from './replay.ts';
import { momentsOf } from './moments.ts';
import { withReasons, type Surroundings } from './silence.ts';
import { clipped, SpanCutter } from './spans.ts';
import { sweep } from './sweep.ts';
import { statedTimes, timelineOf, type Timeline } from './timeline.ts';
import type { PastRecord, Period, WitnessedHead } from './types.ts';

/** The past of the subject in `[since, until)`, as far as the record reaches. A period that is empty is a bug: RangeError. */
export function knownHistory(record: PastRecord, { since, until }: Period): KnownHistory {
  const period = { since, until: Math.min(until, record.now) };
  if (!(period.since < period.until)) throw new RangeError('the period is empty');
  const timeline = timelineOf(record, period.until);
  const known = knownOf(record, timeline, overTime(record));
  const keys = agentKeys(record, timeline, period);
  const declared = declaredIn(known.history, period);
  const whole: Whole = {
    known,
    period,
    keys,
    declared,
    grades: gradesOf(record, timeline, keys, period),
    believed: believedTellings(record, timeline, period.until),
    replayed: knownReplay(known),
    activity: activityOf(known),
    facts: lateFacts(record, timeline),
  };
  return {
    subject: record.subject,
    origin: record.origin,
    period,
    size: record.size,
    asOf: record.now,
    heads: headsAround(record.heads, period),
    vouched: record.heads.length > 0 ? 'witnesses' : 'log',
    declared,
    withdrawals: known.history.withdrawals.filter(({ entry }) => entry.time < period.until),
    claims: claimIds(declared).map((claim) => claimPast(claim, whole)),
    keys,
    grades: whole.grades,
    wrong: timeline.wrong,
  };
}

/** What all claims of a subject share. */
interface Whole extends Pick<KnownHistory, 'period' | 'keys' | 'declared' | 'grades'> {
  readonly known: Known;
  readonly believed: ReadonlyMap<string, Telling>;
  readonly replayed: ReadonlyMap<string, Replayed>;
  readonly activity: Surroundings['activity'];
  readonly facts: ReturnType<typeof lateFacts>;
}

function claimPast(claim: string, whole: Whole): ClaimPast {
  const { known, period, declared, believed, replayed, activity, facts } = whole;
  const { history, record } = known;
  const looks = known.looks.get(claim) ?? [];
  const { cutter, telling } = replayed.get(claim) ?? { cutter: new SpanCutter(claim), telling: [] };
  const { drafts, late } = cutter.finish(record.now);
  const around = surroundingsOf(known, claim, looks, activity);
  const spans = clipped(withReasons(drafts, around), period.since, period.until);
  const figures = figuresOf({ claim, period, history, looks, late, spans });
  const claiming = declared.filter(({ declaration }) => declaration.claims.some(({ id }) => id === claim));
  const own = [...facts, ...lateLooks(looks, around.claimOf)];
  return {
    claim,
    looks: looks.filter(({ at }) => isIn(period, at)),
    spans,
    differences: differencesOf(believed.get(claim) ?? [], telling, period, own),
    figures: { ...figures, grades: figureGrades(claiming, whole) },
    moments: momentsOfClaim(known, claim, claiming, looks, period),
  };
}

/** How complete the entries are that the figures of a claim rest on. */
function figureGrades(
  claiming: readonly Declared[],
  { known: { record, timeline }, keys, period, grades }: Whole,
): ClaimPast['figures']['grades'] {
  const byKey = claiming.map((each) => proofGrade(record, timeline, keys, period, each));
  const looks = lowest([...byKey, grades.commitment]);
  return { looks, time: lowest([looks, grades.approval, grades.waiver, grades.deployment, grades.policy]) };
}

/** What readers were told of each claim, by the entries that they saw: each with the revocations of its time. */
export function believedTellings(
  record: PastRecord,
  { entries, policies }: Timeline,
  end: number,
): ReadonlyMap<string, Telling> {
  const seen = new EarliestSince();
  const statedAt = statedTimes(record);
  const context = {
    origin: record.origin,
    wasHead: record.wasHead,
    weighed: record.evidence.get.bind(record.evidence),
    over: overAsTold(record),
    outgrownAt: (size: number): number | undefined => {
      const stated = statedAt(size);
      return stated === undefined ? undefined : Math.min(stated, seen.from(size));
    },
  };
  const events = [
    ...entries.map(({ believed, visible }) => ({ index: believed.index, at: visible, entry: believed })),
    ...policies.map(({ index, visible }) => ({
      index,
      at: visible,
      revokedSince: revocationsOf(record.policies.asOf(index + 1)),
    })),
  ].toSorted((a, b) => a.at - b.at || a.index - b.index);
  const tellings = new Map<string, Telling>();
  sweep(events, context, () => undefined, end, {
    onEntry: ({ index, time }) => seen.push(index, time),
    onState: (claim, at, state) => {
      const telling = tellings.get(claim) ?? [];
      tellings.set(claim, telling);
      tell(telling, at, state);
    },
  });
  return tellings;
}

/** What explains that no proof came. */
function surroundingsOf(
  { record, history }: Known,
  claim: string,
  looks: readonly Look[],
  activity: Surroundings['activity'],
): Surroundings {
  const claims = new Map<string, Claim>();
  for (const { entry, declaration } of history.declared) {
    const found = declaration.claims.find(({ id }) => id === claim);
    if (found !== undefined) claims.set(entry.id, found);
  }
  return {
    heads: record.heads.map(({ notAfter }) => notAfter).toSorted((a, b) => a - b),
    claimOf: (commitment) => claims.get(commitment),
    activity,
    looks: looks.toSorted((a, b) => a.at - b.at),
  };
}

/** When the agents that count for a commitment logged anything about the subject. */
function activityOf({ timeline, history }: Known): Surroundings['activity'] {
  const known = new Map<string, readonly number[]>();
  return (commitment) => {
    const before = known.get(commitment);
    if (before !== undefined) return before;
    const declared = history.declared.find(({ entry }) => entry.id === commitment);
    const times = timeline.entries.flatMap(({ known: { parsed }, visible }) =>
      parsed.kind === 'proof' && (declared === undefined || isAttestor(declared.declaration, parsed))
        ? [visible]
        : [],
    );
    known.set(commitment, times);
    return times;
  };
}

/** The declarations that were the newest, pending or in force at some time in the period. */
function declaredIn({ declared, withdrawals }: History, { since, until }: Period): readonly Declared[] {
  const effects = new Map([...declared, ...withdrawals].map(({ entry, effective }) => [entry.id, effective]));
  return declared.filter(({ entry, ended, followed, effective }) => {
    const by = effective === undefined ? followed : ended;
    const end = by === undefined ? Infinity : (effects.get(by.id) ?? by.time);
    return entry.time < until && end > since;
  });
}

function claimIds(declared: readonly Declared[]): readonly string[] {
  return [...new Set(declared.flatMap(({ declaration }) => declaration.claims.map(({ id }) => id)))];
}

function momentsOfClaim(
  { history, record }: Known,
  id: string,
  declared: readonly Declared[],
  looks: readonly Look[],
  period: Period,
): ClaimPast['moments'] {
  return declared.flatMap((each) => {
    const claim = each.declaration.claims.find((one) => one.id === id);
    return claim === undefined ? [] : momentsOf(claim, each, history, period, looks, record.wasHead);
  });
}

/** The nearest witnessed heads outside of the period. */
function headsAround(heads: readonly WitnessedHead[], { since, until }: Period): KnownHistory['heads'] {
  const before = heads.filter(({ notAfter }) => notAfter <= since);
  const after = heads.filter(({ notBefore }) => notBefore >= until);
  return {
    before: before.toSorted((a, b) => a.size - b.size).at(-1),
    after: after.toSorted((a, b) => a.size - b.size)[0],
  };
}
