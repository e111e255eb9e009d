/** A snapshot of a log for verbs that show it: as it is now, or as it was (`--at`). */
import { parseMoment } from '../../client/moment.ts';
import type { Snapshot } from '../../client/snapshot.ts';
import { atLine } from '../views/moment.ts';
import type { Context } from './context.ts';
import { SEE_OPTIONS, snapshotOf } from './reading.ts';
import type { FlagsOf, VerbOption } from './verb.ts';

export const LOOK_OPTIONS = [
  {
    flags: '--at <moment>',
    help: 'show what a reader saw then: a time (2026-01-05T12:00Z; a day means its end in UTC) or a number of entries (812)',
  },
  ...SEE_OPTIONS,
] as const satisfies readonly VerbOption[];

export type LookFlags = FlagsOf<typeof LOOK_OPTIONS>;

/** The snapshot that the flags ask for. Prints the moment if it is past. Refuses as `Snapshot.at` does. */
export async function lookOf(context: Context, flags: LookFlags): Promise<Snapshot> {
  const at = flags.text('at');
  const asked = at === undefined ? undefined : parseMoment(at, '--at');
  const now = await snapshotOf(context, flags);
  if (asked === undefined) return now;
  const look = await now.at(asked);
  if (look.past !== undefined) context.output.print(atLine(look.past));
  return look;
}
