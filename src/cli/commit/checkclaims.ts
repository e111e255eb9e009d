/**
 * Whether an agent could look as claims ask it to: a mistyped probe, parameter or name would be signed into the log, and its
 * claim be UNKNOWN for ever. Checked as the agent checks it, before anything is signed.
 */
import { looksFor, parametersOf } from '../../agent/runs.ts';
import { makeSelfProbe, SELF_PROBE } from '../../agent/self.ts';
import { Refusal, refuse } from '../../bytes/refusal.ts';
import { readFault } from '../../claim/reads.ts';
import type { Probe } from '../../probe/probe.ts';
import { findProbe, PROBE_NAMES } from '../../probe/registry.ts';
import type { Claim, Declaration } from '../../statement/commitment.ts';

/** Claims that say nowhere where to look: no agent finds out, and they are UNKNOWN until a commitment says it. */
export function aimless(declaration: Declaration): readonly string[] {
  return looksFor(declaration.claims, declaration)
    .filter(({ target }) => target === undefined)
    .flatMap(({ claims }) => claims.map(({ id }) => id));
}

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
    for (const { params } of looksFor([claim], declaration))
      assertReads(claim, probe, settledParameters(claim.id, probe, params));
  }
}

/** The expression reads what its probe observes with the claim's parameters, and what the claim gives. */
function assertReads({ id, expr, params }: Claim, probe: Probe, settled: Settled): void {
  const fault = readFault(expr, probe.name, probe.observes(settled), new Set(params?.keys()));
  if (fault !== undefined) throw refuse('malformed-payload', `claim ${id}: ${fault}`);
}

async function probeNamed(name: string): Promise<Probe | undefined> {
  return name === SELF_PROBE ? makeSelfProbe({}, '') : findProbe(name);
}

type Settled = ReturnType<typeof parametersOf>;

function settledParameters(
  claim: string,
  probe: Probe,
  params: ReturnType<typeof looksFor>[number]['params'],
): Settled {
  try {
    return parametersOf(probe, params);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw refuse('malformed-payload', `claim ${claim}: ${error.message}`, { cause: error });
  }
}
