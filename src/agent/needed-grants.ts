/** What the owners of targets must allow an agent: the grants of the probes that its rules name, at their targets. */
import { nameOf } from '../claim/judge.ts';
import type { ProbeDescription } from '../probe/description.ts';
import { readsPath, type Grant } from '../probe/grant.ts';
import { pathOptions } from '../probe/parameters.ts';
import type { Rule } from './enrolment.ts';

/** Names for statements, by where they are run. */
export type Grantees = Readonly<Record<Grant['by'], string>>;

/** The grants of one probe at one target. */
export interface NeededGrants {
  readonly probe: string;
  readonly target: string;
  readonly grants: readonly { readonly lets: string; readonly by: Grant['by']; readonly statement: string }[];
}

/** A grant of another path than the target. */
type PathGrant = Grant & { readonly at: string };

/** The target where no rule names one. */
const ANY_TARGET = 'TARGET';

/** Of each rule in its order, each probe and target once with the same paths as options. A probe `*` is no probe by name, and stands for every one. */
export function grantsOfRules(
  rules: readonly Rule[],
  probes: readonly ProbeDescription[],
  to: Grantees,
): readonly NeededGrants[] {
  const needed = new Map<string, NeededGrants>();
  for (const { probe, written, options } of rules)
    for (const each of probes.filter(({ name }) => [name, nameOf(name), '*'].includes(probe)))
      for (const target of written) {
        const paths = pathsIn(each, options);
        const key = [each.name, target, ...paths.map(({ at }) => at)].join(' ');
        needed.set(key, grantsAt(each, target, to, paths));
      }
  return [...needed.values()];
}

/** The grants of probes at any target, for whoever has enrolled none yet. */
export function grantsOfProbes(probes: readonly ProbeDescription[], to: Grantees): readonly NeededGrants[] {
  return probes.map((each) =>
    grantsAt(each, ANY_TARGET, to, pathsIn(each, new Map(pathOptions(each, new Map()).map(placeholder)))),
  );
}

const placeholder = ({ option }: { readonly option: string }) => [option, option.toUpperCase()] as const;

/** The grants of paths that the owner gives as options. */
function pathsIn(probe: ProbeDescription, options: Rule['options']): readonly PathGrant[] {
  return pathOptions(probe, options).flatMap(({ option, path }) =>
    path === undefined ? [] : [{ ...readsPath(`read the folder of the option ${option}`), at: path }],
  );
}

function grantsAt(
  { name, grants }: ProbeDescription,
  target: string,
  to: Grantees,
  paths: readonly PathGrant[],
): NeededGrants {
  return {
    probe: name,
    target,
    grants: [...grants.map((each) => ({ ...each, at: target })), ...paths].map(
      ({ lets, by, statement, at }) => ({
        lets,
        by,
        statement: statement({ who: to[by], target: at }),
      }),
    ),
  };
}
