/** The status of one subject, and the look that it was computed at. */
import type { Refusal } from '../../../bytes/refusal.ts';
import { EXIT, exitOf as exitOfRefusal } from '../../exit.ts';
import { outcomeOf } from '../../../appraisal/gate.ts';
import { appraiseSubject, type SubjectStatus } from '../../../appraisal/subject.ts';
import type { Verdict } from '../../../statement/vocabulary.ts';
import type { Snapshot } from '../../../client/snapshot.ts';

export interface Appraised extends SubjectStatus {
  readonly look: Snapshot;
}

/** Reads and appraises a subject. Refuses as `Snapshot.subject` does. */
export async function appraise(look: Snapshot, subject: string, least?: number): Promise<Appraised> {
  return { ...appraiseSubject(await look.subject(subject, least), look.context), look };
}

/** 0 when all are PROVEN or WAIVED, 3 when one failed, 5 when one is not known. */
export function exitOf(verdicts: readonly Verdict[]): number {
  return { held: EXIT.ok, failed: EXIT.verification, unknown: EXIT.quorum }[outcomeOf(verdicts)];
}

/** The exit code of verdicts, and of subjects that could not be read: 0 is left to those who saw everything. */
export function worstExit(code: number, unreadable: readonly { readonly refusal: Refusal }[]): number {
  const codes = [code, ...unreadable.map(({ refusal }) => exitOfRefusal(refusal))];
  return [EXIT.splitView, EXIT.verification].find((each) => codes.includes(each)) ?? Math.max(...codes);
}
