/**
 * Checks whether an agent could observe what the claims ask, with the agent's own checks, before anything is signed. A
 * mistyped probe, parameter or name would otherwise be logged, and its claim would be UNKNOWN forever.
 */
import { refuse } from '../bytes/refusal.ts';
import { within } from '../bytes/within.ts';
import { needsFacts, readsPrev } from '../claim/prev.ts';
import { readFault } from '../claim/reads.ts';
import type { ProbeDescription } from '../probe/description.ts';
import { groupClaims, type ClaimGroup } from '../probe/groups.ts';
import { parametersOf } from '../probe/parameters.ts';
import { describeProbe, PROBES } from '../probe/registry.ts';
import type { Claim, Declaration } from '../statement/commitment.ts';
import { identitiesOf } from '../statement/target.ts';

/** Ids of claims without a target. No agent knows where to look for them, so they stay UNKNOWN until a commitment says it. */
export function aimless(declaration: Declaration): readonly string[] {
  return groupClaims(declaration.claims, declaration)
    .filter(({ target }) => target === undefined)
    .flatMap(({ claims }) => claims.map(({ id }) => id));
}

/**
 * Ids of claims that compare what earlier looks showed, of a target that is named by one key: a look at its next key would show nothing
 * of the target, and the claim would be UNKNOWN just when it matters.
 */
export function ofOneKey(declaration: Declaration): readonly string[] {
  const { claims, target = {} } = declaration;
  return claims.flatMap((claim) => {
    if (!readsPrev(claim) || !needsFacts(claim)) return [];
    const at = groupClaims([claim], declaration)[0]?.target;
    const [only, ...more] = at === undefined ? [] : identitiesOf(target, at);
    return only === undefined || more.length > 0 || 'ca' in only ? [] : [claim.id];
  });
}

/** `others`: probes that are not in `probes`, and that some agent has. Refuses `malformed-payload`. */
export function checkClaims(
  declaration: Pick<Declaration, 'claims' | 'target'>,
  others: readonly string[],
  probes: readonly ProbeDescription[] = PROBES,
): void {
  for (const claim of declaration.claims) {
    if (others.includes(claim.probe)) continue;
    const probe = describeProbe(claim.probe, probes);
    if (probe === undefined)
      throw refuse(
        'malformed-payload',
        `claim ${claim.id}: there is no probe ${claim.probe}; there are ${probes.map(({ name }) => name).join(', ')}. If an ` +
          'agent has one of its own, say so',
        { remedy: { otherProbe: claim.probe } },
      );
    for (const { params } of groupClaims([claim], declaration))
      assertReads(claim, probe, settledParameters(claim.id, probe, params));
  }
}

/**
 * Checks that the expression reads what its probe observes with these parameters, and parameters that the claim gives.
 */
function assertReads({ id, expr, params }: Claim, probe: ProbeDescription, settled: Settled): void {
  const fault = readFault(expr, probe.name, probe.observes(settled), new Set(params?.keys()));
  if (fault !== undefined) throw refuse('malformed-payload', `claim ${id}: ${fault}`);
}

type Settled = ReturnType<typeof parametersOf>;

function settledParameters(claim: string, probe: ProbeDescription, params: ClaimGroup['params']): Settled {
  return within('malformed-payload', `claim ${claim}`, () => parametersOf(probe, params));
}
