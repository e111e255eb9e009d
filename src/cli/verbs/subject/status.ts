/** `tallystick status SUBJECT…`: where claims stand; and the summary of subjects below the status of a log. */
import { Refusal } from '../../../bytes/refusal.ts';
import type { Context } from '../../frame/context.ts';
import type { JsonValue } from '../../frame/output.ts';
import { type SeeFlags, readingOf, seeAll, seeEach, unreadableJson } from './asked.ts';
import { checkedLine, countsOf, subjectLines } from '../../views/show.ts';
import { snapshotJson } from '../../../client/snapshot-json.ts';
import { subjectJson } from '../../../appraisal/json.ts';
import { commitmentOf } from '../../../appraisal/subject.ts';
import { worstOf } from '../../../appraisal/gate.ts';
import { exitOf, worstExit, type Appraised } from './appraised.ts';
import { isNotable } from '../../../appraisal/sampling.ts';
import { samplingsOf, SLOT_PROOFS } from '../../../client/samplings.ts';
import { slotLines } from '../../views/slots.ts';
import type { Snapshot } from '../../../client/snapshot.ts';
import { newestSubjects } from '../../../client/newest-subjects.ts';
import { line, paintVerdict, table } from '../../views/words.ts';

/** Subjects in a summary: those with the newest commitments. */
const MOST_SUBJECTS = 20;

export async function statusOfSubjects(
  context: Context,
  subjects: readonly string[],
  flags: SeeFlags,
): Promise<number> {
  const { output } = context;
  const look = await (await readingOf(context, flags)).snapshot();
  const { seen, unreadable } = await statusesOf(look, subjects);
  for (const { subject, refusal } of unreadable)
    output.warn(`${line(subject)} cannot be read (${refusal.code}): ${refusal.message}`);
  for (const each of seen) {
    output.print(subjectLines(output, each).join('\n'));
    if (look.full) for (const text of await notableSlots(each)) output.print(`  ${text}`);
  }
  output.print(checkedLine(look));
  output.result('status-subjects', {
    ...snapshotJson(look),
    subjects: seen.map(subjectJson),
    unreadable: unreadableJson(unreadable),
  });
  return worstExit(exitOf(seen.flatMap(({ claims }) => claims.map(({ verdict }) => verdict))), unreadable);
}

/** The only subject that is asked about ends the run where it cannot be read; one of several does not. */
async function statusesOf(look: Snapshot, subjects: readonly string[]): ReturnType<typeof seeEach> {
  if (look.full) return { seen: await seeAll(look, subjects, SLOT_PROOFS), unreadable: [] };
  const found = await seeEach(look, subjects);
  const [only] = found.unreadable;
  if (only !== undefined && found.seen.length + found.unreadable.length === 1) throw only.refusal;
  return found;
}

/** What there is to say of when agents looked; of those that kept their slots, nothing. */
async function notableSlots(seen: Appraised): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const { claim } of seen.claims) {
    const samplings = (await samplingsOf(seen.look, seen, claim)).filter(isNotable);
    lines.push(...slotLines(seen, samplings).map((each) => `slots of ${claim.id}, ${each}`));
  }
  return lines;
}

/** One line for each subject with claims, most recently committed first; what cannot be read is said. */
export async function summary(context: Context, flags: SeeFlags): Promise<JsonValue> {
  const { output } = context;
  try {
    const look = await (await readingOf(context, flags)).snapshot();
    const { subjects, more: missed } = await newestSubjects(look, MOST_SUBJECTS);
    const { seen, unreadable } = await seeEach(look, subjects);
    const claiming = seen.filter(({ claims }) => claims.length > 0);
    if (subjects.length > 0) {
      const more = missed > 0 ? `, the newest ${subjects.length} are looked at` : '';
      output.print(`subjects ${subjects.length + missed}${more}: ${claiming.length} with claims`);
    }
    for (const { subject, refusal } of unreadable)
      output.warn(`${line(subject)} cannot be read (${refusal.code}): ${refusal.message}`);
    const cells = claiming.map((each) => {
      const verdicts = each.claims.map(({ verdict }) => verdict);
      const worst = worstOf(verdicts) ?? 'UNKNOWN';
      return [
        line(each.subject, 60),
        worst,
        countsOf(verdicts),
        commitmentOf(each)?.declaration.environment ?? '',
      ];
    });
    const drawn = table(cells, (cell, column, row) => {
      const worst = worstOf((claiming[row]?.claims ?? []).map(({ verdict }) => verdict));
      return column === 1 && worst !== undefined ? paintVerdict(output, worst, cell.length) : cell;
    });
    for (const each of drawn) output.print(`         ${each}`);
    return seen.map(subjectJson);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    output.note(`subjects are not shown: ${error.message}`);
    return null;
  }
}
