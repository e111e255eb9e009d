/**
 * The past of a subject as plain data (spec/audit.md, "JSON of a history"): the one form of `history --json`, of the log's
 * `GET /v1/subjects/{subject}/history`, and of `history/…` in a bundle. Times are POSIX seconds. A value that is not known is
 * null; its member is never left out.
 */
import { formatHex } from '../../bytes/text.ts';
import type { PolicyHistory } from '../../registration/history.ts';
import { EVIDENCE_CLASSES } from '../../statement/vocabulary.ts';
import { versionJson } from '../versions.ts';
import type {
  AgentKey,
  ClaimPast,
  Difference,
  Figures,
  KnownHistory,
  Look,
  Moments,
  Span,
  Told,
} from './known-types.ts';
import type { Bounds, WitnessedHead } from './types.ts';

export type HistoryJson = ReturnType<typeof historyJson>;

type Names = Pick<PolicyHistory, 'nameOf'>;

/** Everything that is known of a period. `policies`: of the record, for the names of keys. */
export function historyJson(past: KnownHistory, policies: Names) {
  const { subject, origin, period, size, asOf, heads, vouched, grades, wrong } = past;
  return {
    subject,
    origin,
    since: period.since,
    until: period.until,
    size,
    as_of: asOf,
    vouched,
    heads: { before: headJson(heads.before), after: headJson(heads.after) },
    grades,
    declared: past.declared.map((each) => ({
      ...versionJson(policies, each),
      kid: each.entry.parsed.kid,
      effective: each.effective ?? null,
      ended_by: each.ended?.id ?? null,
      claims: each.declaration.claims.map(({ id }) => id),
      valid_from: each.declaration.validity?.notBefore ?? null,
      valid_until: each.declaration.validity?.notAfter ?? null,
    })),
    withdrawals: past.withdrawals.map(({ entry, withdraws, effective }) => ({
      entry: entry.id,
      index: entry.index,
      time: entry.time,
      author: policies.nameOf(entry.parsed.kid, entry.index),
      kid: entry.parsed.kid,
      withdraws,
      effective: effective ?? null,
    })),
    claims: past.claims.map(claimPastJson),
    keys: past.keys.map(keyJson),
    wrong,
  };
}

function headJson(head: WitnessedHead | undefined) {
  if (head === undefined) return null;
  const { index, size, root, notAfter, notBefore } = head;
  return { index: index ?? null, size, root: formatHex(root), not_after: notAfter, not_before: notBefore };
}

function claimPastJson({ claim, figures, spans, differences, looks, moments }: ClaimPast) {
  return {
    claim,
    figures: figuresJson(figures),
    spans: spans.map(spanJson),
    differences: differences.map(differenceJson),
    looks: looks.map((look) => lookJson(claim, look)),
    moments: moments.map(({ kid, commitment, moments: each }) => ({ kid, commitment, ...momentsJson(each) })),
  };
}

function figuresJson({ grades, longestUncovered, seconds, hidden, coveredBy, ...counts }: Figures) {
  const { expected, looks, proven, failed, other, missed, late } = counts;
  return {
    grade_looks: grades.looks,
    grade_time: grades.time,
    expected,
    looks,
    proven,
    failed,
    other,
    missed,
    late,
    seconds: {
      covered: seconds.covered,
      failed: seconds.failed,
      uncovered: seconds.uncovered,
      waived: seconds.waived,
    },
    hidden: { failed: hidden.failed, uncovered: hidden.uncovered },
    covered_by: Object.fromEntries(EVIDENCE_CLASSES.map((each) => [each, coveredBy[each] ?? 0])),
    longest_uncovered: longestUncovered ?? null,
  };
}

function spanJson({ from, to, kind, hides, why, verdict, evidence, commitment, entry, ...rest }: Span) {
  const { startedAfter, waiver } = rest;
  return {
    from,
    to,
    kind,
    hides: hides ?? null,
    why: why ?? null,
    verdict: verdict ?? null,
    evidence: evidence ?? null,
    commitment: commitment ?? null,
    entry: entry ?? null,
    started_after: startedAfter ?? null,
    waiver: waiver?.id ?? null,
    waived_by: waiver?.parsed.waiver.owner ?? null,
    waived_until: waiver?.parsed.waiver.notAfter ?? null,
  };
}

function toldJson(told: Told | undefined) {
  return told === undefined ? null : { verdict: told.verdict, hidden: told.hidden ?? null };
}

function differenceJson({ from, to, believed, known, changedBy }: Difference) {
  return {
    from,
    to,
    believed: toldJson(believed),
    known: toldJson(known),
    changed_by: changedBy.map(({ index, id, why }) => ({ index, entry: id, why })),
  };
}

function boundsJson({ notBefore, notAfter }: Bounds) {
  return { not_before: notBefore ?? null, not_after: notAfter ?? null };
}

function lookJson(claim: string, look: Look) {
  const { entry, kid, name, commitment, stated, verdict, evidence, explain, bounds, ...rest } = look;
  const { proof } = entry.parsed;
  const { start, end } = proof.window;
  const slot = proof.results.find((each) => each.claim === claim)?.slot;
  return {
    entry: entry.id,
    index: entry.index,
    seq: proof.seq,
    kid,
    name,
    commitment,
    stated,
    verdict,
    evidence: evidence ?? null,
    explain: explain ?? null,
    window: { start, end },
    slot: slot === undefined ? null : { number: slot.number, due: slot.due, actual: slot.actual },
    logged: rest.loggedAt ?? null,
    ...boundsJson(bounds),
    vouched: rest.vouched,
    wrong: rest.wrong,
    somewhere: rest.isSomewhere,
    one_with: rest.oneWith,
    late: rest.isLate,
    seen: rest.seen,
    at: rest.at,
    due: rest.due,
  };
}

function momentsJson(moments: Moments) {
  if (moments.kind === 'chosen') return moments;
  const { kind, slotSeconds, slots, open, outside, missedSlots, late, missed } = moments;
  return { kind, slot_seconds: slotSeconds, slots, open, outside, missed_slots: missedSlots, late, missed };
}

function keyJson({ kid, names, revoked, proofs, grade, why }: AgentKey) {
  return { kid, names, revoked: revoked ?? null, proofs, grade, why };
}
