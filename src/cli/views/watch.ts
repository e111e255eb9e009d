/** What `watch` found, for people and for machines. */
import { subjectJson } from '../../appraisal/json.ts';
import { formatTime } from '../../bytes/time.ts';
import { snapshotJson } from '../../client/snapshot-json.ts';
import { isEnd, type Change } from '../../monitor/watch/changes.ts';
import type { WatchRound } from '../../monitor/watch/watch.ts';
import type { JsonValue, Output } from '../frame/output.ts';
import { unreadableJson } from './subject.ts';
import { line } from '../../words/plain.ts';
import { paintVerdict } from './words.ts';

/** `time subject claim PROVEN → STALE (why)`, or how the claim ended. */
export function changeText(output: Output, { at, status: { subject }, claim, before, now }: Change): string {
  const was = before === undefined ? '' : `${before} → `;
  return `${formatTime(at)}  ${line(subject)}  ${claim}  ${was}${nowText(output, now)}`;
}

function nowText(output: Output, now: Change['now']): string {
  if (isEnd(now)) {
    if (now.how === 'void') return 'no longer claimed: its commitment does not count any more';
    return `${now.how === 'withdrawn' ? 'withdrawn' : 'no longer claimed'}, by entry ${now.by?.index}`;
  }
  const { evidence, explain } = now;
  const why = explain === undefined ? '' : `  ${line(explain)}`;
  return `${paintVerdict(output, now)}${evidence === undefined ? '' : ` [${evidence}]`}${why}`;
}

/** The state of every subject at the last poll. */
export function watchJson({ snapshot, statuses, unreadable, leftOut, undelivered }: WatchRound): {
  readonly [key: string]: JsonValue;
} {
  return {
    ...snapshotJson(snapshot),
    subjects: statuses.map(subjectJson),
    unreadable: unreadableJson(unreadable),
    left_out: leftOut,
    undelivered,
  };
}
