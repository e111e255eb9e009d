/** Which part of time the page of a subject shows, as its URL says. Pure. Times: POSIX seconds. */
import type { Period } from '../../worker/protocol.ts';

export interface Window {
  readonly period: Period;
  /** A moment as `--at` takes it; absent: now. */
  readonly at?: string;
  readonly whole: boolean;
}

export const ZOOMS = { hour: 3_600, day: 86_400, month: 30 * 86_400, year: 365 * 86_400 } as const;
export type Zoom = keyof typeof ZOOMS;

export interface View extends Window {
  readonly zoom: Zoom;
  /** End of the period as the URL says it, POSIX seconds; undefined: now. */
  readonly end: number | undefined;
}

/** The view of a URL's query; what it does not say well is the default. */
export function viewIn(search: string, now: number): View {
  const query = new URLSearchParams(search);
  const asked = query.get('zoom');
  const zoom: Zoom = asked === 'hour' || asked === 'day' || asked === 'year' ? asked : 'month';
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

/** The end of the period after one; null for now, where it would reach close to that: what is newest is then in it. */
export function laterOf(until: number, step: number, now: number): number | null {
  return until + 1.5 * step > now ? null : until + step;
}

/**
 * The period that is drawn: the one that is asked for, from shortly before the first declaration on, since before it there is nothing to
 * draw. As of a moment, it ends there, which the verifier knows alone.
 */
export function drawnOf(
  { period, at }: View,
  past: (Period & { readonly declared: readonly { readonly time: number }[] }) | undefined,
): Period {
  const { since, until } = at === undefined || past === undefined ? period : past;
  const end = Math.min(until, past?.until ?? until);
  const first = (past?.declared ?? []).reduce((least, { time }) => Math.min(least, time), end);
  const begin = Math.floor(first - Math.max(60, (end - first) / 40));
  return { since: first < end ? Math.max(since, begin) : since, until: end };
}
