/** Paths of a cluster as they may leave the agent: names of things only. Values never do. */
import { unescaped } from '../../claim/value.ts';
import { nameOf, WITHHELD } from '../harmless.ts';

/** What a step of a named item begins with (declare/sources/kubernetes/lists.ts). */
const KEYED =
  /^(?:name|containerPort|port|mountPath|devicePath|ip|key|topologyKey)=([^]*?)(?:,(?:protocol|whenUnsatisfiable)=[A-Za-z]{1,32})?$/;

/** Lists whose items are named after Secrets: of a PodSpec and of a ServiceAccount. Names of Secrets do not leave. */
const OF_SECRETS: ReadonlySet<string> = new Set(['imagePullSecrets', 'secrets']);

/** A path with each step that may be no name withheld, and each that names a Secret. */
export function shownPath(path: string): string {
  const [first = '', ...steps] = path.split('/');
  const shown = steps.map((step, i) => {
    if (step.startsWith('name=') && OF_SECRETS.has(steps[i - 1] ?? '')) return WITHHELD;
    const plain = unescaped(step);
    const name = KEYED.exec(plain)?.[1] ?? plain;
    return plain === '' || nameOf(name) !== undefined ? step : WITHHELD;
  });
  return [first, ...shown].join('/');
}
