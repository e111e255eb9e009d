/** What agents kept of their slots, as JSON. */
import type { Sampling } from '../../appraisal/sampling.ts';
import type { JsonValue } from '../frame/output.ts';

export function slotsJson(samplings: readonly Sampling[]): JsonValue {
  return samplings.map(({ kid, kept, open, missed, late, outside, faults }) => ({
    kid,
    kept,
    open,
    missed,
    late,
    outside,
    faults,
  }));
}
