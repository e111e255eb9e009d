/**
 * The commitments, approvals, waivers and deployments of the subjects that an agent proves. Each is proven to be in the
 * tree and stored, so that nothing is read twice and the agent can work while the log cannot be reached.
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

/** Proofs are not read: the agent has its own. */
const KINDS: readonly StatementKind[] = ['commitment', 'approval', 'waiver', 'deployment'];

/** Most entries of one kind about one subject. */
const MOST_LEARNT = 10_000;
/** If this many entries were read and none was about the subject, that is stored, so that they are not read again. */
const WORTH_NOTING = 10_000;

/**
 * Reads what is new about a subject, up to a tree of `size` entries. Resolves with whether there was something new.
 * Refuses as `LogPort` does, and `too-large` if a subject has more than an agent stores.
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
  // Reading a few entries again costs less than a write each time.
  if (isNew || size - from >= WORTH_NOTING) store.setLearnt(subject, size);
  return isNew;
}

function assertAbout(subject: string, index: number, parsed: ParsedStatement): void {
  if (parsed.subject !== subject)
    throw refuse('proof-failed', `the log lists entry ${index} under a subject that it is not about`);
}

/** The history of a subject from the stored entries. */
export function recall(store: AgentStore, subject: string, policy: Policy | undefined): History {
  const entries = store.entries(subject).map(({ index, id, time, bytes }): SubjectEntry => {
    const parsed = parseStatement(bytes);
    assertAbout(subject, index, parsed);
    return { index, id, time, parsed };
  });
  assertOnce(entries);
  return historyOf(entries, revocationsOf(policy));
}
