/** Several subjects in one run: what becomes of the others when one cannot be proven or planned. */
import { Refusal } from '../../bytes/refusal.ts';
import { EXIT, exitOf } from '../exit.ts';
import type { JsonValue, Output } from '../output.ts';

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

/** Says which subjects failed. `what` was not made of them. */
export function warnOf(output: Output, failed: readonly Failed[], what: string): void {
  for (const { subject, refusal } of failed)
    output.warn(`${subject}: no ${what} was made (${refusal.code}: ${refusal.message})`);
}

export function failedAsJson(failed: readonly Failed[]): readonly JsonValue[] {
  return failed.map(({ subject, refusal: { code, message } }) => ({ subject, code, message }));
}

/** Of several exit codes the first of these is told. */
const WORST_FIRST: readonly number[] = [
  EXIT.splitView,
  EXIT.verification,
  EXIT.config,
  EXIT.notFound,
  EXIT.usage,
  EXIT.quorum,
];

/** The exit code of all, from those of each and of what failed. */
export function worstOf(codes: readonly number[], failed: readonly Failed[]): number {
  const all = [...codes, ...failed.map(({ refusal }) => exitOf(refusal))];
  return WORST_FIRST.find((code) => all.includes(code)) ?? EXIT.ok;
}
