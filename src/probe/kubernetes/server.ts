/** What an API server says of itself: its version, the id of its cluster, and the kinds that it serves. */
import { refuse } from '../../bytes/refusal.ts';
import type { ApiServer } from './api.ts';
import { flagAt, mapsAt, textAt, textsAt } from '../tree.ts';

export interface ServerFacts {
  /** Major and minor version, `v1.36`: what defaults depend on. */
  readonly minor: string;
  /** `v1.36.3`, as the server says it. */
  readonly version: string;
  /** UID of the namespace kube-system, which stands for the cluster. */
  readonly cluster: string;
}

/** A kind that a server serves. */
export interface Resource {
  readonly apiVersion: string;
  readonly kind: string;
  /** Name in paths: `networkpolicies`. */
  readonly plural: string;
  readonly namespaced: boolean;
}

const UID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Refuses `unavailable`. */
export async function factsOf(api: ApiServer): Promise<ServerFacts> {
  const version = await versionOf(api);
  const system = await api.read('/api/v1/namespaces/kube-system', 'the namespace kube-system');
  const cluster = textAt(system, 'metadata', 'uid');
  if (cluster !== undefined && UID.test(cluster)) return { ...version, cluster };
  throw refuse('unavailable', `the API server ${api.name} names no UID of kube-system`);
}

/** Refuses `unavailable`. */
export async function versionOf(api: ApiServer): Promise<Pick<ServerFacts, 'minor' | 'version'>> {
  const said = await api.read('/version', 'its version');
  // Clouds write the minor version as `36+`.
  const [major, minor] = ['major', 'minor'].map((name) => /^[0-9]{1,4}/.exec(textAt(said, name) ?? '')?.[0]);
  if (major === undefined || minor === undefined)
    throw refuse('unavailable', `the API server ${api.name} names no version`);
  const whole = textAt(said, 'gitVersion') ?? '';
  const short = `v${major}.${minor}`;
  return { minor: short, version: /^v[0-9A-Za-z.+-]{1,60}$/.test(whole) ? whole : short };
}

const GROUP_VERSION = /^(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?\/)?v[0-9][0-9a-z]{0,30}$/;
const KIND = /^[A-Z][A-Za-z0-9]{0,62}$/;
const PLURAL = /^[a-z0-9](?:[a-z0-9.-]{0,62}[a-z0-9])?$/;

/** Whether a text is the name of a kind in paths, and no part of one. */
export function isPlural(text: string): boolean {
  return PLURAL.test(text);
}

/** `apiVersion/Kind` as a claim writes it: `v1/Pod`, `apps/v1/Deployment`; undefined for another text. */
export function parseKind(text: string): Pick<Resource, 'apiVersion' | 'kind'> | undefined {
  const at = text.lastIndexOf('/');
  const [apiVersion, kind] = [text.slice(0, at), text.slice(at + 1)];
  return GROUP_VERSION.test(apiVersion) && KIND.test(kind) ? { apiVersion, kind } : undefined;
}

/** Finds kinds by discovery; asks once for each group and version. */
export class Discovery {
  readonly #api: ApiServer;
  readonly #known = new Map<string, Promise<ReadonlyMap<string, Resource>>>();

  constructor(api: ApiServer) {
    this.#api = api;
  }

  /** Refuses `unavailable` for a kind that the server does not serve, or whose objects cannot be listed. */
  async find({ apiVersion, kind }: Pick<Resource, 'apiVersion' | 'kind'>): Promise<Resource> {
    const known = this.#known.get(apiVersion) ?? this.#ask(apiVersion);
    this.#known.set(apiVersion, known);
    const found = (await known).get(kind);
    if (found !== undefined) return found;
    throw refuse('unavailable', `the API server ${this.#api.name} does not serve ${apiVersion} ${kind}`);
  }

  async #ask(apiVersion: string): Promise<ReadonlyMap<string, Resource>> {
    if (!GROUP_VERSION.test(apiVersion)) throw refuse('config-invalid', 'a declared apiVersion is none');
    const list = await this.#api.read(rootOf(apiVersion), `the kinds of ${apiVersion}`);
    const resources = mapsAt(list, 'resources').flatMap((each): Resource[] => {
      const [kind, plural] = [textAt(each, 'kind'), textAt(each, 'name')];
      const lists = textsAt(each, 'verbs').includes('list');
      if (kind === undefined || plural === undefined || !isPlural(plural) || !lists) return [];
      // Under whatever kind: Secrets are never listed.
      if (apiVersion === 'v1' && plural === 'secrets') return [];
      return [{ apiVersion, kind, plural, namespaced: flagAt(each, 'namespaced') === true }];
    });
    return new Map(resources.map((each) => [each.kind, each]));
  }
}

function rootOf(apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

/** The path of a collection; `namespace` is empty for kinds that are in none, and for all namespaces. */
export function collectionPath({ apiVersion, plural }: Resource, namespace: string): string {
  const within = namespace === '' ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${rootOf(apiVersion)}${within}/${plural}`;
}

export function objectUrl(resource: Resource, namespace: string, name: string): string {
  return `${collectionPath(resource, namespace)}/${encodeURIComponent(name)}`;
}
