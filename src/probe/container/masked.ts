/** Paths below /proc and /sys that an engine hides from containers, or lets them only read. */

/** What Docker hides since 19.03 (moby, oci/defaults.go). */
const MASKED = (
  '/proc/asound /proc/acpi /proc/kcore /proc/keys /proc/latency_stats /proc/timer_list /proc/timer_stats /proc/sched_debug ' +
  '/proc/scsi /sys/firmware'
).split(' ');
/** What it lets containers only read. */
const READ_ONLY = '/proc/bus /proc/fs /proc/irq /proc/sys /proc/sysrq-trigger'.split(' ');

interface Paths {
  readonly masked: readonly string[] | undefined;
  readonly readonlyPaths: readonly string[] | undefined;
}

/** Whether one of these is open to a container; undefined where that is not told. */
export function isLaidOpen({ masked, readonlyPaths }: Paths): boolean | undefined {
  const isMasked = (path: string): boolean => masked === undefined || covers(masked, path);
  if (!MASKED.every(isMasked)) return true;
  const isKept = (path: string): boolean =>
    readonlyPaths === undefined || covers(readonlyPaths, path) || (masked !== undefined && isMasked(path));
  if (!READ_ONLY.every(isKept)) return true;
  return masked === undefined || readonlyPaths === undefined ? undefined : false;
}

/** Whether a path is among these, or below one of them. */
const covers = (paths: readonly string[], path: string): boolean =>
  paths.some((each) => each === path || path.startsWith(`${each}/`));
