/**
 * The looks at the claims of a subject, each with its bounds in time (spec/audit.md, "Looks"). An agent's window is its word. It
 * is used as far as the bounds are no further apart than the cadence of the claim. If they are further apart, the look was made
 * somewhere in between, and all looks of an agent that one such moment can explain count as one. Pure.
 */
import { formatHex } from '../../bytes/text.ts';
import type { Claim } from '../../statement/commitment.ts';
import type { Result } from '../../statement/proof.ts';
import type { Basis } from '../due.ts';
import { historyOf, isOf, type Declared, type EntryOf, type History, type RevokedSince } from '../history.ts';
import { earliestSince } from '../outgrown.ts';
import {
  basisOf,
  CLOCK_TOLERANCE,
  isFailure,
  newestReports,
  type AppraisalContext,
  type OverTime,
  type Report,
} from '../reports.ts';
import { countBelow } from './bounds.ts';
import type { Look } from './known-types.ts';
import { outside, statedTimes, type TimedEntry, type Timeline } from './timeline.ts';
import type { Bounds, PastRecord } from './types.ts';

/** A proof whose time has bounds. */
interface Placed extends Pick<TimedEntry, 'stated' | 'visible' | 'latest'> {
  readonly proof: EntryOf<'proof'>;
  /** Made not before, logged not after. */
  readonly bounds: Bounds;
  readonly vouched: Look['vouched'];
  /** Logged not before. */
  readonly loggedFrom: number | undefined;
}

/** What is known of the subject by all that was read, and how its proofs are appraised. */
export interface Known {
  readonly record: PastRecord;
  readonly timeline: Timeline;
  /** By what is known at the end: with every revocation. */
  readonly history: History;
  readonly revokedSince: RevokedSince;
  readonly context: Omit<AppraisalContext, 'now' | 'revokedSince'>;
  /** The looks at each claim, in log order; those of keys that count alone. */
  readonly looks: ReadonlyMap<string, readonly Look[]>;
}

/** Reads everything that is known of a record. `over`: what readers make of looks at claims over time. */
export function knownOf(record: PastRecord, timeline: Timeline, over: OverTime): Known {
  const known = timeline.entries.map((each) => each.known);
  const revokedSince: RevokedSince = (kid) => record.policies.revokedSince(kid);
  const history = historyOf(known, revokedSince);
  const placed = placesOf(record, timeline);
  const context = {
    origin: record.origin,
    headTime: record.headTime,
    wasHead: record.wasHead,
    outgrownAt: outgrownBy(record, timeline),
    weighed: (result: Result) => record.evidence.get(result),
    over,
    heldFrom: (proof: EntryOf<'proof'>, claim: Claim) => {
      const place = placed.get(proof.index);
      if (place === undefined || !isSomewhere(place.bounds, claim, record.now)) return undefined;
      const said = proof.parsed.proof.results.find((each) => each.claim === claim.id);
      if (said !== undefined && isFailure(said.verdict)) return undefined;
      return place.bounds.notBefore ?? 0;
    },
  };
  const looks = looksOf(record, { history, revokedSince, context, placed, until: timeline.until });
  return { record, timeline, history, revokedSince, context, looks };
}

/** `outgrownAt` by what is known: the log's word within the witnesses' bounds; without a word, the earliest it can be. */
function outgrownBy(record: PastRecord, { entries, bounds }: Timeline): AppraisalContext['outgrownAt'] {
  const earliest = earliestSince(entries.map((each) => each.known));
  const statedAt = statedTimes(record);
  return (size) => {
    const { notBefore, notAfter = Infinity } = bounds.boundsOf(size);
    const stated = statedAt(size);
    if (stated === undefined) return notBefore;
    return Math.min(stated, notAfter, earliest.from(size));
  };
}

/** The bounds of each proof, by its index. */
function placesOf(record: PastRecord, { entries, bounds }: Timeline): ReadonlyMap<number, Placed> {
  const statedAt = statedTimes(record);
  const indices = entries.map(({ known }) => known.index);
  /** When a tree of that size was there, on the log's word: the entry that completed it, else the newest known one in it. */
  const grownAt = (size: number): number | undefined =>
    statedAt(size - 1) ?? entries[countBelow(indices, size) - 1]?.stated;
  const places = entries.flatMap((each): [number, Placed][] => {
    const { known, stated, visible, latest, bounds: logged } = each;
    if (!isOf(known, 'proof')) return [];
    const { size, root } = known.parsed.proof.challenge;
    // A challenge that the log never had shows nothing about when it was made.
    const isReal = size <= known.index && record.wasHead(size, root);
    const made = isReal ? bounds.madeNotBefore(size) : undefined;
    const vouched = made === undefined || logged.notAfter === undefined ? 'log' : 'witnesses';
    const notBefore = made ?? (isReal ? grownAt(size) : undefined);
    const notAfter = logged.notAfter ?? stated;
    return [
      [
        known.index,
        {
          proof: known,
          stated,
          visible,
          latest,
          bounds: { notBefore, notAfter },
          vouched,
          loggedFrom: logged.notBefore,
        },
      ],
    ];
  });
  return new Map(places);
}

/** Whether the bounds of a look are further apart than the cadence of the claim. */
function isSomewhere({ notBefore = -Infinity, notAfter }: Bounds, { cadence }: Claim, now: number): boolean {
  return (notAfter ?? now) - notBefore > cadence;
}

type Appraised = Pick<Known, 'history' | 'revokedSince' | 'context'> & {
  readonly until: number;
  readonly placed: ReadonlyMap<number, Placed>;
};

