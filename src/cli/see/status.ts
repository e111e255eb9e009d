/** `tallystick status SUBJECT…`: where claims stand; and the summary of subjects below the status of a log. */
import { Refusal } from '../../bytes/refusal.ts';
import type { Context } from '../context.ts';
import type { JsonValue } from '../output.ts';
import type { Flags } from '../verb.ts';
import { readingOf, seeAll } from './asked.ts';
import { checkedLine, countsOf, lookJson, subjectJson, subjectLines } from './show.ts';
import { commitmentOf, exitOf, worstOf, type Seen } from './seen.ts';
import { isNotable, slotLines, slotsOf } from './slots.ts';
import { line, paintVerdict, table } from './words.ts';

/** Subjects in a summary: those with the newest commitments. */
const MOST_SUBJECTS = 20;

export async function statusOfSubjects(
  context: Context,
  subjects: readonly string[],
  flags: Flags,
): Promise<number> {
  const { output } = context;
  const look = await (await readingOf(context, flags)).look();
  const seen = await seeAll(look, subjects);
  for (const each of seen) {
    output.print(subjectLines(output, each).join('\n'));
    if (look.full) for (const text of await notableSlots(each)) output.print(`  ${text}`);
  }
  output.print(checkedLine(look));
  output.result('status-subjects', { ...lookJson(look), subjects: seen.map(subjectJson) });
  return exitOf(seen.flatMap(({ standings }) => standings.map(({ verdict }) => verdict)));
}

/** What there is to say of when agents looked; of those that kept their slots, nothing. */
async function notableSlots(seen: Seen): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const { claim } of seen.standings) {
    const samplings = (await slotsOf(seen, claim)).filter(isNotable);
    lines.push(...slotLines(seen, samplings).map((each) => `slots of ${claim.id}, ${each}`));
  }
  return lines;
}

/** One line for each subject with claims, most recently committed first; what cannot be read is said. */
export async function summary(context: Context, flags: Flags): Promise<JsonValue> {
  const { output } = context;
  try {
    const look = await (await readingOf(context, flags)).look();
    const rows = (await look.list({ kind: 'commitment' })).toReversed();
    const subjects = [...new Set(rows.map(({ subject }) => subject))];
    const seen = await seeAll(look, subjects.slice(0, MOST_SUBJECTS));
    const claiming = seen.filter(({ standings }) => standings.length > 0);
    if (subjects.length > 0) {
      const more = subjects.length > MOST_SUBJECTS ? `, the newest ${MOST_SUBJECTS} are looked at` : '';
      output.print(`subjects ${subjects.length}${more}: ${claiming.length} with claims`);
    }
    const cells = claiming.map((each) => {
      const verdicts = each.standings.map(({ verdict }) => verdict);
      const worst = worstOf(verdicts) ?? 'UNKNOWN';
      return [
        line(each.subject, 60),
        worst,
        countsOf(verdicts),
        commitmentOf(each)?.declaration.environment ?? '',
      ];
    });
    const drawn = table(cells, (cell, column, row) => {
      const worst = worstOf((claiming[row]?.standings ?? []).map(({ verdict }) => verdict));
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
