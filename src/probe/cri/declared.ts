/** The images that committed manifests declare (`tallystick commit kubernetes`), by namespace and name of the container. */
import { manifestsByIndex } from '../platforms.ts';
import { refuse } from '../../bytes/refusal.ts';
import { unescaped, type Value } from '../../claim/value.ts';
import { digestIn } from './images.ts';

/** What may run under one name of a container in one namespace. */
export interface DeclaredContainer {
  readonly namespace: string;
  readonly name: string;
  /** Every digest that is declared for it, with the platform's manifests of those that are indexes. */
  readonly digests: Set<string>;
  /** Whether some declaration of it names no digest, so that any image of that tag is as declared. */
  unpinned: boolean;
}

/** Where manifests have the specification of a pod, below the object. */
const POD_SPECS = ['/spec', '/spec/template/spec', '/spec/jobTemplate/spec/template/spec'];
const IMAGE =
  /^(\/[^/]+\/[^/]+\/([^/]*)\/[^/]+)((?:\/[A-Za-z]+)+)\/(?:initContainers|containers)\/([^/]+)\/image$/;

/**
 * The declared containers, by `keyOf`. `namespace`: of objects that name none. `platforms`: a
 * declared digest, and the digests that the author says stand for it, as texts with spaces between. Refuses `config-invalid` if no image is declared.
 */
export function declaredContainers(
  leaves: ReadonlyMap<string, Value>,
  namespace: string,
  platforms: readonly string[],
): ReadonlyMap<string, DeclaredContainer> {
  const manifests = manifestsByIndex(platforms);
  const found = new Map<string, DeclaredContainer>();
  for (const [path, value] of leaves) {
    const [, , inNamespace = '', within = '', step = ''] = IMAGE.exec(path) ?? [];
    if (!POD_SPECS.includes(within) || typeof value !== 'string') continue;
    const named = leaves.get(`${path.slice(0, -'/image'.length)}/name`);
    const name = typeof named === 'string' ? named : unescaped(step);
    const container = { namespace: inNamespace === '' ? namespace : unescaped(inNamespace), name };
    const known = found.get(keyOf(container)) ?? { ...container, digests: new Set(), unpinned: false };
    found.set(keyOf(container), known);
    const digest = value.includes('@') ? digestIn(value) : undefined;
    if (digest === undefined) known.unpinned = true;
    else for (const each of [digest, ...(manifests.get(digest) ?? [])]) known.digests.add(each);
  }
  if (found.size > 0) return found;
  throw refuse(
    'config-invalid',
    'the committed leaves have no image of a container; cri@1 compares with manifests (`tallystick commit kubernetes`), or give the claim images: false',
  );
}

/** Names of Kubernetes have no slash. */
export function keyOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}
