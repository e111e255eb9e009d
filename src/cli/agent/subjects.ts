/** Which subjects names and patterns stand for: `prove` and `agent plan` look after what `agent run` would. */
import { refuse } from '../../bytes/refusal.ts';
import { approvalsLacking, type Declared, type History } from '../../appraisal/history.ts';
import { recall } from '../../agent/history.ts';
import { Learning } from '../../agent/learning.ts';
import type { Policy } from '../../statement/policy.ts';
import { isPattern, subjectTest } from '../../agent/watched.ts';
import type { OpenAgent } from './open.ts';

/** What --subject says, else the subjects that targets.yaml names. Refuses `usage` where neither does. */
export function wantedOf(
  { home }: Pick<OpenAgent, 'home'>,
  asked: readonly string[],
  verb: 'prove' | 'plan',
): readonly string[] {
  const wanted = asked.length > 0 ? asked : home.subjects;
  if (wanted.length > 0) return wanted;
  throw refuse(
    'usage',
    `say what to ${verb} with --subject, or name subjects in targets.yaml of the agent directory`,
  );
}

/** Subjects that were found. Refuses `not-found` where patterns have none. */
export function someOf(subjects: readonly string[], wanted: readonly string[]): readonly string[] {
  if (subjects.length > 0) return subjects;
  throw refuse('not-found', `no commitment to ${wanted.join(', ')} is in force; commit one first`);
}

/** The commitment in force. Refuses `not-found` without one. */
export function inForceOf({ inForce, pending }: History, subject: string): Declared {
  if (inForce !== undefined) return inForce;
  if (pending === undefined)
    throw refuse('not-found', `no commitment to ${subject} is in force; commit it first`);
  const missing = approvalsLacking(pending);
  throw refuse('not-found', `the commitment to ${subject} does not count yet: it lacks ${missing} approvals`);
}

/**
 * Reads what the log has of the subjects wanted, each once: those named first, whatever is known of them, then those
 * that a pattern has and of which a commitment counts, or waits for approvals. Refuses what the log does.
 */
export async function learnSubjects(
  { agent: { ledger }, log }: Pick<OpenAgent, 'agent' | 'log'>,
  wanted: readonly string[],
  policy: Policy | undefined,
): Promise<readonly string[]> {
  const { size } = await log.head();
  const { unreadable, leftOut } = await new Learning(log, ledger, wanted).upTo(size, policy);
  const [refusal] = unreadable.values();
  if (refusal !== undefined) throw refusal;
  if (leftOut > 0)
    throw refuse('too-large', `${wanted.join(', ')} have too many subjects for one run; name fewer of them`);
  return knownSubjects({ agent: { ledger } }, wanted, policy);
}

/** The same from what was learnt before. */
export function knownSubjects(
  { agent: { ledger } }: { readonly agent: Pick<OpenAgent['agent'], 'ledger'> },
  wanted: readonly string[],
  policy: Policy | undefined,
): readonly string[] {
  const found = ledger.subjects().filter(subjectTest(wanted.filter(isPattern)));
  const standing = found.filter((subject) => {
    const { inForce, pending } = recall(ledger, subject, policy);
    return inForce !== undefined || pending !== undefined;
  });
  return [...new Set([...named(wanted), ...standing])];
}

function named(wanted: readonly string[]): readonly string[] {
  return wanted.filter((each) => !isPattern(each));
}
