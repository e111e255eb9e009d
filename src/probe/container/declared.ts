/**
 * Containers that a commitment declares, each with its image: services of a compose file, pods that Podman plays, or one image
 * (`commit oci`) for the containers that the claim names.
 */
import { refuse } from '../../bytes/refusal.ts';
import { unescaped, type Value } from '../../claim/value.ts';
import { digestIn } from '../cri/images.ts';
import { manifestsByIndex } from '../platforms.ts';

/** What may run under the names of one declared thing. */
export interface Declared {
  /** As the declaration names it: the service, `pod/container`, the container. */
  readonly name: string;
  readonly matches: (name: string) => boolean;
  /** Every digest that is declared for it, with those that stand for it. */
  readonly digests: ReadonlySet<string>;
  /**
   * Which digests of an engine mean another image, if they are not among these. `registered`: those of a registry, since the declared
   * one and those of all platforms are known. `all`: those of configurations, too. `none`: any may be another name of the declared one.
   */
  readonly complete: 'none' | 'registered' | 'all';
  /** Whether it names no digest, so that any image of that tag is as declared. */
  readonly unpinned: boolean;
  /** Whether it may be absent: a service of a profile, or with no replicas. */
  readonly optional: boolean;
}

export interface Wanted {
  readonly declared: readonly Declared[];
  /** Names of containers that belong to the declaration's project; undefined where it has none. */
  readonly within: ((name: string) => boolean) | undefined;
  /** Whether any other container is one that nobody declared. Not where the claim says which containers are meant. */
  readonly closed: boolean;
}

export interface Naming {
  /** The compose project. */
  readonly project: string | undefined;
  /** Containers that the claim names. */
  readonly names: readonly string[] | undefined;
  /** The parameter `platforms`. */
  readonly platforms: readonly string[];
}

/** Refuses `config-invalid` if no image is declared. */
export function wantedContainers(leaves: ReadonlyMap<string, Value>, naming: Naming): Wanted {
  const stands = manifestsByIndex(naming.platforms);
  const services = composeServices(leaves, naming, stands);
  if (services !== undefined) return services;
  const image = imageOfNamed(leaves, naming.names);
  if (image !== undefined) return image;
  const pods = podContainers(leaves, stands);
  if (pods.length > 0) return { declared: pods, within: undefined, closed: true };
  throw refuse(
    'config-invalid',
    'the committed leaves have no image of a container; container@1 compares with a compose file (`tallystick commit yaml compose.yaml`), ' +
      'pods of Podman (`tallystick commit kubernetes`), or an image (`tallystick commit oci`)',
  );
}

/** A reference with the digests that stand for it. */
export function pinned(
  reference: string,
  stands: ReadonlyMap<string, ReadonlySet<string>>,
): Pick<Declared, 'digests' | 'complete' | 'unpinned'> {
  const digest = reference.includes('@') ? digestIn(reference) : undefined;
  if (digest === undefined) return { digests: new Set(), complete: 'none', unpinned: true };
  const known = stands.get(digest);
  return {
    digests: new Set([digest, ...(known ?? [])]),
    complete: known === undefined ? 'none' : 'registered',
    unpinned: false,
  };
}

const SERVICE = /^\/services\/([^/]+)(?:\/|$)/;

function composeServices(
  leaves: ReadonlyMap<string, Value>,
  { project: given, names }: Naming,
  stands: ReadonlyMap<string, ReadonlySet<string>>,
): Wanted | undefined {
  const steps = new Set<string>();
  for (const path of leaves.keys()) {
    const [, step] = SERVICE.exec(path) ?? [];
    if (step !== undefined) steps.add(step);
  }
  if (steps.size === 0) return undefined;
  const named = leaves.get('/name');
  const project = given ?? (typeof named === 'string' ? named : undefined);
  const declared = [...steps].map((step): Declared => {
    const at = (member: string): Value | undefined => leaves.get(`/services/${step}/${member}`);
    const [image, own] = [at('image'), at('container_name')];
    const service = unescaped(step);
    if (typeof own !== 'string' && project === undefined)
      throw refuse(
        'config-invalid',
        'the compose file has no name, so its containers are not known by theirs: give the claim `project`, as `docker compose ls` shows it',
      );
    return {
      name: service,
      matches: typeof own === 'string' ? (name) => name === own : matcher(project ?? '', service),
      ...pinned(typeof image === 'string' ? image : '', stands),
      optional: at('profiles') !== undefined || at('deploy/replicas') === 0 || at('scale') === 0,
    };
  });
  const own = project === undefined ? undefined : new RegExp(`^${escapedPattern(project)}[-_]`, 'u');
  return {
    declared,
    within: own && ((name) => own.test(name)),
    closed: names === undefined,
  };
}

