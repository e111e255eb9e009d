/**
 * What the log says of the subjects an agent looks after: commitments, approvals, waivers, deployments, each shown to
 * be in the tree and kept, so that nothing is read twice and the agent can work while the log is away.
 */
import { printable } from '../bytes/printable.ts';
import { refuse } from '../bytes/refusal.ts';
import type { Listed } from '../client/search.ts';
import { historyOf, revocationsOf, type History, type SubjectEntry } from '../appraisal/history.ts';
import { assertOnce } from '../statement/once.ts';
import { parseStatement, type ParsedStatement } from '../statement/parse.ts';
import type { StatementKind } from '../statement/kinds.ts';
import type { Policy } from '../statement/policy.ts';
import type { AgentStore } from './agent-store.ts';
import type { LogPort } from '../client/log-port.ts';

/** Proofs are left out: an agent knows its own. */
const KINDS: readonly StatementKind[] = ['commitment', 'approval', 'waiver', 'deployment'];

/** Entries of one kind about one subject that are learnt at most. */
const MOST_LEARNT = 10_000;
/** Entries of others that pass before it is noted that none was about a subject. */
const WORTH_NOTING = 10_000;

/**
 * Reads what is new about a subject, up to a tree of `size` entries; what was learnt before is not asked for again. Resolves
 * with whether there was something. Refuses as `LogPort` does, and `too-large` for a subject of which there is more than an agent keeps.
 */
export async function learn(
  log: LogPort,
  store: AgentStore,
  subject: string,
  size: number,
): Promise<boolean> {
  const from = store.learntUpto(subject);
  if (from >= size) return false;
  let isNew = false;
  for (const kind of KINDS) {
    const rows: Listed[] = [];
    for await (const page of log.pages({ subject, kind, from, before: size })) {
      rows.push(...page.rows);
      if (rows.length > MOST_LEARNT)
        throw refuse(
          'too-large',
          `"${printable(subject)}" has more than ${MOST_LEARNT} entries of the kind ${kind} to be read; it is left out`,
        );
    }
    for (const listed of rows.toReversed()) {
      if (store.entry(listed.id) !== undefined) continue;
      const bytes = await log.entry(listed);
      assertAbout(subject, listed.index, parseStatement(bytes));
      isNew = true;
      store.setEntry({ index: listed.index, id: listed.id, subject, time: listed.time, bytes });
    }
  }
  // To ask again from a little further back costs less than a write for nothing.
  if (isNew || size - from >= WORTH_NOTING) store.setLearnt(subject, size);
  return isNew;
}

function assertAbout(subject: string, index: number, parsed: ParsedStatement): void {
  if (parsed.subject !== subject)
    throw refuse('proof-failed', `the log lists entry ${index} under a subject that it is not about`);
}

/** The history of a subject from what is kept. */
export function recall(store: AgentStore, subject: string, policy: Policy | undefined): History {
  const entries = store.entries(subject).map(({ index, id, time, bytes }): SubjectEntry => {
    const parsed = parseStatement(bytes);
    assertAbout(subject, index, parsed);
    return { index, id, time, parsed };
  });
  assertOnce(entries);
  return historyOf(entries, revocationsOf(policy));
}
