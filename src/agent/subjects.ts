/** Which subjects names and patterns stand for: `prove` and `agent plan` look after what `agent run` would. */
import { Refusal, refuse } from '../bytes/refusal.ts';
import { approvalsLacking, type Declared, type History } from '../appraisal/history.ts';
import { recall } from './history.ts';
import { isOfOne } from '../bytes/nature.ts';
import { Learning } from './learning.ts';
import type { Policy } from '../statement/policy.ts';
import { isPattern, subjectTest } from './watched.ts';

import type { OpenedAgent } from './open.ts';

/** A subject of which nothing came, and why. */
export interface Failed {
  readonly subject: string;
  readonly refusal: Refusal;
}

/** Refusals that are about more than one subject: nothing is sent, to a log that has two histories least of all. */
const FOR_ALL: readonly string[] = ['chain-broken', 'inconsistent'];

/** One subject that is refused keeps no other from it; that the log or the key is not one's own does. `before`: what failed already. */
export async function eachSubject(
  subjects: readonly string[],
  work: (subject: string) => Promise<void> | void,
  before: readonly Failed[] = [],
): Promise<readonly Failed[]> {
  const failed = [...before];
  const isOnly = subjects.length + before.length === 1;
  for (const subject of subjects) {
    try {
      await work(subject);
    } catch (error) {
      if (!(error instanceof Refusal) || isOnly || FOR_ALL.includes(error.code)) throw error;
      failed.push({ subject, refusal: error });
    }
  }
  return failed;
}

/** What --subject says, else the subjects that targets.yaml names. Refuses `usage` where neither does. */
export function wantedOf(
  { home }: Pick<OpenedAgent, 'home'>,
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

/** What names and patterns were found to stand for. */
export interface Found {
  readonly subjects: readonly string[];
  /** What could not be read, or is too much: it keeps nobody from the others. */
  readonly failed: readonly Failed[];
}

/** What was found. Refuses `not-found` where patterns have none, and what the only one is refused with. */
export function someOf(found: Found, wanted: readonly string[]): Found {
  const { subjects, failed } = found;
  if (subjects.length > 0 || failed.length > 1) return found;
  const [only] = failed;
  throw (
    only?.refusal ??
    refuse('not-found', `no commitment to ${wanted.join(', ')} is in force; commit one first`)
  );
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
  { agent: { store }, log }: Pick<OpenedAgent, 'agent' | 'log'>,
  wanted: readonly string[],
  policy: Policy | undefined,
): Promise<Found> {
  const { size } = await log.head();
  const { unreadable, leftOut } = await new Learning(log, store, wanted).upTo(size, policy);
  const failed = [...unreadable].map(([subject, refusal]): Failed => ({ subject, refusal }));
  const patterns = wanted.filter(isPattern).join(', ');
  const text = `${patterns} has more subjects than one run takes: ${leftOut} are left out; name fewer of them`;
  return {
    subjects: knownSubjects({ agent: { store } }, wanted, policy).filter((each) => !unreadable.has(each)),
    failed: leftOut === 0 ? failed : [...failed, { subject: patterns, refusal: refuse('too-large', text) }],
  };
}

/** The same from what was learnt before. One that cannot be recalled is among them: whoever looks at it says why. */
export function knownSubjects(
  { agent: { store } }: { readonly agent: Pick<OpenedAgent['agent'], 'store'> },
  wanted: readonly string[],
  policy: Policy | undefined,
): readonly string[] {
  const found = store.subjects().filter(subjectTest(wanted.filter(isPattern)));
  const standing = found.filter((subject) => {
    try {
      const { inForce, pending } = recall(store, subject, policy);
      return inForce !== undefined || pending !== undefined;
    } catch (error) {
      if (isOfOne(error)) return true;
      throw error;
    }
  });
  return [...new Set([...named(wanted), ...standing])];
}

function named(wanted: readonly string[]): readonly string[] {
  return wanted.filter((each) => !isPattern(each));
}
