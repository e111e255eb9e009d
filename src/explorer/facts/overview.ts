/** The verdicts of a log's subjects in the words of its server: what is red or uncovered first. */
import { setTimeout as pause } from 'node:timers/promises';
import { Refusal } from '../../bytes/refusal.ts';
import { decodeUtf8 } from '../../bytes/text.ts';
import { formatTime } from '../../bytes/time.ts';
import { badnessOf } from '../../appraisal/gate.ts';
import { VERDICTS, type Verdict } from '../../statement/vocabulary.ts';
import type { ServedLog } from '../port.ts';
import { pathOf } from '../shared/place.ts';
import type { OverviewJson, OverviewRow } from '../shared/overview.ts';
import { markup, type Markup } from './markup.ts';
import { factList, moment, table, type Cell } from './parts.ts';

/** Milliseconds that a page waits for them: one with JavaScript asks again itself. */
const PATIENCE_MS = 150;

/** Rows of a page. */
const SHOWN = 100;

/** Undefined where nobody computes verdicts. */
export async function overviewFacts(log: ServedLog, asked: URLSearchParams): Promise<Markup | undefined> {
  if (log.overview === undefined) return undefined;
  const given = (name: string): string | undefined => {
    const text = asked.get(name);
    return text === null || text === '' ? undefined : text;
  };
  const verdict = VERDICTS.find((each) => each === asked.get('verdict'));
  try {
    const query = { prefix: given('prefix'), owner: given('owner'), verdict, cursor: given('cursor') };
    const page = log.overview.page({ ...query, limit: SHOWN });
    const json = await Promise.race([page, pause(PATIENCE_MS, undefined, { ref: false })]);
    if (json === undefined)
      return markup`<p class="note">The server computes the verdicts of its subjects: load the page again in a moment.</p>`;
    const told: OverviewJson = JSON.parse(decodeUtf8(json));
    return markup`<section aria-labelledby="subjects-title"><h2 id="subjects-title">Subjects</h2>${body(log, told, asked)}</section>`;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return markup`<p class="note">No verdicts yet: ${error.message}</p>`;
  }
}

const HEADS = ['Verdict', 'Subject', 'Claim', 'Since', 'Owner', 'Evidence', 'Next proof due', 'To know'];

function body(log: ServedLog, told: OverviewJson, asked: URLSearchParams): Markup {
  const { computing, rows, next, longest_uncovered: longest, covered_until: until } = told;
  const counts = Object.entries(told.counts).toSorted(([a], [b]) => rank(a) - rank(b));
  const figures: readonly (readonly [string, Cell])[] = [
    ...counts.map(
      ([name, count]) => [name, link(log, asked, { verdict: name }, count.toLocaleString('en'))] as const,
    ),
    ['Proven until', until === null ? undefined : moment(formatTime(until))],
    ['Longest without a proof', longest === null ? undefined : subjectLink(log, longest.subject)],
    ['Waived claims', told.claims.WAIVED],
    ['Left out', told.left_out === 0 ? undefined : told.left_out],
  ];
  const state =
    computing === null
      ? undefined
      : markup`<p class="note">The server is computing: ${computing.done} of ${computing.of} subjects. Load the page again for more.</p>`;
  const cells = rows.map((row) => cellsOf(log, asked, row));
  const list =
    rows.length === 0 ? markup`<p>No subject matches.</p>` : table('Subjects, the worst first', HEADS, cells);
  const more = next === null ? undefined : markup`<p>${link(log, asked, { cursor: next }, 'Next page')}</p>`;
  return markup`${state}${factList(figures)}${list}${more}`;
}

function rank(name: string): number {
  const verdict = VERDICTS.find((each) => each === name);
  return verdict === undefined ? 0 : badnessOf({ verdict, hidden: undefined });
}

function cellsOf(log: ServedLog, asked: URLSearchParams, row: OverviewRow): readonly Cell[] {
  const {
    since,
    due,
    owner,
    waived_by: by,
    waived_until: until,
    approvals_lacking: lacking,
    fault,
    explain,
  } = row;
  const notes = [
    fault,
    by === null || until === null ? null : `waived by ${by} until ${formatTime(until)}`,
    lacking === 0 ? null : `approvals missing: ${lacking}`,
    row.deployments_open === 0 ? null : `deployments that wait for a proof: ${row.deployments_open}`,
    row.verdict === 'PROVEN' || by !== null ? null : explain,
  ];
  return [
    verdictWord(row.verdict, row.hidden),
    subjectLink(log, row.subject),
    row.claim ?? undefined,
    since === null
      ? undefined
      : markup`${row.or_longer ? 'at least since ' : ''}${moment(formatTime(since))}`,
    owner === null ? undefined : link(log, asked, { owner }, owner),
    row.evidence ?? undefined,
    due === null ? undefined : moment(formatTime(due)),
    notes.filter((each) => each !== null).join('; '),
  ];
}

/** Nothing of it is verified, so nothing of it is green. */
function verdictWord(verdict: Verdict, hidden: Verdict | null): Markup {
  return markup`<b class="hollow">${verdict}${hidden === null ? '' : ` (${hidden})`}</b>`;
}

function subjectLink(log: ServedLog, subject: string): Markup {
  return markup`<a href="${log.base}${pathOf({ kind: 'subject', subject })}">${subject}</a>`;
}

/** The page with some of its query changed. */
function link(
  log: ServedLog,
  asked: URLSearchParams,
  change: Readonly<Record<string, string>>,
  text: string,
): Markup {
  const query = new URLSearchParams(
    ['prefix', 'owner', 'verdict'].flatMap((name) => {
      const value = asked.get(name);
      return value === null || value === '' ? [] : [[name, value]];
    }),
  );
  for (const [name, value] of Object.entries(change)) query.set(name, value);
  return markup`<a href="${log.base}/?${query.toString()}">${text}</a>`;
}
