/**
 * Runs a user's program: no shell, bounded time and output, and an end by force for it and all it started. It has
 * the environment of this process, where credentials are expected; it has no terminal to ask at.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { printable } from '../bytes/printable.ts';
import { refuse } from '../bytes/refusal.ts';

export interface RunLimits {
  readonly input: Uint8Array | undefined;
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

/** Characters of standard error that a refusal repeats. */
const MAX_COMPLAINT = 300;

/**
 * What the program printed, when it ended well. Refuses `key-file` when it cannot be started, fails, prints too
 * much or is not done in time.
 */
export async function runProgram(path: string, word: string, limits: RunLimits): Promise<Uint8Array> {
  // A group of its own, so that what it starts ends with it.
  const child = spawn(path, [word], { stdio: 'pipe', detached: true });
  try {
    return await outputOf(child, `${path} ${word}`, limits);
  } finally {
    endGroup(child);
  }
}

function outputOf(
  child: ChildProcess,
  name: string,
  { input, timeoutMs, maxBytes }: RunLimits,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const fail = (what: string, cause?: unknown): void => {
      clearTimeout(timer);
      reject(refuse('key-file', `${name} ${what}`, { cause }));
    };
    const timer = setTimeout(() => fail(`was not done within ${timeoutMs} ms`), timeoutMs);
    const chunks: Uint8Array[] = [];
    let size = 0;
    let complaint = '';
    child.on('error', (error) => fail(`cannot be started: ${error.message}`, error));
    child.stdout?.on('data', (chunk: Uint8Array) => {
      size += chunk.length;
      if (size > maxBytes) return fail(`printed more than ${maxBytes} bytes, which no key or signature has`);
      chunks.push(chunk);
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      if (complaint.length < MAX_COMPLAINT) complaint += chunk.toString('utf8');
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) return resolve(new Uint8Array(Buffer.concat(chunks)));
      const said = complaint.trim() === '' ? '' : `: ${printable(complaint.trim(), MAX_COMPLAINT)}`;
      fail(`failed (${code === null ? String(signal) : `exit code ${code}`})${said}`);
    });
    // A program that does not read its input says so by what it answers.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input ?? new Uint8Array());
  });
}

/** Ends the program and everything it started that stayed in its group. */
function endGroup(child: ChildProcess): void {
  for (const stream of child.stdio) stream?.destroy();
  child.unref();
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // All of it has ended.
  }
}
