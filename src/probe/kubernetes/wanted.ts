/**
 * The declared objects that `kubernetes@1` compares: the leaves of a commitment by object, and the leaves that the server
 * adds by itself, which `commit kubernetes --defaults` commits beside them.
 */
import { unescaped, type Value } from '../../claim/value.ts';
import { DEFAULTS_STEP } from '../../declare/sources/kubernetes/defaults.ts';

/** A declared object, by the path under which it is declared. */
export interface Wanted {
  readonly apiVersion: string;
  readonly kind: string;
  /** Empty if the object names none. */
  readonly namespace: string;
  readonly name: string;
  /** By path within the object. */
  readonly leaves: ReadonlyMap<string, Value>;
  /** Leaves that the server added in a dry run, by path within the object. */
  readonly defaults: ReadonlyMap<string, Value>;
  /** Whether no dry run of it could be had, so that nobody knows what the server adds. */
  readonly isUntried?: boolean;
}

export interface Declaration {
  readonly objects: readonly Wanted[];
  /** Minor version of the server whose defaults were committed, `v1.36`; undefined if none were. */
  readonly defaultsOf: string | undefined;
}

interface Draft extends Wanted {
  isUntried?: boolean;
  readonly leaves: Map<string, Value>;
  readonly defaults: Map<string, Value>;
}

/** The leaves of a commitment by object. Leaves that are of no object are left out. */
export function wantedObjects(declared: ReadonlyMap<string, Value>): Declaration {
  const objects = new Map<string, Draft>();
  let defaultsOf: string | undefined;
  for (const [path, value] of declared) {
    const steps = path.split('/').slice(1);
    const version = DEFAULTS_STEP.exec(steps[0] ?? '')?.[1];
    if (version !== undefined) {
      steps.shift();
      defaultsOf = version;
    }
    const [apiVersion, kind, namespace, name, ...inside] = steps;
    if (apiVersion === undefined || kind === undefined || namespace === undefined || name === undefined)
      continue;
    const key = steps.slice(0, 4).join('/');
    const found: Draft = objects.get(key) ?? {
      apiVersion: unescaped(apiVersion),
      kind: unescaped(kind),
      namespace: unescaped(namespace),
      name: unescaped(name),
      leaves: new Map(),
      defaults: new Map(),
    };
    objects.set(key, found);
    if (version !== undefined && inside.length === 0) found.isUntried = true;
    else found[version === undefined ? 'leaves' : 'defaults'].set(`/${inside.join('/')}`, value);
  }
  return { objects: [...objects.values()].filter(({ leaves }) => leaves.size > 0), defaultsOf };
}
