/**
 * A snapshot as plain data: which log was read, up to which size, when, and how completeness was checked
 * (spec/status.md).
 */
import { formatHex } from '../bytes/text.ts';
import type { Moment } from './moment.ts';
import type { Snapshot } from './snapshot.ts';

/** A moment of the past. Times: POSIX seconds. */
function momentJson({ size, root, time, rests, logged, witnessed, contradicted }: Moment) {
  return {
    size,
    root: formatHex(root),
    time,
    rests_on: rests,
    witnessed: witnessed ?? null,
    logged_not_before: logged.notBefore ?? null,
    logged_not_after: logged.notAfter ?? null,
    contradicted,
  };
}

/**
 * The members that every answer about subjects has. `complete`: `full`, `monitor`, or `search` if only the log's own
 * search was asked. `times`: `log` if the times of entries are the log's word, `bounds` if they are the latest that witnessed
 * heads allow. `at`: the moment of the past that was asked for, or null.
 */
export function snapshotJson({ log, view, size, past, full, times, completeness, now, behind }: Snapshot) {
  return {
    log,
    origin: view.opened.checkpoint.origin,
    size,
    time: now,
    clock_behind: behind,
    complete: full ? ('full' as const) : completeness.length > 0 ? ('monitor' as const) : ('search' as const),
    times,
    at: past === undefined ? null : momentJson(past),
  };
}
