/** The report of an audit, for people (`tallystick audit`). */
import type { ControlReport } from '../../audit/controls/report.ts';
import type { Population } from '../../audit/inventory.ts';
import type { AuditedClaim, AuditedSubject } from '../../audit/report.ts';
import type { AuditRun } from '../../audit/run.ts';
import { formatTime } from '../../bytes/time.ts';
import type { Output } from '../frame/output.ts';
import { line, spanOf } from '../../words/plain.ts';

/** Systems, days and the like that are printed of each list; --json has all. */
const MOST_SHOWN = 20;

export function auditLines(output: Output, { report, unreadable, leftOut }: AuditRun): readonly string[] {
  const { period, subjects, controls, population, notProven, faults } = report;
  const open = unreadable.map(({ subject, refusal }) => `${line(subject)} cannot be read (${refusal.code})`);
  const all = [...faults, ...open];
  return [
    `${output.paint('bold', 'Audit')}  ${formatTime(period.since)} to ${formatTime(period.until)} (${spanOf(period.until - period.since)})`,
    `subjects    ${subjects.length} reported on; ${othersText(leftOut)}`,
    ...populationLines(population),
    ...subjects.flatMap((each) => subjectLines(output, each)),
    ...controls.flatMap((each) => controlLines(output, each)),
    '',
    output.paint('bold', 'Not proven'),
    ...shown(notProven, (each) => `  ${line(each, 400)}`),
    '',
    ...(all.length === 0
      ? [output.paint('green', 'HOLDS: nothing failed, was missed, or is unknown')]
      : [
          output.paint('red', `DOES NOT HOLD: ${all.length} ${all.length === 1 ? 'reason' : 'reasons'}`),
          ...shown(all, (each) => `  ${line(each, 400)}`),
        ]),
  ];
}

function othersText(leftOut: number | undefined): string {
  if (leftOut === undefined) return 'what others the log has was not asked';
  return `${leftOut} others of the log are not`;
}

function shown<T>(all: readonly T[], text: (each: T) => string): readonly string[] {
  const lines = all.slice(0, MOST_SHOWN).map(text);
  return all.length > MOST_SHOWN ? [...lines, `  and ${all.length - MOST_SHOWN} more (--json)`] : lines;
}

function populationLines(population: Population | undefined): readonly string[] {
  if (population === undefined)
    return ['inventory   none was given: whether these are all systems is not known'];
  const { both, inventoryOnly, logOnly } = population;
  return [
    `inventory   ${both.length} systems are in the log, ${inventoryOnly.length} are not; ${logOnly.length} subjects of the log are in no row`,
    ...shown(
      inventoryOnly,
      ({ name, subject }) => `  not in the log     ${line(name, 80)} (${line(subject, 80)})`,
    ),
    ...shown(logOnly, (subject) => `  not in the inventory  ${line(subject, 80)}`),
  ];
}

function subjectLines(output: Output, { subject, claims, vouched }: AuditedSubject): readonly string[] {
  const when = vouched === 'witnesses' ? 'times bounded by witnesses' : "times on the log's word";
  return [
    '',
    `${output.paint('bold', line(subject))}  ${when}`,
    ...shown(claims, (each) => claimLine(output, each)),
  ];
}

function claimLine(output: Output, { claim, figures, unclaimed }: AuditedClaim): string {
  const { expected, looks, proven, failed, missed, late, seconds, hidden, grades } = figures;
  const bad = failed > 0 || seconds.failed > 0 || hidden.failed > 0;
  const unknown = seconds.uncovered - unclaimed;
  const isOpen = missed > 0 || late > 0 || seconds.uncovered > 0 || seconds.waived > 0;
  const colour = bad ? 'red' : isOpen ? 'yellow' : 'green';
  const parts = [
    `${looks} of ${expected} looks, ${proven} PROVEN`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(missed > 0 ? [`${missed} missed`] : []),
    ...(late > 0 ? [`${late} late`] : []),
    `covered ${spanOf(seconds.covered)}`,
    ...(seconds.failed > 0 ? [`failed ${spanOf(seconds.failed)}`] : []),
    ...(unknown > 0 ? [`nothing known ${spanOf(unknown)}`] : []),
    ...(unclaimed > 0 ? [`not claimed ${spanOf(unclaimed)}`] : []),
    ...(seconds.waived > 0
      ? [`waived ${spanOf(seconds.waived)}${hidden.failed > 0 ? ' over a failure' : ''}`]
      : []),
    `grade ${grades.time}`,
  ];
  return `  ${output.paint(colour, line(claim, 64))}  ${parts.join('; ')}`;
}

function controlLines(
  output: Output,
  { framework, item, supports, days, holds }: ControlReport,
): readonly string[] {
  const title = `${output.paint(holds ? 'green' : 'red', `${framework.id} ${item.id}`)}  ${item.title}`;
  const cadence = item.cadence === undefined ? 'its text names no cadence' : item.cadence.says;
  const by = supports.map(
    ({ subject, claim, saidBy }) => `${line(subject, 64)} ${claim} (said by the ${saidBy})`,
  );
  const bad = days.filter(({ state }) => state !== 'covered');
  return [
    '',
    title,
    `  ${framework.title}, ${framework.edition}; ${cadence}`,
    ...(by.length === 0 ? ['  no claim supports it'] : shown(by, (each) => `  supported by ${each}`)),
    ...(days.length === 0 ? [] : [`  ${days.length - bad.length} of ${days.length} days are covered`]),
    ...shown(bad, ({ day, state, looks }) => `  ${day}  ${state}, ${looks} looks`),
  ];
}
