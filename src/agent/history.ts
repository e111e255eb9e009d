/**
 * What the log says of the subjects an agent looks after: commitments, approvals, waivers, deployments, each shown to
 * be in the tree and kept, so that nothing is read twice and the agent can work while the log is away.
 */
import { refuse } from '../bytes/refusal.ts';
import { historyOf, revocationsOf, type History, type SubjectEntry } from '../appraisal/history.ts';
import { assertOnce } from '../statement/once.ts';
import { parseStatement } from '../statement/parse.ts';
import type { StatementKind } from '../statement/kinds.ts';
import type { Policy } from '../statement/policy.ts';
import type { Ledger } from './ledger.ts';
import type { AgentLog } from './log.ts';

/** Proofs are left out: an agent knows its own. */
const KINDS: readonly StatementKind[] = ['commitment', 'approval', 'waiver', 'deployment'];

/** Reads what is new about a subject. Refuses as `AgentLog` does. */
export async function learn(log: AgentLog, ledger: Ledger, subject: string): Promise<void> {
  for (const kind of KINDS) {
    for (const listed of await log.list({ subject, kind })) {
      if (ledger.entry(listed.id) !== undefined) continue;
      const bytes = await log.entry(listed);
      ledger.setEntry({ index: listed.index, id: listed.id, subject, time: listed.time, bytes });
    }
  }
}

/** Subjects that have commitments, of those that are wanted. */
export async function subjectsOf(
  log: AgentLog,
  wanted: (subject: string) => boolean,
): Promise<readonly string[]> {
  const listed = await log.list({ kind: 'commitment' });
  return [...new Set(listed.map(({ subject }) => subject).filter(wanted))];
}

/** The history of a subject from what is kept. */
export function recall(ledger: Ledger, subject: string, policy: Policy | undefined): History {
  const entries = ledger.entries(subject).map(({ index, id, time, bytes }): SubjectEntry => {
    const parsed = parseStatement(bytes);
    if (parsed.subject === subject) return { index, id, time, parsed };
    throw refuse('proof-failed', `the log lists entry ${index} under a subject that it is not about`);
  });
  assertOnce(entries);
  return historyOf(entries, revocationsOf(policy));
}
