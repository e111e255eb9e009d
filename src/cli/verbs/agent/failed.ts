/** The failures of a run over several subjects: as text, and as exit code. */
import type { Failed } from '../../../agent/subjects.ts';
import { EXIT, exitOf, gravest } from '../../exit.ts';
import type { JsonValue, Output } from '../../frame/output.ts';
import { messageOf } from '../../frame/remedy.ts';

/** Warns of the subjects that failed. `what`: the thing that was not made of them, such as `proof`. */
export function warnOf(output: Output, failed: readonly Failed[], what: string): void {
  for (const { subject, refusal } of failed)
    output.warn(`${subject}: no ${what} was made (${refusal.code}: ${messageOf(refusal)})`);
}

export function failedAsJson(failed: readonly Failed[]): readonly JsonValue[] {
  return failed.map(({ subject, refusal }) => ({ subject, code: refusal.code, message: messageOf(refusal) }));
}

/** Of several exit codes, the first in this list wins. */
const WORST_FIRST: readonly number[] = [
  EXIT.splitView,
  EXIT.verification,
  EXIT.config,
  EXIT.notFound,
  EXIT.usage,
  EXIT.quorum,
];

/** The exit code of a run, from the codes of its subjects and those of the failures. */
export function worstOf(codes: readonly number[], failed: readonly Failed[]): number {
  const all = [...codes, ...failed.map(({ refusal }) => exitOf(refusal))];
  return gravest(all, WORST_FIRST);
}
