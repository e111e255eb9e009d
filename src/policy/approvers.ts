/** What a change of the policy leaves without enough approvers: what is in force there can be replaced by nobody then. */
import { approverFault } from '../appraisal/approvers.ts';
import { printable } from '../bytes/printable.ts';
import { Refusal } from '../bytes/refusal.ts';
import type { LogClient } from '../client/client.ts';
import { newestSubjects } from '../client/newest-subjects.ts';
import { compilePolicy, type PolicyDocument } from '../statement/policy.ts';

/** Subjects that are looked at: those with the newest commitments. */
const MOST_SUBJECTS = 100;

/** One sentence a subject; none where no approver's key is changed. What cannot be read is said, and keeps nobody from a change. */
export async function approversMissing(
  client: LogClient,
  before: PolicyDocument,
  after: PolicyDocument,
): Promise<readonly string[]> {
  if (approversIn(before) === approversIn(after)) return [];
  try {
    const snapshot = await client.snapshot();
    const { subjects, more } = await newestSubjects(snapshot, MOST_SUBJECTS);
    const policy = compilePolicy(after);
    const found: string[] = [];
    for (const subject of subjects) {
      const fault = approverFault(await snapshot.history(subject), policy, subject);
      if (fault !== undefined) found.push(`of ${printable(subject, 300)}, ${fault}`);
    }
    return more > 0 ? [...found, `${more} more subjects were not looked at for approvers`] : found;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return [`whether each subject keeps enough approvers was not looked at: ${error.message}`];
  }
}

/** Who may approve what, as one text. */
function approversIn({ keys }: PolicyDocument): string {
  const approvers = keys.filter(({ roles }) => roles.includes('approver'));
  return JSON.stringify(approvers.map(({ key, subjects }) => [key.bytes.toHex(), subjects]));
}
