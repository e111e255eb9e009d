/**
 * The declared objects that `kubernetes@1` compares: the leaves of a commitment by object, and the leaves that the server
 * adds by itself, which `commit kubernetes --defaults` commits beside them.
 */
import { unescaped, type Value } from '../../claim/value.ts';
import { DEFAULTS_STEP } from '../../declare/sources/kubernetes/defaults.ts';
import { BESIDE, HOOKS } from '../../declare/sources/kubernetes/steps.ts';

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
  /** Whether helm makes and removes it by itself: it may be missing. */
  readonly isHook?: boolean;
}

export interface Declaration {
  readonly objects: readonly Wanted[];
  /** Hooks of a chart. They are compared where they are listed, and let no kind be listed. */
  readonly hooks: readonly Wanted[];
  /** The namespace of a release, where objects are that name none. */
  readonly namespace?: string;
  /** Minor version of the server whose defaults were committed, `v1.36`; undefined if none were. */
  readonly defaultsOf: string | undefined;
}

interface Draft extends Wanted {
  isUntried?: boolean;
  readonly leaves: Map<string, Value>;
  readonly defaults: Map<string, Value>;
}

/**
 * The leaves of a commitment to manifests or to a chart, by object. Leaves that are of no object are left out: what a chart was
 * rendered from.
 */
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
    const isHook = steps[0] === HOOKS;
    if (isHook) steps.shift();
    else if (BESIDE.has(steps[0] ?? '')) continue;
    const [apiVersion, kind, namespace, name, ...inside] = steps;
    if (apiVersion === undefined || kind === undefined || namespace === undefined || name === undefined)
      continue;
    const key = `${isHook ? '/' : ''}${steps.slice(0, 4).join('/')}`;
    const found: Draft = objects.get(key) ?? {
      apiVersion: unescaped(apiVersion),
      kind: unescaped(kind),
      namespace: unescaped(namespace),
      name: unescaped(name),
      leaves: new Map(),
      defaults: new Map(),
      ...(isHook && { isHook }),
    };
    objects.set(key, found);
    if (version !== undefined && inside.length === 0) found.isUntried = true;
    else found[version === undefined ? 'leaves' : 'defaults'].set(`/${inside.join('/')}`, value);
  }
  const found = [...objects.values()].filter(({ leaves }) => leaves.size > 0);
  const namespace = declared.get('/release/namespace');
  return {
    objects: found.filter(({ isHook }) => isHook !== true),
    hooks: found.filter(({ isHook }) => isHook === true),
    ...(typeof namespace === 'string' && { namespace }),
    defaultsOf,
  };
}

/** Where declared objects are that name no namespace: where the claim says, else in that of the release, else in `default`. */
export function homeOf({ namespace }: Declaration, claimed: string | undefined): string {
  return claimed ?? namespace ?? 'default';
}
