/** Compares everything declared in a scope with what a server shows there, and finds objects that nobody declared. */
import type { Value } from '../../claim/value.ts';
import type { Listed } from './list.ts';
import { compareObject, type ComparedObject } from './compare.ts';
import { ownedObjects } from './owners.ts';
import { managersIn, type LiveObject } from './object.ts';
import type { Resource } from './server.ts';
import type { Settings } from './settings.ts';
import { shownPath } from './shown.ts';
import type { Scope, View } from './view.ts';
import { homeOf, type Declaration, type Wanted } from './wanted.ts';
import { objectPath } from '../../declare/sources/kubernetes/kubernetes.ts';
import { HOOKS } from '../../declare/sources/kubernetes/steps.ts';

/** Most names of one kind that are shown. */
export const MAX_SHOWN = 200;

export type Kind = 'differing' | 'missing' | 'deleted' | 'undeclared' | 'extra' | 'unexplained' | 'ofCluster';

export interface World {
  readonly lists: Readonly<Record<Kind, readonly Value[]>>;
  readonly counts: Readonly<Record<string, number>>;
  /** One text for each object: what it was found to be, and its path. */
  readonly looked: readonly string[];
  /** Paths of declared objects that the lists lack. */
  readonly deleted: readonly Placed[];
  /** Declared leaves that were compared, and those that were left out. */
  readonly leaves: { readonly compared: number; readonly excluded: number };
  /** Why it cannot be said that all is as declared. */
  readonly gaps: readonly string[];
}

/** A declared object, and where it is to be. */
export interface Placed {
  readonly wanted: Wanted;
  readonly resource: Resource;
  readonly namespace: string;
  /** Path of the live object. */
  readonly path: string;
}

/** The declared objects of a scope, each at its place. Objects of other kinds and namespaces are left out. */
export function placedObjects(
  declaration: Declaration,
  resources: readonly Resource[],
  { namespace, namespaces, ignoresObject }: Settings,
): readonly Placed[] {
  const { objects, hooks } = declaration;
  const home = homeOf(declaration, namespace);
  return [...objects, ...hooks].flatMap((wanted): Placed[] => {
    const { apiVersion, kind, name } = wanted;
    const resource = resources.find((each) => each.apiVersion === apiVersion && each.kind === kind);
    if (resource === undefined) return [];
    const within = resource.namespaced ? wanted.namespace || home : '';
    const path = objectPath(apiVersion, kind, within, name);
    if ((within !== '' && namespaces !== undefined && !namespaces.includes(within)) || ignoresObject(path))
      return [];
    return [{ wanted, resource, namespace: within, path }];
  });
}

/** Objects that are there for as long as the declaration stands: without hooks. */
export function installed(placed: readonly Placed[]): readonly Placed[] {
  return placed.filter(({ wanted }) => wanted.isHook !== true);
}

export function compareWorld(
  placed: readonly Placed[],
  declaration: Declaration,
  { view, scope }: { readonly view: View; readonly scope: Pick<Scope, 'closed' | 'own'> },
  settings: Pick<Settings, 'closed' | 'key' | 'ignoresLeaf' | 'ignoresObject'>,
): World {
  const found = new Findings();
  const knowsDefaults = declaration.defaultsOf === view.facts.minor;
  const declared = new Set<string>();
  for (const each of placed) {
    declared.add(each.path);
    const live = view.objects.get(each.path);
    if (live === undefined && each.wanted.isHook === true) {
      found.look('hook', each.path);
      continue;
    }
    if (live === undefined) {
      found.deleted.push(each);
      found.look('deleted', each.path);
      continue;
    }
    const { wanted } = each;
    const isTried = wanted.isUntried !== true;
    if (!isTried) found.count('untried', 1);
    found.addCompared(
      live,
      compareObject(wanted, live, {
        knowsDefaults: knowsDefaults && isTried,
        key: settings.key,
        ignores: settings.ignoresLeaf,
        isOfRelease: declaration.namespace !== undefined,
        declaredAt:
          (wanted.isHook === true ? `/${HOOKS}` : '') +
          objectPath(wanted.apiVersion, wanted.kind, wanted.namespace, wanted.name),
      }),
    );
  }
  if (settings.closed) findUndeclared(view, scope, declared, settings, found);
  return found.world(declaration, view);
}

/** Objects that are neither declared nor belong to one that is. */
function findUndeclared(
  { lists, objects }: View,
  { closed, own }: Pick<Scope, 'closed' | 'own'>,
  declared: ReadonlySet<string>,
  { ignoresObject }: Pick<Settings, 'ignoresObject'>,
  found: Findings,
): void {
  const owned = ownedObjects(objects, declared);
  for (const { objects: listed, resource } of lists)
    for (const object of listed) {
      if (!closed.has(`${resource.apiVersion}/${resource.kind}`)) continue;
      if (declared.has(object.path) || ignoresObject(object.path)) continue;
      if (object.namespace !== '' && !own.has(object.namespace)) continue;
      if (owned.has(object.uid)) found.look('owned', object.path);
      else if (isOfCluster(object)) {
        found.add('ofCluster', () => shownPath(object.path));
        found.look('cluster', object.path);
      } else {
        found.add('undeclared', () => ({ path: shownPath(object.path), manager: managersIn(object) }));
        found.look('undeclared', object.path);
      }
    }
}

