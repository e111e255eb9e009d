/** What the owners of targets must allow an agent: the grants of the probes that its rules name, at their targets. */
import { nameOf } from '../claim/judge.ts';
import type { ProbeDescription } from '../probe/description.ts';
import type { Grant } from '../probe/grant.ts';
import type { Rule } from './enrolment.ts';

/** Names for statements, by where they are run. */
export type Grantees = Readonly<Record<Grant['by'], string>>;

/** The grants of one probe at one target. */
export interface NeededGrants {
  readonly probe: string;
  readonly target: string;
  readonly grants: readonly { readonly lets: string; readonly by: Grant['by']; readonly statement: string }[];
}

/** The target where no rule names one. */
const ANY_TARGET = 'TARGET';

/** Of each rule in its order, each probe and target once. A probe `*` is no probe by name, and stands for every one. */
export function grantsOfRules(
  rules: readonly Rule[],
  probes: readonly ProbeDescription[],
  to: Grantees,
): readonly NeededGrants[] {
  const needed = new Map<string, NeededGrants>();
  for (const { probe, written } of rules)
    for (const each of probes.filter(({ name }) => [name, nameOf(name), '*'].includes(probe)))
      for (const target of written) needed.set(`${each.name} ${target}`, grantsAt(each, target, to));
  return [...needed.values()];
}

/** The grants of probes at any target, for whoever has enrolled none yet. */
export function grantsOfProbes(probes: readonly ProbeDescription[], to: Grantees): readonly NeededGrants[] {
  return probes.map((each) => grantsAt(each, ANY_TARGET, to));
}

function grantsAt({ name, grants }: ProbeDescription, target: string, to: Grantees): NeededGrants {
  return {
    probe: name,
    target,
    grants: grants.map(({ lets, by, statement }) => ({
      lets,
      by,
      statement: statement({ who: to[by], target }),
    })),
  };
}
