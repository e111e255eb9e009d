/**
 * Computes what a reader of the first entries of a log was told then: `status --at` (spec/audit.md, "Two tenses"). Nothing that
 * was logged later counts, not even a revocation; only what claims over time (`prev`) made of earlier looks is judged by today's bounds of
 * time. It calls `appraiseSubject` on these entries, and has no rule of its own.
 */
import { revocationsOf, type SubjectEntry } from '../history.ts';
import { earliestSince } from '../outgrown.ts';
import { appraiseSubject, type SubjectStatus } from '../subject.ts';
import { statedTimes, timelineOf } from './timeline.ts';
import type { PastRecord } from './types.ts';

/** What a reader had at a moment of the past. */
export interface Then {
  /** Number of entries of the log that it had read. */
  readonly size: number;
  /** POSIX seconds. */
  readonly now: number;
  /** When that head was signed; undefined if it is not known. */
  readonly headTime?: number | undefined;
}

/** The status of the subject for that reader. The record must hold all entries of the subject below `size`. */
export function believedAt(record: PastRecord, { size, now, headTime }: Then): SubjectStatus {
  const { subject, origin, policies, evidence, wasHead } = record;
  const entries = timelineOf(record).entries.flatMap(({ believed }): readonly SubjectEntry[] =>
    believed.index < size ? [believed] : [],
  );
  const earliest = earliestSince(entries);
  const statedAt = statedTimes(record);
  const outgrownAt = (challengeSize: number): number | undefined => {
    const stated = challengeSize < size ? statedAt(challengeSize) : undefined;
    return stated === undefined ? undefined : Math.min(stated, earliest.from(challengeSize));
  };
  return appraiseSubject(
    { subject, entries, evidence, wasHead, outgrownAt, past: record },
    { now, headTime, origin, revokedSince: revocationsOf(policies.asOf(size)) },
  );
}
