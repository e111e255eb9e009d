/**
 * How `verify` ends: whether the evidence holds, what the statement says, and what was checked. A runtime proof that is
 * authentic may say that a claim is VIOLATED: no green word stands over that.
 */
import { printable } from '../bytes/printable.ts';
import type { Check } from '../bytes/checklist.ts';
import { formatTime } from '../bytes/time.ts';
import { isWithdrawal } from '../statement/commitment.ts';
import type { ParsedStatement } from '../statement/parse.ts';
import type { Result } from '../statement/proof.ts';
import { VERDICTS, type Verdict } from '../statement/vocabulary.ts';
import { line } from './plain.ts';
import { COLOURS } from './results.ts';

/** What an examination came to. */
export interface Told {
  readonly statement: ParsedStatement | undefined;
  readonly checks: readonly Check[];
  readonly held: boolean;
  readonly missing: readonly string[];
}

/** How evidence stands: a word in its colour, and lines below it. */
export interface Conclusion {
  readonly colour: 'green' | 'red' | 'yellow';
  readonly word: string;
  readonly lines: readonly string[];
}

/** What is said of one set of evidence at the end. `verified`: whether nothing that had to be checked failed or is missing. */
export function conclude({ statement, checks, held, missing }: Told, verified: boolean): Conclusion {
  if (!verified) {
    const why = !held || missing.length === 0 ? '' : `: not checked: ${printable(missing.join(', '), 1000)}`;
    return { colour: 'red', word: `NOT VERIFIED${why}`, lines: [] };
  }
  const says = statement?.kind === 'proof' ? statement.proof.results : undefined;
  const lines = [...(statement === undefined ? [] : [meaningOf(statement)]), checkedText(checks)];
  return says === undefined
    ? { colour: 'green', word: 'VERIFIED', lines }
    : { colour: colourOf(says), word: `AUTHENTIC: ${countsOf(says)}`, lines };
}

/** `3 PROVEN, 1 VIOLATED`. */
function countsOf(results: readonly Result[]): string {
  if (results.length === 0) return 'a heartbeat, which says nothing of any claim';
  return verdictCounts(results)
    .map(([verdict, count]) => `${count} ${verdict}`)
    .join(', ');
}

/** How many claims have each verdict, those alone that some have. */
export function verdictCounts(results: readonly Result[]): readonly (readonly [Verdict, number])[] {
  return VERDICTS.map(
    (verdict) => [verdict, results.filter((each) => each.verdict === verdict).length] as const,
  ).filter(([, count]) => count > 0);
}

/** Green only if the proof says PROVEN of every claim. */
function colourOf(results: readonly Result[]): 'green' | 'red' | 'yellow' {
  const colours = results.map(({ verdict }) => COLOURS[verdict]);
  if (colours.includes('red')) return 'red';
  return results.length > 0 && colours.every((each) => each === 'green') ? 'green' : 'yellow';
}

/** What follows from the entry being authentic, and what does not. */
function meaningOf(statement: ParsedStatement): string {
  const subject = line(statement.subject, 200);
  if (statement.kind === 'proof') {
    const { agent, window } = statement.proof;
    return `so said ${line(agent.name, 128)} about ${subject} for ${formatTime(window.start)} to ${formatTime(window.end)} by its clock; what is so now, tallystick status tells`;
  }
  if (statement.kind !== 'commitment')
    return `a ${statement.kind} about ${subject} is in the log; what follows from it, tallystick status tells`;
  return isWithdrawal(statement.commitment)
    ? `its author withdrew a commitment about ${subject}`
    : `its author declared this of ${subject}; whether it runs, and whether it is in force, tallystick status tells`;
}

/** `checked: statement, inclusion, …; not checked: quorum (no witnesses are asked for)`. */
function checkedText(checks: readonly Check[]): string {
  const done = new Set(checks.filter(({ outcome }) => outcome === 'ok').map(({ name }) => name));
  const skipped = checks.filter(({ outcome }) => outcome === 'skipped');
  const not = skipped.map(({ name, detail }) => `${name} (${detail})`).join('; ');
  return printable(`checked: ${[...done].join(', ')}${not === '' ? '' : `; not checked: ${not}`}`, 1500);
}
