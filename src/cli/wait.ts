/** Waiting for a log: how long (`--wait`), and saying so. */
import { setTimeout as pause } from 'node:timers/promises';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { askWhy } from '../client/unready.ts';
import type { Context } from './context.ts';
import type { LogClient } from '../client/client.ts';
import type { Whom } from './client.ts';
import type { Flags, VerbOption } from './verb.ts';

const LONGEST = 3_600;

export const WAIT_OPTION: VerbOption = {
  flags: '--wait <seconds>',
  help: "how long to wait for the log and its witnesses in all (default: a minute; the log's answers are not held)",
};

/** What the flag means for the transport, from now on. Refuses `usage`. */
export function waiting({ world }: Context, flags: Flags): Whom {
  const text = flags.text('wait');
  if (text === undefined) return {};
  const seconds = /^[0-9]{1,9}$/.test(text) ? Number(text) : LONGEST + 1;
  if (seconds > LONGEST) throw refuse('usage', `--wait takes whole seconds, ${LONGEST} at most`);
  return { transport: { waitUntil: world.now() + seconds * 1000 } };
}

/** What takes less is not worth a line (milliseconds). */
const SILENT_MS = 1_500;

/** Does the work; when that takes longer than a moment, says on stderr what the log says that it waits for. */
export async function sayingWait<T>(context: Context, session: LogClient, work: Promise<T>): Promise<T> {
  const done = new AbortController();
  void sayLater(context, session, done.signal);
  try {
    return await work;
  } catch (error) {
    throw error instanceof Refusal ? session.unmet(error) : error;
  } finally {
    done.abort();
  }
}

async function sayLater(
  { output, world }: Context,
  { transport, log }: LogClient,
  done: AbortSignal,
): Promise<void> {
  const { sleep = (ms) => pause(ms, undefined, { signal: done }).catch(() => undefined) } = world;
  await sleep(SILENT_MS);
  if (done.aborted) return;
  const { why } = await askWhy(transport, log);
  if (!done.aborted) output.note(`waiting for ${log}${why === undefined ? '' : `: ${why}`}`);
}
