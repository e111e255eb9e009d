/** The logs a witness cosigns, held against what it cosigned before: none may be lost by accident. */
import { refuse } from '../bytes/refusal.ts';
import { keysText, readKnownLogs, type KnownLogs } from './logs.ts';
import type { WitnessState } from './state.ts';
import { readNamedFile } from '../platform/files.ts';

/** What the operator asked for in so many words. */
export interface Asked {
  /** Origins whose state is deleted. */
  readonly forget: readonly string[];
  /** Origins that are cosigned again. */
  readonly resume: readonly string[];
}

/** Reads the file of known logs. Refuses `not-found`, `malformed-trust-policy`. */
export async function loadKnownLogs(path: string): Promise<KnownLogs> {
  return readKnownLogs(await readNamedFile(path));
}

/**
 * Forgets and resumes what was asked; then refuses `config-invalid` for a log that was cosigned and is not listed
 * any more, and tells of logs whose keys are others now.
 */
export function settleLogs(
  state: WitnessState,
  logs: KnownLogs,
  { forget, resume }: Asked,
  warn: (message: string) => void,
): void {
  for (const origin of forget) {
    if (logs.has(origin))
      throw refuse('config-invalid', `${origin} is still listed: remove it from the known logs to forget it`);
    if (!state.held.has(origin))
      throw refuse('config-invalid', `nothing is held of ${origin}: check its spelling`);
    state.forget(origin);
    warn(`${origin} is forgotten; if it is listed again, its first checkpoint is taken as it comes`);
  }
  for (const origin of resume) {
    if (!state.held.has(origin))
      throw refuse('config-invalid', `nothing is held of ${origin}: check its spelling`);
    state.halt(origin, '');
    warn(`${origin} is cosigned again, on the history this witness knows`);
  }
  for (const held of state.held.values()) {
    const log = logs.get(held.origin);
    if (log === undefined) throw lost(held.origin, held.size);
    if (held.keys !== '' && held.keys !== keysText(log))
      warn(`the keys of ${held.origin} are others than when it was last cosigned; was that announced?`);
    if (held.halted !== '')
      warn(`${held.origin} is not cosigned: ${held.halted}; to go on: --resume ${held.origin}`);
  }
}

function lost(origin: string, size: number): Error {
  return refuse(
    'config-invalid',
    `${origin} was cosigned up to size ${size} and is not among the known logs any more: list it again, or, to give up ` +
      `the protection of those who rely on it, start once with --forget ${origin}`,
  );
}

/** After a reload: what is listed now, and what was listed before; a running witness drops no log. */
export function addedLogs(before: KnownLogs, now: KnownLogs, warn: (message: string) => void): KnownLogs {
  const logs = new Map(now);
  for (const [origin, log] of before) {
    if (logs.has(origin)) continue;
    logs.set(origin, log);
    warn(`${origin} is not listed any more; it is cosigned until the next start`);
  }
  return logs;
}
