/** The subjects that names and patterns stand for. `prove` and `agent plan` use the same subjects as `agent run`. */
import { Refusal, refuse } from '../bytes/refusal.ts';
import { recall } from './history.ts';
import { isOfOne } from '../bytes/nature.ts';
import { Learning } from './learning.ts';
import type { Policy } from '../statement/policy.ts';
import { isPattern, subjectTest } from './watched.ts';

import type { OpenedAgent } from './open.ts';

/** A subject for which the work failed, and the reason. */
export interface Failed {
  readonly subject: string;
  readonly refusal: Refusal;
}

/** Refusals that concern all subjects. After them nothing is sent; above all not to a log that has two histories. */
const FOR_ALL: readonly string[] = ['chain-broken', 'inconsistent'];

/**
 * Does the work for each subject. A refusal of one subject does not affect the others; one that concerns the log or the
 * key ends the work. `before`: what failed already.
 */
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

/** The subjects that were asked for, else those that targets.yaml names. Refuses `usage` if neither names one. */
export function wantedOf(
  { home }: Pick<OpenedAgent, 'home'>,
  asked: readonly string[],
  verb: 'prove' | 'plan',
): readonly string[] {
  const wanted = asked.length > 0 ? asked : home.subjects;
  if (wanted.length > 0) return wanted;
  throw refuse('usage', `say what to ${verb}, or name subjects in targets.yaml of the agent directory`, {
    remedy: { subject: true },
  });
}

/** The subjects that names and patterns stand for. */
export interface Found {
  readonly subjects: readonly string[];
  /** Subjects that could not be read, or of which there is too much. The others are not affected. */
  readonly failed: readonly Failed[];
}

/** What was found. Refuses `not-found` if no pattern matches, and the refusal of the only subject if it failed. */
export function someOf(found: Found, wanted: readonly string[]): Found {
  const { subjects, failed } = found;
  if (subjects.length > 0 || failed.length > 1) return found;
  const [only] = failed;
  throw (
    only?.refusal ??
    refuse('not-found', `no commitment to ${wanted.join(', ')} is in force; commit one first`)
  );
}

/**
 * Reads the wanted subjects, each once: first those that are named; then those that match a pattern and have a
 * commitment that is in force or lacks approvals. Refuses what the log refuses.
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

/**
 * The same from stored entries. A subject whose entries cannot be restored is included; the error comes when it is
 * used.
 */
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
