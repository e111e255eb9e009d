/**
 * When the status of a subject may become another one although nothing about it is logged. Whoever keeps statuses computes each
 * again at that moment, and not before. Pure.
 */
import { appraisalContext, type SnapshotContext, type SubjectRecord, type SubjectStatus } from './subject.ts';
import { newestWaiver } from './appraise.ts';
import { MOST_BEHIND } from './clock.ts';
import { commitmentOf, type Declared } from './history.ts';
import { basisOf, CLOCK_TOLERANCE, newestReports, type Report } from './reports.ts';

export interface Until {
  /** POSIX seconds, later than the moment of the status; Infinity if time alone changes nothing. */
  readonly at: number;
  /** Whether the time at which the next checkpoint is signed may change it: a proof that was made after this one. */
  readonly nextHead: boolean;
}

/** Of a status that was computed from the same record and context. */
export function holdsUntil(
  { history, claims }: SubjectStatus,
  record: SubjectRecord,
  context: SnapshotContext,
): Until {
  const declared = commitmentOf({ history });
  if (declared === undefined) return { at: Infinity, nextHead: false };
  const { now, headTime = Infinity } = context;
  const basis = basisOf(declared, history, now);
  const moments = validityOf(declared);
  let nextHead = false;
  for (const { claim, due } of claims) {
    const reports = newestReports(claim, declared, history, basis, appraisalContext(record, context));
    for (const report of reports) {
      // At its due a report still counts.
      moments.push(report.due + 1, report.seen - MOST_BEHIND);
      nextHead ||= endOf(report) > headTime + CLOCK_TOLERANCE;
    }
    moments.push(due + 1, newestWaiver(claim, declared, history)?.parsed.waiver.notAfter ?? Infinity);
  }
  return { at: Math.min(...moments.filter((moment) => moment > now), Infinity), nextHead };
}

function validityOf({ declaration: { validity } }: Declared): number[] {
  return [validity?.notBefore ?? Infinity, validity?.notAfter ?? Infinity];
}

function endOf({ entry }: Report): number {
  return entry.parsed.proof.window.end;
}
