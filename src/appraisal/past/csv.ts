/** The past of a subject as CSV: a line for each span and each look of its claims (spec/audit.md, "Commands"). */
import type { ClaimPast, Look, Span } from './known-types.ts';
import { formatCsv } from '../../bytes/csv.ts';
import { formatTime } from '../../bytes/time.ts';

const COLUMNS = [
  'record',
  'subject',
  'claim',
  'from',
  'to',
  'kind',
  'hides',
  'why',
  'verdict',
  'stated',
  'evidence',
  'commitment',
  'entry',
  'index',
  'signer',
  'kid',
  'made_not_before',
  'logged_not_after',
  'logged_by_log',
  'vouched',
  'grade',
] as const;

/** Times are ISO 8601 in UTC; a value that is not known is empty. A text that a spreadsheet would compute has an apostrophe before it. */
export function historyCsv(subject: string, claims: readonly ClaimPast[]): string {
  const rows = claims.flatMap((each) => [
    ...each.spans.map((span) => spanRow(subject, each, span)),
    ...each.looks.map((look) => lookRow(subject, each, look)),
  ]);
  return formatCsv([COLUMNS, ...rows.map((row) => COLUMNS.map((name) => row[name] ?? ''))]);
}

type Row = Partial<Record<(typeof COLUMNS)[number], string | number | undefined>>;

function spanRow(subject: string, { claim, figures }: ClaimPast, span: Span): Row {
  const { from, to, kind, hides, why, verdict, evidence, commitment, entry } = span;
  const [starts, ends] = [formatTime(from), formatTime(to)];
  const grade = figures.grades.time;
  return {
    record: 'span',
    subject,
    claim,
    from: starts,
    to: ends,
    kind,
    hides,
    why,
    verdict,
    evidence,
    commitment,
    entry,
    grade,
  };
}

function lookRow(subject: string, { claim, figures }: ClaimPast, look: Look): Row {
  const { entry, kid, name, verdict, stated, evidence, commitment, bounds, loggedAt, vouched } = look;
  const { start, end } = entry.parsed.proof.window;
  return {
    record: 'look',
    subject,
    claim,
    from: formatTime(start),
    to: formatTime(end),
    verdict,
    stated,
    evidence,
    commitment,
    entry: entry.id,
    index: entry.index,
    signer: name,
    kid,
    made_not_before: timeOf(bounds.notBefore),
    logged_not_after: timeOf(bounds.notAfter),
    logged_by_log: timeOf(loggedAt),
    vouched,
    grade: figures.grades.looks,
  };
}

function timeOf(seconds: number | undefined): string | undefined {
  return seconds === undefined ? undefined : formatTime(seconds);
}
