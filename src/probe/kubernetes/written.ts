/** When an object was written last, by its server's word: the newest time that it or one of its managers has. */
import type { Withheld } from '../../claim/withheld.ts';
import type { ValueMap } from '../../claim/value.ts';
import type { LiveObject } from './object.ts';
import { shownPath } from './shown.ts';
import { mapsAt, partAt, textAt } from '../tree.ts';

/** Most managers of one object whose times are read. */
const MAX_MANAGERS = 50;

/** POSIX seconds; undefined if the server does not say it of each manager. Writes of the status alone do not count. */
export function writtenAt({ tree }: Pick<LiveObject, 'tree'>): number | undefined {
  const metadata = partAt(tree, 'metadata');
  const managers = mapsAt(metadata, 'managedFields');
  if (managers.length === 0 || managers.length > MAX_MANAGERS) return undefined;
  const said = [
    textAt(metadata, 'creationTimestamp'),
    ...managers
      .filter((each) => textAt(each, 'subresource') !== 'status')
      .map((each) => textAt(each, 'time')),
  ];
  const times = said.map((text) => Date.parse(text ?? '') / 1000);
  return times.some((each) => Number.isNaN(each)) ? undefined : Math.max(...times);
}

/**
 * `settled` of the value: true if no declared object was written in the last `settle` seconds before `begun`, absent if one was or may
 * have been. `live`: the declared objects that are there. All times are the server's word, `begun` (POSIX seconds) the agent's.
 */
export function settledIn(
  live: readonly LiveObject[],
  settle: number,
  begun: number,
): { readonly value: ValueMap; readonly withheld: readonly Withheld[] } {
  const open = live.find((each) => {
    const at = writtenAt(each);
    return at === undefined || at > begun - settle;
  });
  if (open === undefined && live.length > 0) return { value: { settled: true }, withheld: [] };
  const reason =
    open === undefined
      ? 'no declared object is there'
      : writtenAt(open) === undefined
        ? `the API server does not say when ${shownPath(open.path)} was written`
        : `${shownPath(open.path)} was written in the last ${settle} s: it is not known whether the network has taken it yet`;
  return { value: {}, withheld: [{ path: '/settled', reason }] };
}
