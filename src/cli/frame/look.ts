/** A look at a log for verbs that show: as it is, or as it was (`--at`). */
import { parseMoment } from '../../client/moment.ts';
import type { Snapshot } from '../../client/snapshot.ts';
import { atLine } from '../views/moment.ts';
import type { Context } from './context.ts';
import { SEE_OPTIONS, snapshotOf } from './reading.ts';
import type { FlagsOf, VerbOption } from './verb.ts';

export const LOOK_OPTIONS = [
  {
    flags: '--at <moment>',
    help: 'what a reader was told then: a time (2026-01-05T12:00Z; a day is its end in UTC), or after so many entries (812)',
  },
  ...SEE_OPTIONS,
] as const satisfies readonly VerbOption[];

export type LookFlags = FlagsOf<typeof LOOK_OPTIONS>;

/** The log as the flags ask for it; of a look at the past, the moment is printed. Refuses as `Snapshot.at` does. */
export async function lookOf(context: Context, flags: LookFlags): Promise<Snapshot> {
  const at = flags.text('at');
  const asked = at === undefined ? undefined : parseMoment(at, '--at');
  const now = await snapshotOf(context, flags);
  if (asked === undefined) return now;
  const look = await now.at(asked);
  if (look.past !== undefined) context.output.print(atLine(look.past));
  return look;
}
