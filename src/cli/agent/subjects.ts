/** Which subjects names and patterns stand for: `prove` and `agent plan` look after what `agent run` would. */
import { learn, recall, subjectsOf } from '../../agent/history.ts';
import type { Policy } from '../../statement/policy.ts';
import { matcher } from '../../statement/pattern.ts';
import type { OpenAgent } from './open.ts';

/** Whether any of these names, or patterns with stars, has a subject. */
export function subjectTest(wanted: readonly string[]): (subject: string) => boolean {
  const tests = wanted.map((each) =>
    each.includes('*') ? matcher(each) : (subject: string) => subject === each,
  );
  return (subject) => tests.some((test) => test(subject));
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
  const found = wanted.some(isPattern) ? await subjectsOf(log, subjectTest(wanted.filter(isPattern))) : [];
  for (const subject of new Set([...named(wanted), ...found])) await learn(log, ledger, subject);
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

function isPattern(text: string): boolean {
  return text.includes('*');
}
