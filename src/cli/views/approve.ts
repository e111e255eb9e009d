/** Shows a commitment or withdrawal to its approver: how it differs from the commitment in force. */
import type { Committed } from '../../appraisal/history.ts';
import type { SubjectStatus } from '../../appraisal/subject.ts';
import { formatTime } from '../../bytes/time.ts';
import type { Snapshot } from '../../client/snapshot.ts';
import type { OpenedFile } from '../../declare/opened.ts';
import type { Output } from '../frame/output.ts';
import { factLines, leafLines, loggedAs } from './difference.ts';
import { line } from '../../words/plain.ts';

export function approvableLines(
  output: Output,
  look: Snapshot,
  { subject, history }: SubjectStatus,
  about: Committed,
  own: readonly OpenedFile[],
): readonly string[] {
  const { entry, approvals, needed } = about;
  const by = line(look.policies.nameOf(entry.parsed.kid, entry.index));
  const head = [
    `${output.paint('bold', line(subject))}  entry ${entry.index}, ${entry.id}`,
    `declared   by ${by} (key ${entry.parsed.kid.slice(0, 16)}…), ${formatTime(entry.time)}; ${approvals.length} of ${needed} approvals`,
  ];
  if ('withdraws' in about) {
    const taken = history.declared.find((each) => each.entry.id === about.withdraws);
    const claims = taken?.declaration.claims.map(({ id }) => line(id, 64)) ?? [];
    return [
      ...head,
      `withdraws  entry ${taken?.entry.index ?? 'unknown'}, ${String(about.withdraws)}`,
      ...claims.map((each) => output.paint('red', `- claim ${each}`)),
    ];
  }
  const declared = history.declared.find((each) => each.entry.id === entry.id);
  if (declared === undefined) return head;
  const before = history.inForce?.entry.id === entry.id ? undefined : history.inForce;
  const known = before?.declaration;
  return [
    ...head,
    before === undefined ? 'declares' : `instead of entry ${before.entry.index}, which is in force`,
    ...factLines(output, known, declared.declaration),
    ...leafLines(output, before && loggedAs(before, subject), loggedAs(declared, subject), own),
  ];
}
