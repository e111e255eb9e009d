/**
 * Reads the past of many subjects, one after another, within a bound of memory: that of a part of them at a time. Of each part the
 * entries are fetched together, in the order of the log (`Snapshot.gather`), so the log is read once for each part, and not once for
 * each subject.
 *
 *     for await (const { subject, read } of readPasts(snapshot, subjects, period)) {
 *       const record = await read();          // refuses as readPast does
 *       …
 *     }
 */
import type { PastRecord, Period } from '../../appraisal/past/types.ts';
import { MOST_GATHERED } from '../gathered.ts';
import type { Listed } from '../search.ts';
import type { Snapshot } from '../snapshot.ts';
import { DECLARING } from '../declaring.ts';
import { planPast, readPlanned, type PastOptions, type PastPlan } from './read.ts';

/** Most subjects of one part, and of the first one. */
const MOST_SUBJECTS = 2_048;
const FIRST_SUBJECTS = 512;
/** Proofs of the first part, about; of a later one as many as fit, and no more than the other. */
const FIRST_ROWS = 32_768;
const MOST_ROWS = 98_304;
/** The part of the room for bytes that is planned for, since the entries of the next part may be longer. */
const USED = 0.9;

/** One subject whose past is about to be read. */
export interface PastAhead {
  readonly subject: string;
  /** Refuses as `readPast` does. */
  readonly read: () => Promise<PastRecord>;
}

/** Every subject, in this order. What keeps one of them from being read is thrown by its `read`. */
export async function* readPasts(
  snapshot: Snapshot,
  subjects: readonly string[],
  period: Period,
  options: PastOptions = {},
): AsyncGenerator<PastAhead, void, undefined> {
  let [most, expected] = [FIRST_ROWS, FIRST_SUBJECTS];
  for (let next = 0; next < subjects.length;) {
    const some = subjects.slice(next, next + Math.min(expected, MOST_SUBJECTS));
    await snapshot.gather(await declaringRows(snapshot, some));
    const { part, rows } = await planned(snapshot, some, period, options, most);
    const bytes = await snapshot.gather(rows, true);
    for (const [i, plan] of part.entries()) {
      const read = async (): Promise<PastRecord> => readPlanned(snapshot, await plan, options);
      yield { subject: some[i] ?? '', read };
    }
    next += part.length;
    expected = part.length < some.length ? Math.ceil(part.length * 1.25) : part.length * 2;
    if (bytes > 0) most = Math.min(MOST_ROWS, Math.ceil((USED * MOST_GATHERED * rows.length) / bytes));
  }
}

/** Plans for the first of these subjects, at least one, until they have `most` rows. A plan that fails is thrown by who awaits it. */
async function planned(
  snapshot: Snapshot,
  subjects: readonly string[],
  period: Period,
  options: PastOptions,
  most: number,
): Promise<{ readonly part: readonly Promise<PastPlan>[]; readonly rows: readonly Listed[] }> {
  const part: Promise<PastPlan>[] = [];
  const rows: Listed[] = [];
  for (const subject of subjects) {
    if (part.length > 0 && rows.length >= most) break;
    const plan = planPast(snapshot, subject, period, options);
    part.push(plan);
    const [settled] = await Promise.allSettled([plan]);
    if (settled.status === 'fulfilled') for (const row of settled.value.rows) rows.push(row);
  }
  return { part, rows };
}

/** Rows of what is declared. Only where they cost nothing: a search would be asked twice. */
async function declaringRows(snapshot: Snapshot, subjects: readonly string[]): Promise<readonly Listed[]> {
  const found: Listed[] = [];
  if (snapshot.times === 'log') return found;
  for (const subject of subjects)
    for (const kind of DECLARING)
      for await (const { rows } of snapshot.pages({ subject, kind })) for (const row of rows) found.push(row);
  return found;
}
