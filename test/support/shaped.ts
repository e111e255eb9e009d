/** Every value that a test observes is of the shape that its probe says: claims are checked against that shape when they are made. */
import assert from 'node:assert/strict';
import type { Observed } from '#src/claim/observed.ts';
import { misfit } from '#src/claim/shape.ts';
import type { Probe, ProbeTask } from '#src/probe/probe.ts';

export async function runShaped(probe: Probe, task: ProbeTask): Promise<Observed> {
  const seen = await probe.run(task);
  const at = misfit(seen.value, probe.observes(task.params));
  assert.equal(at, undefined, `${probe.name} observes ${at}, which its shape does not have`);
  return seen;
}
