/** The parts of a plan or a state that are not declared, each with its reason, which the commitment contains. */
import type { Exclusion, Tree } from '../../leaf.ts';

/** Members of a plan besides resources and outputs, with the reason why each is not declared. */
export const LEFT_OUT: readonly (readonly [name: string, reason: string])[] = [
  ['timestamp', 'differs from one plan to the next'],
  ['variables', 'what follows from them is in the resources; secrets are passed in by them'],
  ['configuration', 'what follows from it is in the resources'],
  ['prior_state', 'what was before is not what is declared'],
  ['resource_drift', 'what was before is not what is declared'],
  ['relevant_attributes', 'what was before is not what is declared'],
  ['action_invocations', 'what an apply runs is no attribute of a resource'],
  ['action_invocation_changes', 'what an apply runs is no attribute of a resource'],
  ['deferred_action_invocations', 'what a later apply runs is no attribute of a resource'],
  ['checks', 'what was checked is a result, and not declared'],
];

/** Resources that are left out by name; a commitment names at most 512 exclusions. */
const MAX_NAMED = 500;

/** The path of the exclusion that says how many more there are than are named. */
export const NOT_NAMED = '/resources';

export const DEPOSED = 'deposed: another object replaced it, and it waits for its deletion';
export const TAINTED = 'marked for replacement, which is no attribute of it';

/** Path → reason of everything that is left out. */
export type LeftOut = Map<string, string>;

export function exclusionsOf(leftOut: LeftOut): readonly Exclusion[] {
  // Objects that still run although they were replaced, and failed ones, are named before the rest.
  const all = Array.from(leftOut, ([path, reason]): Exclusion => ({ path, reason })).toSorted(
    (a, b) => Number(isFault(b)) - Number(isFault(a)),
  );
  const more = all.length - MAX_NAMED;
  if (more <= 0) return all;
  return [...all.slice(0, MAX_NAMED), { path: NOT_NAMED, reason: `${more} more that are not named` }];
}

/** Whether what was left out of a state speaks against it. */
export function isFault({ reason }: Exclusion): boolean {
  return reason === DEPOSED || reason === TAINTED;
}

/** Modes of resources that declare nothing, and why. */
const NOT_MANAGED: ReadonlyMap<Tree | undefined, string> = new Map([
  ['data', 'a data source: read by Terraform, not set by it'],
  ['ephemeral', 'an ephemeral resource: it is kept in no plan and no state'],
]);

/** Why a resource of a mode is left out; undefined of managed ones. */
export function whyUnmanaged(mode: Tree | undefined): string | undefined {
  if (mode === 'managed') return undefined;
  return NOT_MANAGED.get(mode) ?? 'no managed resource';
}

/** Why nothing of a resource is declared by its change. */
export function whyGone(actions: readonly Tree[]): string {
  if (actions.includes('delete')) return 'this plan deletes it';
  return actions.includes('forget')
    ? 'this plan lets go of it: no longer managed'
    : 'nothing of it is planned';
}
