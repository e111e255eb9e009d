/** What one API server shows of a scope: every object of the kinds, in the namespaces, at known states of its store. */
import { refuse } from '../../bytes/refusal.ts';
import type { ApiServer } from './api.ts';
import { listAll, type Listed } from './list.ts';
import type { LiveObject } from './object.ts';
import type { Resource, ServerFacts } from './server.ts';

export interface View {
  readonly api: ApiServer;
  readonly facts: ServerFacts;
  readonly lists: readonly Listed[];
  /** By path. */
  readonly objects: ReadonlyMap<string, LiveObject>;
  /** Why objects may be missing from it, or it may be old. */
  readonly faults: readonly string[];
  /** Lists a kind once more; only once a run, for what was found to differ. */
  readonly again: (resource: Resource, namespace: string) => Promise<Listed>;
}

/** What is looked at. */
export interface Scope {
  readonly resources: readonly Resource[];
  readonly namespaces: readonly string[];
  /** Those of them that objects are compared in. In the others rights are reviewed, and nothing else is listed. */
  readonly own: ReadonlySet<string>;
  /** `apiVersion/kind` of those whose objects must all be declared. */
  readonly closed: ReadonlySet<string>;
}

/** Most objects of one run. */
const MAX_OBJECTS = 20_000;

/**
 * Lists each kind once. `atLeast`: a state of the store that was shown before this began; a server that shows an older one
 * shows the past. Refuses `unavailable`, `too-large`.
 */
export async function viewOf(
  api: ApiServer,
  facts: ServerFacts,
  { resources, namespaces, own }: Omit<Scope, 'closed'>,
  atLeast = 0n,
): Promise<View> {
  const lists: Listed[] = [];
  const objects = new Map<string, LiveObject>();
  const faults: string[] = [];
  let newest = atLeast;
  for (const resource of resources)
    for (const namespace of resource.namespaced ? namespaces : ['']) {
      if (namespace !== '' && !own.has(namespace) && !isRbac(resource)) continue;
      const listed = await listAll(api, resource, namespace);
      lists.push(listed);
      const where = namespace === '' ? '' : ` in ${namespace}`;
      if (listed.fault !== undefined)
        faults.push(`the list of ${resource.kind}${where} of ${api.name} is not whole: ${listed.fault}`);
      // One store numbers all of its changes, so a later answer is never of an earlier state.
      if (listed.resourceVersion < newest)
        faults.push(
          `${api.name} shows the objects of ${resource.kind}${where} as they were before an answer that came earlier`,
        );
      if (listed.resourceVersion > newest) newest = listed.resourceVersion;
      for (const object of listed.objects) objects.set(object.path, object);
      if (objects.size > MAX_OBJECTS)
        throw refuse(
          'too-large',
          `the claim reaches more than ${MAX_OBJECTS} objects; name fewer kinds or namespaces in it`,
        );
    }
  const second = new Map<string, Promise<Listed>>();
  const again = (resource: Resource, namespace: string): Promise<Listed> => {
    const key = `${resource.apiVersion}/${resource.kind}/${namespace}`;
    const listed = second.get(key) ?? listAll(api, resource, namespace);
    second.set(key, listed);
    return listed;
  };
  return { api, facts, lists, objects, faults, again };
}

/** Roles and bindings, by which rights are judged. */
export function isRbac({ apiVersion }: Pick<Resource, 'apiVersion'>): boolean {
  return apiVersion === 'rbac.authorization.k8s.io/v1';
}

/** The newest state of the store that a view shows. */
export function newestOf({ lists }: View): bigint {
  return lists.reduce((newest, { resourceVersion: each }) => (each > newest ? each : newest), 0n);
}
