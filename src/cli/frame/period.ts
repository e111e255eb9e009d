/** A period that a verb looks at: `--since` and `--until`, else the last 30 days; and whose inventories count. */
import type { Period } from '../../appraisal/past/types.ts';
import { refuse } from '../../bytes/refusal.ts';
import { parseMomentTime } from '../../client/moment.ts';
import type { FlagsOf, VerbOption } from './verb.ts';

export const MONITORS_OPTION = {
  flags: '--trust-monitor <kid>',
  help: "thumbprint of a monitor's key (64 hex digits): its signed inventories show that nothing was left out; repeat for several",
  many: true,
} as const satisfies VerbOption;

export const PERIOD_OPTIONS = [
  {
    flags: '--since <time>',
    help: 'begin: 2026-01-05T12:00Z, or a day (its first second in UTC); default: 30 days ago',
  },
  { flags: '--until <time>', help: 'end: a time, or a day (all of it, in UTC); default: now' },
  MONITORS_OPTION,
] as const satisfies readonly VerbOption[];

type PeriodFlags = FlagsOf<typeof PERIOD_OPTIONS>;

const DEFAULT_SECONDS = 30 * 86_400;

/** The period of the flags. `now`: POSIX seconds; nothing after it is known. Refuses `usage`. */
export function periodOf(flags: PeriodFlags, now: number): Period {
  const [from, to] = [flags.text('since'), flags.text('until')];
  const given = to === undefined ? now : endOf(to);
  const until = Math.min(given, now);
  const since = from === undefined ? until - DEFAULT_SECONDS : parseMomentTime(from, '--since', 'start');
  if (since >= now) throw refuse('usage', `the period has not begun: ${from ?? ''} is not in the past`);
  if (since < until) return { since, until };
  throw refuse('usage', 'the period is empty: --since has to be before --until');
}

/** A day ends with its last second, and the next one is no part of it. */
function endOf(text: string): number {
  const time = parseMomentTime(text, '--until', 'end');
  return text.includes('T') ? time : time + 1;
}

/** Thumbprints of the monitors' keys that the user trusts. Refuses `usage`. */
export function trustedMonitors(flags: FlagsOf<readonly [typeof MONITORS_OPTION]>): ReadonlySet<string> {
  const kids = flags.texts('trustMonitor');
  for (const kid of kids)
    if (!/^[0-9a-f]{64}$/.test(kid))
      throw refuse(
        'usage',
        `--trust-monitor takes a thumbprint of 64 hex digits, as policy show prints it; got ${kid}`,
      );
  return new Set(kids);
}
