/**
 * A snapshot as plain data: which log was read, up to which size, when, and how completeness was checked
 * (spec/status.md).
 */
import type { Snapshot } from './snapshot.ts';

/**
 * The members that every answer about subjects has. `complete`: `full`, `monitor`, or `search` if only the log's own
 * search was asked.
 */
export function snapshotJson({ log, view, full, completeness, now, behind }: Snapshot) {
  return {
    log,
    origin: view.opened.checkpoint.origin,
    size: view.head.size,
    time: now,
    clock_behind: behind,
    complete: full ? ('full' as const) : completeness.length > 0 ? ('monitor' as const) : ('search' as const),
  };
}
