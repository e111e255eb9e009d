/**
 * Packs of ready claims. A pack is in the folder of its probe. Its parameters go to that probe; the claims file can override
 * the cadence and give ids a prefix. Claims name the controls that they support; no claim fulfils one alone.
 */
import { didYouMean } from '../bytes/suggest.ts';
import { refuse } from '../bytes/refusal.ts';
import { checkExpression } from '../claim/expression.ts';
import type { Pack } from '../probe/pack.ts';
import type { ProbeDescription } from '../probe/description.ts';
import { PROBES } from '../probe/registry.ts';
import type { Claim, Parameter } from '../statement/commitment.ts';
import type { Tier } from '../statement/vocabulary.ts';
import { PACES } from './tiers.ts';

/** A pack, and the probe in whose folder it is. */
interface Found {
  readonly name: string;
  readonly pack: Pack;
  readonly probe: string;
}

/** Refuses `malformed-payload` for an unknown pack. */
export function packNamed(name: string, probes: readonly ProbeDescription[] = PROBES): Found {
  const probe = probes.find(({ packs = {} }) => Object.hasOwn(packs, name));
  const pack = probe?.packs?.[name];
  if (probe !== undefined && pack !== undefined) return { name, pack, probe: probe.name };
  const names = probes.flatMap(({ packs = {} }) => Object.keys(packs));
  throw refuse(
    'malformed-payload',
    `there is no pack ${name}${didYouMean(name, names)}; there are ${[...names, 'no-enforcement-gap'].join(', ')}`,
  );
}

/**
 * The claims of a pack, with the cadence of their tier, but never more often than the pack's `fastest`. A claim that reads a
 * parameter that nobody gives is left out. Refuses `malformed-payload` for an unknown pack, if a parameter that it needs is
 * missing, and if no claim is left.
 */
export function packOf(
  name: string,
  params: ReadonlyMap<string, Parameter>,
  tier: Tier = 'background',
  probes: readonly ProbeDescription[] = PROBES,
): readonly Claim[] {
  const { pack, probe } = packNamed(name, probes);
  const missing = pack.needs.find((each) => !params.has(each));
  if (missing !== undefined)
    throw refuse('malformed-payload', `the pack ${name} needs the parameter ${missing}: add it under params`);
  const all = new Map<string, Parameter>([...Object.entries(pack.defaults ?? {}), ...params]);
  const fault = pack.fault?.(all);
  if (fault !== undefined) throw refuse('malformed-payload', `the pack ${name}: ${fault}`);
  const drafts = pack.claims.filter(({ reads = [] }) => reads.every((each) => all.has(each)));
  if (drafts.length === 0)
    throw refuse(
      'malformed-payload',
      `the pack ${name} reads ${Object.values(pack.leaves ?? {}).join(', ')}, and none of them is declared: declare them, or give ` +
        `one of ${Object.keys(pack.leaves ?? {}).join(', ')} under params`,
    );
  const pace = PACES[tier];
  return drafts.map((each) => {
    const { fastest = 0, severity = 'medium', minEvidence = 'E1', reads: _, ...draft } = each;
    return {
      ...draft,
      ...languageOf(draft.expr, all),
      probe,
      minEvidence,
      cadence: Math.max(fastest, pack.fastest ?? 0, pace.cadence),
      severity,
      deadline: pace.deadline,
      grace: 1,
      ...(all.size > 0 && { params: all }),
    };
  });
}

/** The version of the language that an expression needs, where it is not the first. */
export function languageOf(expr: string, params?: Claim['params']): Pick<Claim, 'language'> {
  const language = checkExpression(expr, params);
  return language > 1 ? { language } : {};
}
