/** The failures of a run over several subjects: as text, and as exit code. */
import type { Failed } from '../../../agent/subjects.ts';
import { EXIT, exitOf, gravest } from '../../exit.ts';
import type { JsonValue, Output } from '../../frame/output.ts';
import { messageOf } from '../../frame/remedy.ts';

/** Says which subjects failed. `what` was not made of them. */
export function warnOf(output: Output, failed: readonly Failed[], what: string): void {
  for (const { subject, refusal } of failed)
    output.warn(`${subject}: no ${what} was made (${refusal.code}: ${messageOf(refusal)})`);
}

export function failedAsJson(failed: readonly Failed[]): readonly JsonValue[] {
  return failed.map(({ subject, refusal }) => ({ subject, code: refusal.code, message: messageOf(refusal) }));
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
  return gravest(all, WORST_FIRST);
}
