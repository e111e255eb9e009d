/** Decisions by the nature of a refusal, for code below HTTP and the command line: ask again, go on with the rest, or end. */
import { NATURES, Refusal, type Nature, type RefusalCode } from './refusal.ts';

/** The nature of a code. */
export function natureOf(code: RefusalCode): Nature {
  return NATURES[code];
}

/**
 * Whether a service that runs for years (a monitor, an agent) takes this error of a network request for an outage and goes
 * on: true for every refusal but those of nature `lie` and `damaged`, which end it.
 */
export function isOutage(error: unknown): error is Refusal {
  return error instanceof Refusal && !ENDS.has(natureOf(error.code));
}

const ENDS: ReadonlySet<Nature> = new Set<Nature>(['lie', 'damaged']);

/** Whether an error only says that the other side gives no answer now. */
export function isAway(error: unknown): boolean {
  return error instanceof Refusal && natureOf(error.code) === 'away';
}

/** Whether an error concerns only the one thing that was read: a caller that reads many goes on with the rest. */
export function isOfOne(error: unknown): error is Refusal {
  return error instanceof Refusal && OF_ONE.has(natureOf(error.code));
}

const OF_ONE: ReadonlySet<Nature> = new Set<Nature>(['input', 'absent', 'refused']);
