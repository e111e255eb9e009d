/**
 * The leaves of a declaration, for probes that compare: from an `opening.json` beside the proofs of the commitment,
 * or in the agent's directory as `openings/<entry id>.json`. They are believed only as far as they are what was logged.
 */
import type { Declared } from '../../claim/history.ts';
import type { Value } from '../../claim/value.ts';
import type { Context } from '../context.ts';

/** Undefined where the agent has no opening. */
export async function openedOf(
  _context: Context,
  _declared: Declared,
): Promise<ReadonlyMap<string, Value> | undefined> {
  return undefined;
}
