/** Since which commitment something of a subject is as it is now: a claim, a fact, or a leaf whose owner's file is at hand. */
import { commitmentOf, type Declared } from '../appraisal/history.ts';
import type { SubjectStatus } from '../appraisal/subject.ts';
import { asItIsSince, type Said } from '../appraisal/versions.ts';
import { printable } from '../bytes/printable.ts';
import { refuse } from '../bytes/refusal.ts';
import { claimText, textNamed } from '../declare/facts.ts';
import { leavesFor, type OpenedFile } from '../declare/opened.ts';

/**
 * Goes back from what is shown of the subject (`commitmentOf`). `own`: leaves that are at hand. `isUnknown`: the
 * commitment before `since` may have said the same. Refuses `not-found` for a name that nothing has.
 */
export function broughtBy(
  status: SubjectStatus,
  name: string,
  own: readonly OpenedFile[],
): ReturnType<typeof asItIsSince> {
  const now = commitmentOf(status);
  const known = now && leavesFor(own, now.declaration);
  const isLeaf =
    known?.has(name) === true && now !== undefined && claimText(now.declaration, name) === undefined;
  const said = ({ declaration }: Declared): Said => {
    const leaves = leavesFor(own, declaration);
    return isLeaf && leaves === undefined ? { unknown: true } : textNamed(declaration, name, leaves);
  };
  if (now !== undefined && said(now) !== undefined) return asItIsSince(status.history, now, said);
  throw refuse(
    'not-found',
    `${printable(status.subject, 300)} has no claim, fact or known leaf ${printable(name, 300)}; leaves are looked for in its proof directory and in files that are named`,
    { remedy: { leaves: true } },
  );
}
