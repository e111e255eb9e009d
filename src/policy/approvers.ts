/** Warns of subjects that a change of the policy leaves without enough approvers: nobody could replace their commitments. */
import { approverFault } from '../appraisal/approvers.ts';
import { printable } from '../bytes/printable.ts';
import { Refusal } from '../bytes/refusal.ts';
import type { LogClient } from '../client/client.ts';
import { newestSubjects } from '../client/statuses.ts';
import { compilePolicy, type PolicyDocument } from '../statement/policy.ts';

/** Subjects that are looked at: those with the newest commitments. */
const MOST_SUBJECTS = 100;

/** One sentence for each such subject; none if no approver's key changes. If the log cannot be read, a sentence says so. */
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
