/** The past of a subject over a period, for people (`tallystick history`). */
import type {
  AgentKey,
  ClaimPast,
  Difference,
  Figures,
  KnownHistory,
  Look,
  Span,
} from '../../appraisal/past/known-types.ts';
import type { PastRecord } from '../../appraisal/past/types.ts';
import { versionJson } from '../../appraisal/versions.ts';
import { formatTime } from '../../bytes/time.ts';
import type { Output } from '../frame/output.ts';
import { GRADE_WORDS, rangeOf, shareOf, spanText, toldText } from '../../words/history.ts';
import { line, oddsOf, spanOf } from '../../words/plain.ts';

/** Spans, looks and differences of one claim that are printed; --json and --csv have all. */
const MOST_SHOWN = 40;

/** `isAlone`: each look at the claims is shown, too. */
export function historyLines(
  output: Output,
  record: PastRecord,
  past: KnownHistory,
  isAlone: boolean,
): readonly string[] {
  return [
    `${output.paint('bold', line(past.subject))}  ${rangeOf(past.period.since, past.period.until)}`,
    `log         ${line(past.origin)}, ${past.size} entries; ${vouchedText(past)}`,
    ...declaredLines(record, past),
    ...(past.claims.length === 0 ? ['claims      none was made in the period'] : []),
    ...past.claims.flatMap((each) => claimLines(output, each, isAlone)),
    ...past.keys.map((each, i) => `${(i === 0 ? 'agents' : '').padEnd(11)} ${keyText(each)}`),
    ...past.wrong.map((each) => output.paint('yellow', `wrong       ${line(each)}`)),
  ];
}

function vouchedText({ vouched, heads: { before, after } }: KnownHistory): string {
  if (vouched === 'log') return "all times are the log's word: no witnessed head is in reach";
  const edge = (what: string, head: typeof before): string =>
    head === undefined ? `none ${what}` : `one of ${head.size} entries ${what}`;
  return `times are bounded by witnessed heads (${edge('before the period', before)}, ${edge('after it', after)})`;
}

function declaredLines({ policies }: PastRecord, { declared, withdrawals }: KnownHistory): readonly string[] {
  const lines = declared.map((each) => {
    const { index, author, time, state, approved_by: by } = versionJson(policies, each);
    const approved = by.length === 0 ? '' : `, approved by ${by.join(', ')}`;
    return `entry ${index} (${each.entry.id.slice(0, 16)}…) by ${author} (key ${each.entry.parsed.kid.slice(0, 16)}…)${approved}, ${formatTime(time)}; ${state}`;
  });
  const ends = withdrawals.map(
    ({ entry, withdraws }) =>
      `entry ${entry.index} by ${line(policies.nameOf(entry.parsed.kid, entry.index), 40)}, ${formatTime(entry.time)}: withdraws ${withdraws.slice(0, 16)}…`,
  );
  return [...lines, ...ends].map((each, i) => `${(i === 0 ? 'commitments' : '').padEnd(11)} ${each}`);
}

function claimLines(output: Output, past: ClaimPast, isAlone: boolean): readonly string[] {
  const { claim, figures, spans, differences, looks } = past;
  return [
    '',
    output.paint('bold', `claim ${line(claim, 64)}`),
    ...figureLines(figures),
    ...shown(spans, (each) => spanLine(output, each)),
    ...shown(differences, differenceLine),
    ...(isAlone ? shown(looks, (each) => lookLine(output, each)) : []),
    ...momentLines(past),
  ].map((each, i) => (i < 2 ? each : `  ${each}`));
}

function shown<T>(all: readonly T[], text: (each: T) => string): readonly string[] {
  const lines = all.slice(0, MOST_SHOWN).map(text);
  return all.length > MOST_SHOWN ? [...lines, `and ${all.length - MOST_SHOWN} more (--json, --csv)`] : lines;
}

