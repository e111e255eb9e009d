/** A past moment of a log (`--at`), for people. */
import { formatTime } from '../../bytes/time.ts';
import type { Moment } from '../../client/moment.ts';

const RESTS: Readonly<Record<Moment['rests'], string>> = {
  log: "by the log's word",
  witnessed: 'by its witnesses',
  head: 'or earlier: no source states when its last entry was logged',
};

/** One line: size, root, time, and who states the time. */
export function atLine({ size, root, time, rests, witnessed, logged, contradicted }: Moment): string {
  const what = `at       ${formatTime(time)}: the first ${size} entries, root ${root.toHex().slice(0, 16)}…, ${RESTS[rests]}`;
  const least = witnessed === undefined ? [] : [`a quorum had cosigned the first ${witnessed} by then`];
  const bounds = [
    ...(logged.notBefore === undefined ? [] : [`not before ${formatTime(logged.notBefore)}`]),
    ...(logged.notAfter === undefined ? [] : [`not after ${formatTime(logged.notAfter)}`]),
  ];
  const shown =
    bounds.length === 0
      ? []
      : [`its witnesses show that the last of them was logged ${bounds.join(' and ')}`];
  const lie = contradicted ? ["the log's own time contradicts its witnesses and is not used"] : [];
  return `${[what, ...least, ...shown, ...lie].join('; ')}. Later entries do not count here`;
}
