/** `--wait <seconds>`: how long a submitter waits for the log's witnesses rather than ask again and again. */
import { refuse } from '../bytes/refusal.ts';
import type { Whom } from './session.ts';
import type { Flags, VerbOption } from './verb.ts';

const LONGEST = 3_600;

export const WAIT_OPTION: VerbOption = {
  flags: '--wait <seconds>',
  help: 'how long the log may hold its answer for its witnesses (Prefer: wait); it is asked again after that',
};

/** What the flag means for the transport. Refuses `usage`. */
export function waiting(flags: Flags): Whom {
  const text = flags.text('wait');
  if (text === undefined) return {};
  const seconds = /^[0-9]{1,9}$/.test(text) ? Number(text) : LONGEST + 1;
  if (seconds > LONGEST) throw refuse('usage', `--wait takes whole seconds, ${LONGEST} at most`);
  return { transport: { waitMs: seconds * 1000 } };
}
