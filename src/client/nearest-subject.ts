/** Did-you-mean for a subject that the log has no commitment about, among those that it lists. */
import { printable } from '../bytes/printable.ts';
import { Refusal } from '../bytes/refusal.ts';
import { didYouMean } from '../bytes/suggest.ts';
import type { Page, Wanted } from './search.ts';

/** Bounds of one search: pages of the listing, newest first, and names. */
const MAX_PAGES = 32;
const MAX_NAMES = 2_000;
/** A longer name is not compared: comparing costs the product of both lengths. */
const MAX_LENGTH = 200;

/** `; did you mean X?`, or nothing where no name is near, or none can be had. A listing is not verified, and need not be for a hint. */
export async function nearestSubject(
  pages: (wanted: Wanted) => AsyncIterable<Page>,
  subject: string,
): Promise<string> {
  if (subject.length > MAX_LENGTH) return '';
  const names = new Set<string>();
  try {
    let read = 0;
    for await (const { rows } of pages({ kind: 'commitment' })) {
      for (const row of rows) if (row.subject.length <= MAX_LENGTH) names.add(printable(row.subject));
      if (++read >= MAX_PAGES || names.size >= MAX_NAMES) break;
    }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
  }
  names.delete(subject);
  return didYouMean(subject, [...names].slice(0, MAX_NAMES));
}