/** Objects that every cluster makes in every namespace, or once (Kubernetes 1.36). They are named, and not compared. */
function isOfCluster({ resource: { apiVersion, kind }, namespace, name }: LiveObject): boolean {
  if (apiVersion !== 'v1' && apiVersion !== 'discovery.k8s.io/v1') return false;
  if (kind === 'ConfigMap') return name === 'kube-root-ca.crt';
  if (kind === 'ServiceAccount') return name === 'default';
  if (['Service', 'Endpoints', 'EndpointSlice'].includes(kind))
    return namespace === 'default' && name === 'kubernetes';
  return kind === 'Namespace' && ['default', 'kube-system', 'kube-public', 'kube-node-lease'].includes(name);
}

class Findings {
  readonly lists: Record<Kind, Value[]> = {
    differing: [],
    missing: [],
    deleted: [],
    undeclared: [],
    extra: [],
    unexplained: [],
    ofCluster: [],
  };
  readonly counts: Record<string, number> = {};
  readonly looked: string[] = [];
  readonly deleted: Placed[] = [];

  /** `what` is made for what is shown alone: a server may show a million fields more, each with a manager to find. */
  add(kind: Kind, what: () => Value): void {
    this.count(kind, 1);
    if (this.lists[kind].length < MAX_SHOWN) this.lists[kind].push(what());
  }

  count(name: string, by: number): void {
    this.counts[name] = (this.counts[name] ?? 0) + by;
  }

  look(state: string, path: string): void {
    this.looked.push(`${state} ${shownPath(path)}`);
  }

  addCompared(live: LiveObject, compared: ComparedObject): void {
    const { path } = live;
    const by = (inside: string) => (): Value => ({
      path: shownPath(path + inside),
      manager: managersIn(live, inside),
    });
    const named = (inside: string) => (): Value => shownPath(path + inside);
    for (const [name, n] of Object.entries(compared.counts)) this.count(name, n);
    this.count('defaults', compared.defaults);
    for (const inside of compared.changed) this.add('differing', by(inside));
    for (const inside of compared.absent) this.add('missing', named(inside));
    for (const inside of compared.extra) this.add('extra', by(inside));
    for (const inside of compared.unexplained) this.add('unexplained', named(inside));
    const isSame = compared.changed.length + compared.absent.length + compared.extra.length === 0;
    this.look(isSame ? 'same' : 'differing', path);
  }

  world({ defaultsOf }: Declaration, { facts, lists, faults }: View): World {
    const { counts } = this;
    const of = (name: string): number => counts[name] ?? 0;
    for (const { path } of this.deleted) this.add('deleted', () => shownPath(path));
    const why =
      defaultsOf === undefined
        ? 'no defaults of the API server were committed'
        : defaultsOf === facts.minor
          ? `defaults of ${of('untried')} objects could not be committed: the commit with defaults names them`
          : `defaults of ${defaultsOf} were committed, and the API server is ${facts.minor}`;
    const advice =
      defaultsOf === facts.minor
        ? 'declare all that the server shows of these'
        : 'commit those of this version';
    const gaps = [
      ...faults,
      ...(of('excluded') > 0 && of('same') + of('changed') + of('absent') + of('unset') === 0
        ? ['every declared leaf is ignored, and comparing nothing shows nothing']
        : []),
      ...(of('unset') > 0
        ? [`${of('unset')} declared zero values are not shown, and ${why}; ${advice}`]
        : []),
      ...(of('sensitive') > 0
        ? [`${of('sensitive')} sensitive leaves were not compared: there is no secret "salt"`]
        : []),
      ...(of('unexplained') > 0
        ? [`${of('unexplained')} live leaves are not declared, and ${why}; ${advice}`]
        : []),
    ];
    const compared = of('same') + of('changed') + of('absent') + of('unset');
    return {
      lists: this.lists,
      counts: {
        objects: lists.reduce((sum: number, each: Listed) => sum + each.objects.length, 0),
        pages: lists.reduce((sum: number, each: Listed) => sum + each.pages, 0),
        same: of('same'),
        changed: of('changed'),
        absent: of('absent'),
        defaults: of('defaults'),
        unset: of('unset'),
        sensitive: of('sensitive'),
        unexplained: of('unexplained'),
      },
      looked: this.looked,
      deleted: this.deleted,
      leaves: { compared, excluded: of('excluded') + of('sensitive') },
      gaps,
    };
  }
}
