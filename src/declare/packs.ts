/**
 * Ready claims. A pack stands in the folder of its probe and takes parameters, which its claims hand to that probe; `cadence`
 * and the like can be overridden in the claims file. What a claim supports is named as a control, which no claim fulfils alone.
 */
import { refuse } from '../bytes/refusal.ts';
import type { ProbeDescription } from '../probe/description.ts';
import { PROBES } from '../probe/registry.ts';
import type { Claim, Parameter } from '../statement/commitment.ts';
import type { Tier } from '../statement/vocabulary.ts';
import { PACES } from './tiers.ts';

/**
 * The claims of a pack, as often as their tier asks for, or no more often than makes sense. Refuses
 * `malformed-payload` for an unknown pack or a parameter it needs.
 */
export function packOf(
  name: string,
  params: ReadonlyMap<string, Parameter>,
  tier: Tier = 'background',
  probes: readonly ProbeDescription[] = PROBES,
): readonly Claim[] {
  const probe = probes.find(({ packs = {} }) => Object.hasOwn(packs, name));
  const pack = probe?.packs?.[name];
  if (probe === undefined || pack === undefined) {
    const names = probes.flatMap(({ packs = {} }) => Object.keys(packs));
    throw refuse('malformed-payload', `there is no pack ${name}; there are ${names.join(', ')}`);
  }
  const missing = pack.needs.find((each) => !params.has(each));
  if (missing !== undefined)
    throw refuse('malformed-payload', `the pack ${name} needs the parameter ${missing}: add it under params`);
  const all = new Map<string, Parameter>([...Object.entries(pack.defaults ?? {}), ...params]);
  const pace = PACES[tier];
  return pack.claims.map(({ fastest = 0, severity = 'medium', minEvidence = 'E1', ...draft }) => ({
    ...draft,
    probe: probe.name,
    minEvidence,
    cadence: Math.max(fastest, pack.fastest ?? 0, pace.cadence),
    severity,
    deadline: pace.deadline,
    grace: 1,
    ...(all.size > 0 && { params: all }),
  }));
}
