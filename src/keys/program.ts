/**
 * Runs a user's program that holds a key. It gets the environment of this process, which may contain its credentials,
 * and no terminal.
 */
import { printable } from '../bytes/printable.ts';
import { refuse } from '../bytes/refusal.ts';
import { runChild, type Child, type ChildEnd } from '../platform/child.ts';

type RunLimits = Pick<Child, 'input' | 'timeoutMs' | 'maxBytes'>;

/** Characters of standard error that a refusal repeats. */
const MAX_COMPLAINT = 300;

/**
 * What the program printed, when it ended well. Refuses `key-file` when it cannot be started, fails, prints too
 * much or is not done in time.
 */
export async function runProgram(path: string, word: string, limits: RunLimits): Promise<Uint8Array> {
  const end = await runChild({ argv: [path, word], maxComplaint: MAX_COMPLAINT, ...limits });
  if (end.kind === 'exited' && end.code === 0) return end.output;
  const cause = end.kind === 'not-started' ? end.cause : undefined;
  throw refuse('key-file', `${path} ${word} ${faultOf(end, limits)}`, { cause });
}

function faultOf(end: ChildEnd, { timeoutMs, maxBytes }: RunLimits): string {
  if (end.kind === 'not-started') return `cannot be started: ${end.cause.message}`;
  if (end.kind === 'too-large') return `printed more than ${maxBytes} bytes, which no key or signature has`;
  if (end.kind !== 'exited') return `was not done within ${timeoutMs} ms`;
  const complaint = end.complaint.trim();
  const said = complaint === '' ? '' : `: ${printable(complaint, MAX_COMPLAINT)}`;
  return `failed (${end.code === undefined ? end.signal : `exit code ${end.code}`})${said}`;
}
