/** How the target of a probe is written. The agent asks before it looks, and `agent enrol` before it writes a rule. */
import { isUrl, parseAddress } from '../evidence/address.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';

export interface TargetForm {
  /** Words that continue "the target of NAME is": `the absolute path of a folder`. */
  readonly is: string;
  readonly fits: (target: string) => boolean;
  /** The port of a target that names none, in words; absent if a target has no port, or must name it. */
  readonly usualPort?: string;
}

/** `ADDRESS`, with the port that is taken where none is named. */
export function addressAt(usualPort: string): TargetForm {
  return { ...ADDRESS, usualPort };
}

/** Whether a target is a host alone, so that the probe takes its usual port. */
export function isPortless(target: string): boolean {
  return isTaken(() => parseAddress(target, NO_PORT)) && parseAddress(target, NO_PORT).port === NO_PORT;
}

/** No port has this number. */
const NO_PORT = 65_536;

/** A host with or without a port, or a URL of which the path is ignored. */
export const ADDRESS: TargetForm = {
  is: 'host:port, or a URL; write for example db.example:5432',
  fits: (target) => isTaken(() => parseAddress(target, 1)),
};

/** The absolute path of something on the machine of the agent. `is`: of what, such as `the absolute path of a folder`. */
export function absolutePath(is: string): TargetForm {
  return { is, fits: (target) => target.startsWith('/') && !target.includes('\0') };
}

/** A URL of one of these schemes without credentials or fragment, or else `host:port`. */
export function urlOrAddress(is: string, schemes: readonly string[]): TargetForm {
  return { is, fits: (target) => (isUrl(target) ? isPlainUrl(target, schemes) : ADDRESS.fits(target)) };
}

function isPlainUrl(target: string, schemes: readonly string[]): boolean {
  if (!URL.canParse(target)) return false;
  const { protocol, username, password, hash } = new URL(target);
  return schemes.includes(protocol) && [username, password, hash].every((part) => part === '');
}

/** Refuses `config-invalid` for a target that is not written so. */
export function assertForm(probe: string, { is, fits }: TargetForm, target: string): void {
  if (!fits(target)) throw refuse('config-invalid', `the target of ${probe} is ${is}`);
}

/** Whether something is not refused. */
export function isTaken(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}
