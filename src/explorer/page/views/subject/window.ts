/** Which part of time the page of a subject shows: a day, a month or a year, up to now or to a moment; kept in the URL. */
import { useState } from 'preact/hooks';
import type { Window } from './data.ts';

export const ZOOMS = { day: 86_400, month: 30 * 86_400, year: 365 * 86_400 } as const;
export type Zoom = keyof typeof ZOOMS;

export interface View extends Window {
  readonly zoom: Zoom;
  /** End of the period as the URL says it, POSIX seconds; undefined: now. */
  readonly end: number | undefined;
}

export interface Change {
  readonly zoom?: Zoom;
  /** Null: now. */
  readonly end?: number | null;
  /** Empty: now. */
  readonly at?: string;
  readonly whole?: boolean;
}

/** The view of the URL, and what changes it. */
export function useView(): readonly [View, (change: Change) => void] {
  const [view, setView] = useState(() => viewIn(location.search, Math.floor(Date.now() / 1000)));
  const change = (made: Change): void => {
    const url = new URL(location.href);
    const set = (name: string, value: string | undefined): void => {
      if (value === undefined || value === '') url.searchParams.delete(name);
      else url.searchParams.set(name, value);
    };
    if (made.zoom !== undefined) set('zoom', made.zoom === 'month' ? '' : made.zoom);
    if (made.end !== undefined) set('until', made.end === null ? '' : String(made.end));
    if (made.at !== undefined) set('at', made.at);
    if (made.whole !== undefined) set('whole', made.whole ? '1' : '');
    history.replaceState(null, '', url);
    setView(viewIn(url.search, Math.floor(Date.now() / 1000)));
  };
  return [view, change];
}

/** Pure. `now`: POSIX seconds. */
export function viewIn(search: string, now: number): View {
  const query = new URLSearchParams(search);
  const asked = query.get('zoom');
  const zoom: Zoom = asked === 'day' || asked === 'year' ? asked : 'month';
  const until = Number(query.get('until') ?? NaN);
  const end = Number.isSafeInteger(until) && until > 0 && until < now ? until : undefined;
  const at = query.get('at') ?? '';
  const to = end ?? now;
  return {
    zoom,
    end,
    period: { since: Math.max(0, to - ZOOMS[zoom]), until: to },
    whole: query.get('whole') === '1',
    ...(at !== '' && { at }),
  };
}
