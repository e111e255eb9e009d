/** Entries of a log in the words of its server: of a subject, or found. */
import { parseDecimal } from '../../bytes/text.ts';
import { formatTime } from '../../bytes/time.ts';
import type { EntryRow, Query } from '../../log/ports.ts';
import { STATEMENT_KINDS } from '../../statement/kinds.ts';
import type { ServedLog } from '../port.ts';
import { pathOf } from '../shared/place.ts';
import { markup, type Markup } from './markup.ts';
import { code, moment, table } from './parts.ts';

/** Rows of a page. */
const SHOWN = 100;

/** The entries of a subject, newest first. */
export async function subjectFacts(log: ServedLog, subject: string, asked: URLSearchParams): Promise<Markup> {
  const query = { subject, ...beforeOf(asked) };
  return markup`<h1>${subject}</h1>${await found(log, query, pathOf({ kind: 'subject', subject }), asked)}`;
}

const FIELDS = [
  ['subject', 'Subject (its whole name)'],
  ['issuer', 'Issuer'],
  ['kid', 'Key (hex)'],
] as const;

/** A form, and what it finds. */
export async function searchFacts(log: ServedLog, asked: URLSearchParams): Promise<Markup> {
  const given = FIELDS.flatMap(([name]) => {
    const text = asked.get(name);
    return text === null || text === '' ? [] : [[name, text] as const];
  });
  const kind = STATEMENT_KINDS.find((each) => each === asked.get('kind'));
  const query = {
    ...Object.fromEntries(given),
    ...(kind && { kind }),
    ...beforeOf(asked),
  };
  return markup`<h1>Search</h1>${form(log, asked)}${await found(log, query, '/search', asked)}`;
}

function form(log: ServedLog, asked: URLSearchParams): Markup {
  const fields = FIELDS.map(
    ([name, label]) =>
      markup`<label>${label} <input name="${name}" value="${asked.get(name) ?? ''}" autocomplete="off"></label>`,
  );
  const kinds = STATEMENT_KINDS.map((kind) => {
    const isChosen = asked.get('kind') === kind;
    return isChosen ? markup`<option selected>${kind}</option>` : markup`<option>${kind}</option>`;
  });
  return markup`<form class="search" method="get" action="${log.base}/search">${fields}
<label>Kind <select name="kind"><option value="">any</option>${kinds}</select></label>
<button>Search</button></form>`;
}

async function found(
  log: ServedLog,
  query: Omit<Query, 'limit'>,
  path: string,
  asked: URLSearchParams,
): Promise<Markup> {
  if (log.search === undefined)
    return markup`<p class="note">This server has a copy of the log's files and no index of them. A browser with JavaScript reads the files.</p>`;
  const { rows, next } = await log.search({ ...query, limit: SHOWN });
  if (rows.length === 0 && next === undefined) return markup`<p>There is no such entry.</p>`;
  const more = next === undefined ? undefined : nextLink(log, path, asked, next);
  return markup`${table(
    'Entries, newest first',
    ['Entry', 'Kind', 'Subject', 'Logged', 'Issuer', 'Key'],
    rows.map((row) => cells(log, row)),
  )}${more}`;
}

function cells({ base }: ServedLog, { index, kind, subject, time, issuer, kid }: EntryRow) {
  return [
    markup`<a href="${base + pathOf({ kind: 'entry', index })}">${index}</a>`,
    kind,
    markup`<a href="${base + pathOf({ kind: 'subject', subject })}">${subject}</a>`,
    moment(formatTime(time)),
    issuer,
    code(kid.slice(0, 16)),
  ];
}

function nextLink({ base }: ServedLog, path: string, asked: URLSearchParams, next: number): Markup {
  const onward = new URLSearchParams(asked);
  onward.set('before', String(next));
  return markup`<p><a rel="next" href="${base}${path}?${onward.toString()}">Older entries</a></p>`;
}

/** Refuses `bad-request` for what is no number. */
function beforeOf(asked: URLSearchParams): Pick<Query, 'before'> {
  const before = asked.get('before');
  return before === null ? {} : { before: parseDecimal(before) };
}
