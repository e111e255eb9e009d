/** What code below the faces may ask of a refusal: whether to ask again, to go on with the rest, or to end. */
import { NATURES, Refusal, type Nature, type RefusalCode } from './refusal.ts';

/** The nature of a code. */
export function natureOf(code: RefusalCode): Nature {
  return NATURES[code];
}

/**
 * Whether an error that came of asking over a network is an outage to one who goes on for years: nobody answers, or what
 * answers shows nothing signed. Only `lie` and `damaged` end such a one.
 */
export function isOutage(error: unknown): error is Refusal {
  return error instanceof Refusal && !ENDS.has(natureOf(error.code));
}

const ENDS: ReadonlySet<Nature> = new Set<Nature>(['lie', 'damaged']);

/** Whether an error only says that somebody cannot be asked now. */
export function isAway(error: unknown): boolean {
  return error instanceof Refusal && natureOf(error.code) === 'away';
}

/** Whether an error tells of the one thing that was read, so that whoever reads many goes on with the rest. */
export function isOfOne(error: unknown): error is Refusal {
  return error instanceof Refusal && OF_ONE.has(natureOf(error.code));
}

const OF_ONE: ReadonlySet<Nature> = new Set<Nature>(['input', 'absent', 'refused']);
