/** The result of `gate` and `wait`: lines for people, an object for machines, and the exit code. */
import type { Hindrance } from '../../appraisal/gate.ts';
import { formatTime } from '../../bytes/time.ts';
import { subjectJson } from '../../appraisal/json.ts';
import { verdictText, type SubjectStatus } from '../../appraisal/subject.ts';
import { snapshotJson } from '../../client/snapshot-json.ts';
import type { Snapshot } from '../../client/snapshot.ts';
import { EXIT } from '../exit.ts';
import type { Output } from '../frame/output.ts';
import { checkedLine } from '../../words/checked.ts';
import { countsOf, subjectLines } from './subject.ts';
import { line, spanOf } from '../../words/plain.ts';

/** One line for people. */
export function hindranceText(hindrance: Hindrance): string {
  if (hindrance.kind === 'no-claims') return `${line(hindrance.subject)} has no claims`;
  const { claim, evidence = 'E0', age = 0, explain } = hindrance.claim;
  if (hindrance.kind === 'class') return `${claim.id} has evidence of class ${evidence} only`;
  if (hindrance.kind === 'age') return `${claim.id} was proven ${spanOf(age)} ago`;
  if (hindrance.kind === 'unseen')
    return `no proof of ${claim.id} that began since ${formatTime(hindrance.since)}`;
  return `${claim.id} is ${verdictText(hindrance.claim)}${explain === undefined ? '' : `: ${line(explain)}`}`;
}

/** Prints whether the gate passed and, if not, every reason. `waited`: seconds. Returns the exit code. */
export function tellGate(
  output: Output,
  name: 'gate' | 'wait',
  look: Snapshot,
  statuses: readonly SubjectStatus[],
  hindrances: readonly Hindrance[],
  waited?: number,
): number {
  const passed = hindrances.length === 0;
  if (passed) {
    const after = waited === undefined ? '' : ` after ${spanOf(waited)}`;
    const claims = statuses.flatMap((each) => each.claims);
    const colour = claims.every(({ verdict }) => verdict === 'PROVEN') ? 'green' : 'yellow';
    output.print(`${output.paint(colour, 'passed')}${after}: ${countsOf(claims)}`);
  } else {
    for (const each of statuses) output.print(subjectLines(output, look, each).join('\n'));
    for (const each of hindrances)
      output.print(output.paint(each.failed ? 'red' : 'yellow', `not passed: ${hindranceText(each)}`));
  }
  output.note(checkedLine(look));
  output.result(name, {
    ...snapshotJson(look),
    passed,
    ...(waited !== undefined && { waited }),
    hindrances: hindrances.map(hindranceText),
    subjects: statuses.map(subjectJson),
  });
  if (passed) return EXIT.ok;
  return hindrances.some(({ failed }) => failed) ? EXIT.verification : EXIT.quorum;
}
