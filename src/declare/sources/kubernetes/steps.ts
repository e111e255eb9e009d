/**
 * First steps of paths that stand beside objects in a declaration of a chart (sources/helm). No object can be declared under
 * them: its apiVersion would have that name.
 */

/** Objects that helm makes and removes by itself. Below it, paths are as those of other objects. */
export const HOOKS = 'hooks';

/** What a chart was rendered from. */
export const BESIDE: ReadonlySet<string> = new Set([HOOKS, 'chart', 'helm', 'release', 'values']);
