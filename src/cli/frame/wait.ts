/** The flag `--wait`: how long to wait for a log. */
import type { Context } from './context.ts';
import type { Whom } from './client.ts';
import { wholeOf } from './flagtext.ts';
import type { FlagsOf, VerbOption } from './verb.ts';

const LONGEST = 3_600;

export const WAIT_OPTION = {
  flags: '--wait <seconds>',
  help: "how long to wait for the log and its witnesses in all (default: a minute; the log's answers are not held)",
} as const satisfies VerbOption;

/** The transport's deadline, counted from now. Refuses `usage`. */
export function waiting({ world }: Context, flags: FlagsOf<readonly [typeof WAIT_OPTION]>): Whom {
  const seconds = wholeOf(flags.text('wait'), '--wait', 0, LONGEST);
  if (seconds === undefined) return {};
  return { transport: { waitUntil: world.now() + seconds * 1000 } };
}
