/**
 * Whether an agent could look as claims ask it to: a mistyped probe or parameter would be signed into the log, and its
 * claim be UNKNOWN for ever. Checked as the agent checks it, before anything is signed.
 */
import { looksFor, parametersOf } from '../../agent/runs.ts';
import { makeSelfProbe, SELF_PROBE } from '../../agent/self.ts';
import { Refusal, refuse } from '../../bytes/refusal.ts';
import type { Probe } from '../../probe/probe.ts';
import { findProbe, PROBE_NAMES } from '../../probe/registry.ts';
import type { Declaration } from '../../statement/commitment.ts';

/** `others`: probes that this program does not have, and some agent does. Refuses `malformed-payload`. */
export async function checkClaims(declaration: Declaration, others: readonly string[]): Promise<void> {
  for (const claim of declaration.claims) {
    if (others.includes(claim.probe)) continue;
    const probe = await probeNamed(claim.probe);
    if (probe === undefined)
      throw refuse(
        'malformed-payload',
        `claim ${claim.id}: there is no probe ${claim.probe}; there are ${PROBE_NAMES.join(', ')}. If an agent has ` +
          `one of its own, say --other-probe ${claim.probe}`,
      );
    for (const { params } of looksFor([claim], declaration)) assertParameters(claim.id, probe, params);
  }
}

async function probeNamed(name: string): Promise<Probe | undefined> {
  return name === SELF_PROBE ? makeSelfProbe({}, '') : findProbe(name);
}

function assertParameters(
  claim: string,
  probe: Probe,
  params: ReturnType<typeof looksFor>[number]['params'],
): void {
  try {
    parametersOf(probe, params);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw refuse('malformed-payload', `claim ${claim}: ${error.message}`, { cause: error });
  }
}
