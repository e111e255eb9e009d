/** What a snapshot of a log was checked for, in words. */
import type { Snapshot } from '../client/snapshot.ts';
import { line } from './plain.ts';

/** How somebody who looks at a page checks that nothing was left out. */
export const BY_READING = 'reading the whole log checks it';

/** What was verified of the log, and what was taken on its word. `how`: what checks that nothing was left out. */
export function checkedLine(
  { view, size, completeness, full, readFrom, times, isExcerpt }: Snapshot,
  how = '--monitor or --full checks it',
): string {
  const tail =
    readFrom < size
      ? `every entry from ${readFrom} on was read, so none of these was left out; before it, `
      : '';
  const whole = isExcerpt
    ? 'what is not in the bundle is not known: tallystick verify says how complete it is'
    : full
      ? `the whole ${times === 'log' ? 'log' : 'copy'} was read: nothing was left out`
      : completeness.length > 0
        ? completeness
            .map((each) => `${line(each.url)} has no further ones up to entry ${each.size - 1}`)
            .join('; ')
        : `${tail}the log's search was trusted to leave nothing out (${how})`;
  const when =
    times === 'log'
      ? "; the times of entries are by the log's own clock"
      : '; times are the latest that signed heads allow, because the copy has no others';
  return `checked  signed head of ${view.head.size} entries; each entry used is in the tree, by an enrolled key; ${whole}${when}`;
}
