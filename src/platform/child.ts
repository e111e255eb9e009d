/**
 * Runs another program: with its arguments as they are (no shell), within bounds of time and output. At the end, the
 * program and everything it started in its process group are killed. Its output goes to the caller, who words the
 * refusals.
 */
import { spawn, type ChildProcess } from 'node:child_process';

export interface Child {
  readonly argv: readonly string[];
  /** Default: the directory of this process. */
  readonly cwd?: string;
  /** All of its environment. Default: that of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: Uint8Array | undefined;
  readonly timeoutMs: number;
  /** Most bytes of standard output that are taken. */
  readonly maxBytes: number;
  /** Characters of standard error that are kept. Default 0: it is read and dropped, since it may hold secrets. */
  readonly maxComplaint?: number;
  /** Ends it before its time. */
  readonly signal?: AbortSignal;
}

/**
 * How it ended. `exited`: by itself, with or without success; `code` is undefined when a signal ended it. In all other
 * cases it was not started, or was killed.
 */
export type ChildEnd =
  | {
      readonly kind: 'exited';
      readonly code: number | undefined;
      readonly signal: string | undefined;
      readonly output: Uint8Array;
      readonly complaint: string;
    }
  | { readonly kind: 'not-started'; readonly cause: Error }
  | { readonly kind: 'too-late' | 'too-large' | 'stopped' };

/** Runs a program until it ends, or kills it when a bound is reached. When this resolves, the program is gone. */
export async function runChild(given: Child): Promise<ChildEnd> {
  if (given.signal?.aborted === true) return { kind: 'stopped' };
  const [file = '', ...rest] = given.argv;
  const { cwd, env } = given;
  // A group of its own, so that what it starts ends with it.
  const child = spawn(file, rest, { cwd, env, stdio: 'pipe', detached: true });
  const exited = new Promise<unknown>((resolve) => void child.once('exit', resolve).once('error', resolve));
  try {
    return await endOf(child, given);
  } finally {
    endGroup(child);
    await exited;
  }
}

function endOf(
  child: ReturnType<typeof spawn>,
  { input, timeoutMs, maxBytes, maxComplaint = 0, signal }: Child,
): Promise<ChildEnd> {
  const limit = AbortSignal.timeout(timeoutMs);
  const either = AbortSignal.any(signal === undefined ? [limit] : [limit, signal]);
  const chunks: Uint8Array[] = [];
  let size = 0;
  let complaint = '';
  return new Promise((resolve) => {
    const stop = (): void => resolve({ kind: limit.aborted ? 'too-late' : 'stopped' });
    either.addEventListener('abort', stop, { once: true });
    child.on('error', (cause) => resolve({ kind: 'not-started', cause }));
    // A program may end without reading its input: what it answers tells.
    child.stdin?.on('error', () => undefined);
    child.stdout?.on('data', (chunk: Uint8Array) => {
      size += chunk.length;
      if (size > maxBytes) resolve({ kind: 'too-large' });
      else chunks.push(chunk);
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      if (complaint.length < maxComplaint) complaint += chunk.toString('utf8');
    });
    child.on('close', (code, ended) =>
      resolve({
        kind: 'exited',
        code: code ?? undefined,
        signal: ended ?? undefined,
        output: new Uint8Array(Buffer.concat(chunks)),
        complaint,
      }),
    );
    child.stdin?.end(input ?? new Uint8Array());
  });
}

function endGroup(child: ChildProcess): void {
  for (const stream of child.stdio) stream?.destroy();
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // All of it has ended.
  }
}
