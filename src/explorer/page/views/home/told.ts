/** What the server says of all subjects (GET /v1/overview): asked for again while the page is looked at. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import { Unsaid } from '../../state/said.ts';
import { WrongAnswer } from '../../state/shape.ts';
import type { Boot } from '../../../shared/boot.ts';
import { OVERVIEW_MOST, OVERVIEW_PAGE, type OverviewJson } from '../../../shared/overview.ts';
import { askOverview, filterIn, queryOf, type Filter } from './asking.ts';
import { amissIn } from './fits.ts';

/** The filter of the page's URL; a change of it is an entry of the browser's history. */
export function useFilter(): readonly [Filter, (change: Partial<Filter>) => void] {
  const [filter, setFilter] = useState(() => filterIn(location.search));
  useEffect(() => {
    const back = (): void => setFilter(filterIn(location.search));
    addEventListener('popstate', back);
    return () => removeEventListener('popstate', back);
  }, []);
  const change = (changed: Partial<Filter>): void => {
    const next = { ...filter, ...changed };
    const query = queryOf(next).toString();
    history.pushState(null, '', `${location.pathname}${query === '' ? '' : `?${query}`}`);
    setFilter(next);
  };
  return [filter, change];
}

/** Milliseconds until it is asked again: while the server computes, and after. */
const SOON_MS = 1_000;
const LATER_MS = 10_000;
/** However long the server wants to be left alone. */
const LATEST_MS = 300_000;

/** Why there is nothing new. */
export interface ToldFault {
  readonly text: string;
  /** Whether the server answered something that cannot be its answer; else it said why, or nobody answered. */
  readonly isWrong: boolean;
  /** For how long the server wants not to be asked again. */
  readonly waitMs: number;
}

export interface Told {
  readonly told: OverviewJson | undefined;
  readonly fault: ToldFault | undefined;
  /** What the server says against itself (fits.ts). */
  readonly amiss: readonly string[];
  /** Shows one page more; undefined at the end. */
  readonly more: (() => void) | undefined;
}

/** The first rows, up to 500 of them; then further ones page by page, which are not asked for again. */
export function useTold(boot: Boot, filter: Filter): Told {
  const [told, setTold] = useState<OverviewJson | undefined>(undefined);
  const [fault, setFault] = useState<ToldFault | undefined>(undefined);
  const [limit, setLimit] = useState(OVERVIEW_PAGE);
  const [further, setFurther] = useState<OverviewJson | undefined>(undefined);
  const key = queryOf(filter).toString();
  useEffect(() => {
    setLimit(OVERVIEW_PAGE);
    setFurther(undefined);
  }, [key]);
  useEffect(() => {
    const ended = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async (): Promise<void> => {
      const next = await asked(boot, filter, limit, ended.signal);
      if (ended.signal.aborted) return;
      if ('told' in next) setTold(next.told);
      setFault('fault' in next ? next.fault : undefined);
      timer = setTimeout(() => void whenSeen(ask, ended.signal), pauseAfter(next));
    };
    void ask();
    return () => {
      ended.abort();
      clearTimeout(timer);
    };
  }, [boot, key, limit]);
  const last = further ?? told;
  const addPage = async (cursor: string | null): Promise<void> => {
    const next = await asked(boot, filter, OVERVIEW_MOST, undefined, cursor);
    if ('fault' in next) setFault(next.fault);
    else setFurther({ ...next.told, rows: [...(further?.rows ?? []), ...next.told.rows] });
  };
  const page = (): void => {
    if (limit < OVERVIEW_MOST) return setLimit(Math.min(OVERVIEW_MOST, limit * 2 + OVERVIEW_PAGE));
    if (last === undefined) return;
    void addPage(last.next);
  };
  const rows = told && { ...told, rows: [...told.rows, ...(further?.rows ?? [])] };
  const amiss = useMemo(() => (told === undefined ? [] : amissIn(told, filter)), [told]);
  return { told: rows, fault, amiss, more: last?.next === null || last === undefined ? undefined : page };
}

type Answer = { readonly told: OverviewJson } | { readonly fault: ToldFault };

function pauseAfter(answer: Answer): number {
  if ('fault' in answer) return Math.min(LATEST_MS, Math.max(LATER_MS, answer.fault.waitMs));
  return answer.told.computing === null ? LATER_MS : SOON_MS;
}

async function asked(
  boot: Boot,
  filter: Filter,
  limit: number,
  signal?: AbortSignal,
  cursor: string | null = null,
): Promise<Answer> {
  try {
    return { told: await askOverview(boot, filter, limit, cursor, signal) };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const waitMs = error instanceof Unsaid ? error.waitMs : 0;
    return { fault: { text, isWrong: error instanceof WrongAnswer, waitMs } };
  }
}

/** Nobody is asked for a page that nobody looks at. */
async function whenSeen(run: () => Promise<void>, signal: AbortSignal): Promise<void> {
  if (document.visibilityState === 'hidden') {
    const seen = Promise.withResolvers<void>();
    document.addEventListener('visibilitychange', () => seen.resolve(), { once: true, signal });
    await seen.promise;
  }
  if (!signal.aborted) await run();
}
