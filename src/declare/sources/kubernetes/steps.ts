/**
 * First steps of paths that stand beside objects in a declaration of a chart (sources/helm). No object can be declared under
 * them: its apiVersion would have that name.
 */

import { isTreeMap, type TreeMap } from '../../leaf.ts';

/** Objects that helm makes and removes by itself. Below it, paths are as those of other objects. */
export const HOOKS = 'hooks';

/** What a chart was rendered from. */
export const BESIDE: ReadonlySet<string> = new Set([HOOKS, 'chart', 'helm', 'release', 'values']);

/** Whether helm makes and removes the object by itself (helm v3.19, pkg/release/util/manifest_sorter.go). */
export function isHook(object: TreeMap): boolean {
  const metadata = object.get('metadata') ?? null;
  const annotations = (isTreeMap(metadata) ? metadata.get('annotations') : null) ?? null;
  return isTreeMap(annotations) && typeof annotations.get('helm.sh/hook') === 'string';
}
