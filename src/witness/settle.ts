/**
 * Compares the logs that a witness is to cosign with those that it cosigned before, so that none is dropped by
 * accident.
 */
import { refuse } from '../bytes/refusal.ts';
import type { Remedy } from '../bytes/remedy.ts';
import { keysText, readKnownLogs, type KnownLogs } from './logs.ts';
import type { WitnessState } from './state.ts';
import { readNamedFile } from '../platform/files.ts';

/** The explicit requests of the operator. */
export interface OperatorRequests {
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
 * Forgets and resumes logs as asked. Then refuses `config-invalid` for a log that was cosigned and is no longer listed,
 * and warns of logs whose keys changed.
 */
export function settleLogs(
  state: WitnessState,
  logs: KnownLogs,
  { forget, resume }: OperatorRequests,
  warn: (message: string, remedy?: Remedy) => void,
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
      warn(`${held.origin} is not cosigned: ${held.halted}; it stays so until it is resumed`, {
        resume: held.origin,
      });
  }
}

function lost(origin: string, size: number): Error {
  return refuse(
    'config-invalid',
    `${origin} was cosigned up to size ${size} and is not among the known logs any more: list it again, or, to give up ` +
      `the protection of those who rely on it, have it forgotten once`,
    { remedy: { forget: origin } },
  );
}

/**
 * The logs after a reload: those that are listed now, and those that were listed before. A running witness drops no
 * log.
 */
export function addedLogs(before: KnownLogs, now: KnownLogs, warn: (message: string) => void): KnownLogs {
  const logs = new Map(now);
  for (const [origin, log] of before) {
    if (logs.has(origin)) continue;
    logs.set(origin, log);
    warn(`${origin} is not listed any more; it is cosigned until the next start`);
  }
  return logs;
}
