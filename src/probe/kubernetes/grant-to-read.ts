/** The right to read one kind at an API server, as `kubectl` grants it to the service account of the agent. */
import type { Grant } from '../grant.ts';

const COLLECTION =
  /^\/(?:api\/v1|apis\/([a-z0-9.-]+)\/[a-z0-9]+)\/(?:namespaces\/([a-z0-9.-]+)\/)?([a-z0-9]+)(?:\/[a-z0-9.-]+)?(?:\?|$)/;

/** The grant for what a path of the API reads; undefined for a path of another form. Never for Secrets. */
export function grantToRead(path: string): Grant | undefined {
  const [, group, namespace, resource] = COLLECTION.exec(path) ?? [];
  if (resource === undefined || (resource === 'secrets' && group === undefined)) return undefined;
  const name = `tallystick-${resource}`;
  const of = `${resource}${group === undefined ? '' : `.${group}`}`;
  const [kind, at] = namespace === undefined ? ['clusterrole', ''] : ['role', ` -n ${namespace}`];
  return {
    lets: `read ${of}`,
    by: 'kubernetes',
    statement: ({ who }) =>
      `kubectl create ${kind} ${name}${at} --verb=get,list,watch --resource=${of} && ` +
      `kubectl create ${kind}binding ${name}${at} --${kind}=${name} --serviceaccount=${who.replace('/', ':')}`,
  };
}
