/** Which part of time the page of a subject shows: an hour, a day, a month or a year, up to now or to a moment; kept in the URL. */
import { useState } from 'preact/hooks';
import { viewIn, type View, type Zoom } from './period.ts';

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