function looksOf(record: PastRecord, known: Appraised): ReadonlyMap<string, readonly Look[]> {
  const { history, placed } = known;
  const declared = new Map<string, WithBasis>();
  for (const each of history.declared) declared.set(each.entry.id, withBasis(each, history, record.now));
  const looks = new Map<string, Look[]>();
  for (const place of placed.values()) {
    const { proof } = place.proof.parsed;
    const of = declared.get(formatHex(proof.commitment));
    if (of === undefined) continue;
    for (const { claim: id } of proof.results) {
      const claim = of.claims.get(id);
      const look = claim && lookAt(record, place, claim, of, known);
      if (look === undefined) continue;
      const list = looks.get(id) ?? [];
      list.push(look);
      looks.set(id, list);
    }
  }
  return new Map([...looks].map(([id, list]) => [id, counted(list, record.now)]));
}

interface WithBasis {
  readonly declared: Declared;
  readonly claims: ReadonlyMap<string, Claim>;
  readonly basis: Basis;
}

function withBasis(declared: Declared, history: History, now: number): WithBasis {
  const claims = new Map(declared.declaration.claims.map((claim) => [claim.id, claim]));
  return { declared, claims, basis: basisOf(declared, history, now) };
}

/** One proof as a look at one claim; undefined if its key does not count. */
function lookAt(
  record: PastRecord,
  place: Placed,
  claim: Claim,
  { declared, basis }: WithBasis,
  { context, revokedSince, until }: Appraised,
): Look | undefined {
  const appraisal = { ...context, revokedSince, now: record.now };
  const { proof, stated, bounds, vouched } = place;
  const [report] = newestReports(claim, declared, { proofs: [proof] }, basis, appraisal);
  const { kid, proof: payload } = proof.parsed;
  const result = payload.results.find(({ claim: id }) => id === claim.id);
  if (report === undefined || result === undefined) return undefined;
  const somewhere = isSomewhere(bounds, claim, record.now);
  const isLate = proof.time - payload.window.end > CLOCK_TOLERANCE;
  return {
    entry: proof,
    kid,
    name: record.policies.speakerOf(proof.parsed, proof.index),
    commitment: declared.entry.id,
    stated: result.verdict,
    verdict: countedVerdict(report),
    evidence: report.why === undefined ? report.result.evidence : undefined,
    explain: report.why ?? report.result.explain,
    loggedAt: stated,
    bounds,
    vouched,
    wrong: wrongIn(result, payload.window, bounds, proof.index),
    isSomewhere: somewhere,
    oneWith: proof.index,
    isLate,
    seen: report.seen,
    at: countedFrom(result, place, isLate && !somewhere, declared, { until, cadence: claim.cadence }),
    due: report.due,
  };
}

/**
 * From when on a look counts. What was logged long after it was made (`isEarlier`) counts from when it was made, as far as that can be
 * told. A failure without a stated time that may have been made in the period counts in it, unless it was logged more than a cadence
 * later. If nobody states when its commitment took effect, it counts from there on at the earliest: else a failure would seem to be
 * from before it. A PROVEN without a stated time may have been logged so late that the log would count it from when it was logged.
 */
function countedFrom(
  { verdict }: Result,
  { proof, stated, visible, latest, bounds, loggedFrom = 0 }: Placed,
  isEarlier: boolean,
  { effective = Infinity }: Declared,
  end: { readonly until: number; readonly cadence: number },
): number {
  const isIn =
    stated === undefined && (bounds.notBefore ?? 0) < end.until && loggedFrom < end.until + end.cadence;
  const from = !isFailure(verdict) ? latest : isIn ? Math.min(visible, end.until - 1) : visible;
  if (!isEarlier) return from;
  const late = stated === undefined && verdict === 'PROVEN' ? CLOCK_TOLERANCE : 0;
  const made = Math.max(proof.parsed.proof.window.end, bounds.notBefore ?? 0) + late;
  return Math.min(from, stated === undefined && effective <= from ? Math.max(made, effective) : made);
}

/** The verdict of a report as far as it counts: in the order in which `appraise` asks. */
function countedVerdict({ revoked, why, result }: Report): Look['verdict'] {
  if (revoked) return 'REVOKED';
  return why === undefined ? result.verdict : 'UNKNOWN';
}

/** What the agent says about time and cannot be. */
function wrongIn(
  { slot }: Pick<Result, 'slot'>,
  { start, end }: { readonly start: number; readonly end: number },
  bounds: Bounds,
  index: number,
): readonly string[] {
  const said: readonly (readonly [string, number | undefined])[] = [
    ['its window began', start],
    ['its window ended', end],
    ['it was made for its slot', slot?.actual],
  ];
  return said.flatMap(([what, time]) => {
    const fault = time === undefined ? undefined : outside(time, bounds);
    return fault === undefined ? [] : [`the agent says of entry ${index} that ${what} at ${fault}`];
  });
}

/**
 * The looks in log order, with those united that count as one: of one agent, made somewhere, and within bounds that a single
 * moment lies in. The moment is the earliest end of the bounds so far, so the number of such moments is the least that explains
 * all of them.
 */
function counted(looks: readonly Look[], now: number): readonly Look[] {
  const one = new Map<string, { readonly moment: number; readonly index: number }>();
  return looks.map((look) => {
    if (!look.isSomewhere) return look;
    const { kid, commitment, bounds, entry } = look;
    const open = one.get(`${commitment} ${kid}`);
    if (open !== undefined && (bounds.notBefore ?? 0) <= open.moment) return { ...look, oneWith: open.index };
    one.set(`${commitment} ${kid}`, { moment: bounds.notAfter ?? now, index: entry.index });
    return look;
  });
}
