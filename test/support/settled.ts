/** Verdicts of all subjects, computed to the end. */
import type { Verdicts } from '#src/explorer/overview/verdicts.ts';
import type { OverviewRow } from '#src/explorer/shared/overview.ts';

/** Looks, and computes all that changed; returns how many subjects those were. */
export async function settle(verdicts: Verdicts): Promise<number> {
  await verdicts.look();
  let computed = 0;
  while (await verdicts.next()) computed += 1;
  return computed;
}

export const rowsOf = (verdicts: Verdicts): readonly OverviewRow[] => [...verdicts.rows()];