/** Names that Compose gives: `project-service-1`, and with its version 1 `project_service_1`. */
function matcher(project: string, service: string): (name: string) => boolean {
  const [a, b] = [escapedPattern(project), escapedPattern(service)];
  const pattern = new RegExp(`^(?:${a}-${b}-|${a}_${b}_)[1-9][0-9]{0,8}$`, 'u');
  return (name) => pattern.test(name);
}

const escapedPattern = (text: string): string =>
  text.replaceAll(/[^A-Za-z0-9_]/g, (each) => `\\u{${each.codePointAt(0)?.toString(16)}}`);

/** Pods and Deployments as `podman kube play` makes them: `pod-container`, and of a Deployment `name-pod-container`. */
const POD =
  /^\/[^/]+\/(Pod|Deployment)\/[^/]*\/([^/]+)(?:\/spec\/template)?\/spec\/containers\/([^/]+)\/image$/;

function podContainers(
  leaves: ReadonlyMap<string, Value>,
  stands: ReadonlyMap<string, ReadonlySet<string>>,
): readonly Declared[] {
  const found: Declared[] = [];
  for (const [path, value] of leaves) {
    const [, kind, object = '', step = ''] = POD.exec(path) ?? [];
    if (kind === undefined || typeof value !== 'string') continue;
    const own = leaves.get(`${path.slice(0, -'/image'.length)}/name`);
    const container = typeof own === 'string' ? own : unescaped(step).replace(/^name=/, '');
    const pod = unescaped(object);
    const [a, b] = [escapedPattern(pod), escapedPattern(container)];
    const pattern = new RegExp(kind === 'Pod' ? `^${a}-${b}$` : `^${a}-pod(?:-[0-9]{1,4})?-${b}$`, 'u');
    found.push({
      name: `${pod}/${container}`,
      matches: (name) => pattern.test(name),
      ...pinned(value, stands),
      optional: false,
    });
  }
  return found;
}

/** One image (`commit oci`, profile oci@1), which each container that the claim names must run. Refuses `config-invalid` without names. */
function imageOfNamed(
  leaves: ReadonlyMap<string, Value>,
  names: readonly string[] | undefined,
): Wanted | undefined {
  const [digest, kind] = [leaves.get('/image/digest'), leaves.get('/image/kind')];
  if (typeof digest !== 'string' || (kind !== 'index' && kind !== 'manifest')) return undefined;
  if (names === undefined)
    throw refuse(
      'config-invalid',
      'the commitment is of one image: name the containers that run it, with `names`',
    );
  const platforms = new Map<string, { manifest?: string; config?: string }>();
  for (const [path, value] of leaves) {
    const [, platform, part] = /^\/image\/platforms\/([^/]+)\/(manifest|config)$/.exec(path) ?? [];
    if (platform === undefined || part === undefined || typeof value !== 'string') continue;
    platforms.set(platform, { ...platforms.get(platform), [part]: value });
  }
  const parts = [...platforms.values()];
  const configs = parts.map(({ config }) => config).filter((each) => each !== undefined);
  const manifests = parts.map(({ manifest }) => manifest).filter((each) => each !== undefined);
  const isWhole = parts.length > 0 && configs.length === parts.length;
  const declared = {
    digests: new Set([digest, ...manifests, ...configs]),
    // A manifest may have been pulled by an index that nobody declared: only its configuration tells.
    complete: isWhole ? 'all' : kind === 'index' && manifests.length > 0 ? 'registered' : 'none',
    unpinned: false,
    optional: false,
  } as const;
  return {
    declared: names.map((own) => ({ name: own, matches: (name) => name === own, ...declared })),
    within: undefined,
    closed: false,
  };
}
