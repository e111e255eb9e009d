/** A question about all subjects, as the URL of the page has it. */
import type { Boot } from '../../../shared/boot.ts';
import type { OverviewJson } from '../../../shared/overview.ts';
import { toldOverview } from '../../state/told-overview.ts';

/** What the reader filters by, as the URL of the page has it. */
export interface Filter {
  readonly prefix: string;
  readonly owner: string;
  readonly verdict: string;
}

export const FILTERS = ['prefix', 'owner', 'verdict'] as const satisfies readonly (keyof Filter)[];

export function filterIn(search: string): Filter {
  const query = new URLSearchParams(search);
  const [prefix = '', owner = '', verdict = ''] = FILTERS.map((name) => query.get(name) ?? '');
  return { prefix, owner, verdict };
}

/** The query of a filter: empty members are left out. */
export function queryOf(filter: Filter): URLSearchParams {
  return new URLSearchParams(FILTERS.flatMap((name) => (filter[name] === '' ? [] : [[name, filter[name]]])));
}

/** Asks once, as `toldOverview` does. `cursor`: of the page before. */
export function askOverview(
  boot: Boot,
  filter: Filter,
  limit: number,
  cursor: string | null = null,
  signal?: AbortSignal,
): Promise<OverviewJson> {
  const query = queryOf(filter);
  query.set('limit', String(limit));
  if (cursor !== null) query.set('cursor', cursor);
  return toldOverview(boot.site ?? { base: '', origin: boot.name }, query, signal);
}
