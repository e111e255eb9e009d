/** A page of the first screen from the rows that are kept: filtered, counted, the worst first. Pure. */
import { badnessOf } from '../../appraisal/gate.ts';
import { refuse } from '../../bytes/refusal.ts';
import { decodeUtf8, encodeUtf8, formatBase64Url, parseBase64Url } from '../../bytes/text.ts';
import type { OverviewQuery } from '../../log/ports.ts';
import { SEVERITIES } from '../../statement/vocabulary.ts';
import type { OverviewJson, OverviewRow } from '../shared/overview.ts';
import { ownersOf, prefixesOf, totalsOf, type Totals } from '../shared/totals.ts';

type Page = Totals & Pick<OverviewJson, 'prefixes' | 'owners' | 'rows' | 'next'>;

/** The place of a row among all: the worst first, then the most severe, then the longest, then by name. */
export function placeOfRow({ verdict, hidden, severity, since, subject, fault }: OverviewRow): string {
  // What cannot be read comes before what nobody has looked at yet.
  const bad = Math.round((badnessOf({ verdict, hidden }) - (fault === null ? 0 : 0.5)) * 100);
  const severe = SEVERITIES.findIndex((each) => each === severity);
  const begun = String(since ?? MOST_TIME).padStart(12, '0');
  return `${String(bad + 100).padStart(4, '0')} ${severe < 0 ? 9 : severe} ${begun} ${subject}`;
}

const MOST_TIME = 999_999_999_999;

/** `sorted`: rows with their places, in order. Refuses `bad-request` for a cursor that is none. */
export function pageOf(
  sorted: readonly (readonly [place: string, row: OverviewRow])[],
  { prefix = '', owner, verdict, cursor, limit }: OverviewQuery,
): Page {
  const after = cursor === undefined ? '' : cursorIn(cursor);
  const named = sorted.filter(([, { subject }]) => subject.startsWith(prefix));
  const owned = owner === undefined ? named : named.filter(([, row]) => row.owner === owner);
  const rows = owned.map(([, row]) => row);
  const asked = verdict === undefined ? owned : owned.filter(([, row]) => row.verdict === verdict);
  const from = asked.findIndex(([place]) => place > after);
  const page = from < 0 ? [] : asked.slice(from, from + limit);
  const last = page.at(-1);
  const more = last !== undefined && from + page.length < asked.length;
  return {
    ...totalsOf(rows),
    prefixes: prefixesOf(rows, prefix),
    owners: ownersOf(named.map(([, row]) => row)),
    rows: page.map(([, row]) => row),
    next: more ? formatBase64Url(encodeUtf8(last[0])) : null,
  };
}

function cursorIn(cursor: string): string {
  try {
    return decodeUtf8(parseBase64Url(cursor));
  } catch (error) {
    throw refuse('bad-request', 'the cursor is none that this server gave: take `next` as it is', {
      cause: error,
    });
  }
}