function figureLines({ grades, seconds, hidden, coveredBy, ...counts }: Figures): readonly string[] {
  const total = seconds.covered + seconds.failed + seconds.uncovered + seconds.waived;
  const share = (part: number): string => `${spanOf(part)}, ${shareOf(part, total)}`;
  const classes = Object.entries(coveredBy).map(([name, part]) => `${name} ${spanOf(part)}`);
  const under = Object.entries(hidden).flatMap(([name, part]) =>
    part > 0 ? [`${spanOf(part)} ${name}`] : [],
  );
  const longest = counts.longestUncovered;
  return [
    `covered    ${share(seconds.covered)}${classes.length === 0 ? '' : ` (${classes.join(', ')})`}`,
    `failed     ${share(seconds.failed)}`,
    `uncovered  ${share(seconds.uncovered)}${longest === undefined ? '' : `; the longest ${rangeOf(longest.from, longest.to)}`}`,
    `waived     ${share(seconds.waived)}${under.length === 0 ? '' : `, over ${under.join(' and ')}`}`,
    `looks      ${counts.looks} of ${counts.expected} expected: ${counts.proven} PROVEN, ${counts.failed} failed, ${counts.other} told nothing; ${counts.missed} missed, ${counts.late} late`,
    `complete   looks: ${GRADE_WORDS[grades.looks]}${grades.time === grades.looks ? '' : `; time: ${GRADE_WORDS[grades.time]}`}`,
  ];
}

const KIND_COLOURS = { covered: 'green', failed: 'red', uncovered: 'yellow', waived: 'yellow' } as const;

function spanLine(output: Output, span: Span): string {
  const { from, to, kind, evidence } = span;
  const what = output.paint(KIND_COLOURS[kind], kind.padEnd(9));
  const known = evidence === undefined ? '' : ` ${evidence}`;
  return `${formatTime(from)}  ${spanOf(to - from).padEnd(10)}  ${what}${known}${spanText(span)}`;
}

function differenceLine({ from, to, believed, known, changedBy }: Difference): string {
  const by = changedBy.map(({ index, why }) => `entry ${index}: ${line(why)}`).join('; ');
  return `believed   ${rangeOf(from, to)}: readers were told ${toldText(believed)}, known now is ${toldText(known)}${by === '' ? '' : ` (${by})`}`;
}

function lookLine(output: Output, look: Look): string {
  const {
    entry,
    kid,
    name,
    verdict,
    stated,
    evidence,
    explain,
    bounds,
    vouched,
    isLate,
    isSomewhere,
    wrong,
  } = look;
  const { window } = entry.parsed.proof;
  const said = stated === verdict ? '' : ` (it says ${stated})`;
  const made =
    bounds.notBefore === undefined
      ? 'made at a time that nobody bounds'
      : `made not before ${formatTime(bounds.notBefore)}`;
  const logged =
    bounds.notAfter === undefined
      ? "logged at a time on the log's word"
      : `logged not after ${formatTime(bounds.notAfter)}`;
  const marks = [
    ...(vouched === 'log' ? [] : [made, logged]),
    ...(isLate ? ['late'] : []),
    ...(isSomewhere ? ['made somewhere in between: counts as one look with its neighbours'] : []),
    ...wrong.map((each) => line(each)),
    ...(explain === undefined ? [] : [line(explain)]),
  ];
  const known = evidence === undefined ? '' : ` ${evidence}`;
  const colour = verdict === 'PROVEN' ? 'green' : verdict === 'UNKNOWN' ? 'yellow' : 'red';
  return `${formatTime(window.start)}  ${output.paint(colour, verdict)}${known}${said}  entry ${entry.index} by ${line(name, 40)} (key ${kid.slice(0, 16)}…)${marks.length === 0 ? '' : `; ${marks.join('; ')}`}`;
}

function momentLines({ moments }: ClaimPast): readonly string[] {
  return moments.flatMap(({ kid, moments: each }) => {
    const who = `key ${kid.slice(0, 16)}…`;
    if (each.kind === 'chosen')
      return [
        `moments    ${who}: the agent chose its moments: ${each.why.map((why) => line(why)).join('; ')}`,
      ];
    const odds = each.missed.map(
      ({ seconds, probability }) => `${spanOf(seconds)} with probability ${oddsOf(probability)}`,
    );
    return [
      `moments    ${who}: drawn from revealed seeds in ${each.slots} slots; a violation between looks was missed if it lasted ${odds.join(', ')}`,
    ];
  });
}

function keyText({ kid, names, proofs, grade, why, revoked }: AgentKey): string {
  const gone =
    revoked === undefined ? '' : `; revoked from entry ${revoked.since} on, by entry ${revoked.by}`;
  return `${line(names.join(', '), 80)} (key ${kid.slice(0, 16)}…): ${proofs} proofs; grade ${grade}: ${line(why)}${gone}`;
}
