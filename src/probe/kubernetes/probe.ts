/**
 * The probe `kubernetes@1` reads what API servers show of some kinds, to the last page, and compares it with the declared
 * objects. It changes nothing. Values of live objects never leave it.
 */
import { refuse } from '../../bytes/refusal.ts';
import type { Observed } from '../../claim/observed.ts';
import type { Withheld } from '../../claim/withheld.ts';
import type { ValueMap } from '../../claim/value.ts';
import { declaredLeaves } from '../declared.ts';
import type { Probe, ProbeTask } from '../probe.ts';
import { behindReason, disagreements, hiddenInLists, type Disagreement } from './agree.ts';
import { ApiServer } from './api.ts';
import { KUBERNETES } from './describe.ts';
import { WORKLOADS } from './images.ts';
import { partsOf } from './parts.ts';
import { checkRights, type Rights } from './rights.ts';
import { Discovery, factsOf, type Resource, type ServerFacts } from './server.ts';
import { assertScope, isSecret, readSettings, type Settings } from './settings.ts';
import { newestOf, viewOf, type Scope, type View } from './view.ts';
import { homeOf, wantedObjects, type Declaration } from './wanted.ts';
import { compareWorld, installed, placedObjects, type Placed, type World } from './world.ts';

/** The probe, with its own milliseconds for one request. */
export function makeKubernetesProbe(requestMs: number): Probe {
  return { ...KUBERNETES, run: (task) => run(task, requestMs) };
}

/** `kubernetes@1` with 15 seconds a request. */
export const kubernetesProbe: Probe = makeKubernetesProbe(15_000);

async function run(task: ProbeTask, timeoutMs: number): Promise<Observed> {
  const settings = await readSettings(task);
  assertScope(settings);
  const { servers, access, what } = settings;
  const apis = servers.map(
    (address) =>
      new ApiServer({ ...address, trust: access.trust, timeoutMs, signal: task.signal }, access.token),
  );
  try {
    const compares = what.has('objects') || what.has('images');
    const declaration = compares
      ? wantedObjects(declaredLeaves('kubernetes@1', task))
      : { objects: [], hooks: [], defaultsOf: undefined };
    const begun = Math.floor(task.now() / 1000);
    const look = { ...(await lookAt(apis, declaration, settings)), begun };
    const rights = what.has('rights') ? await checkRights(look.first, settings, task) : undefined;
    const bytes = apis.reduce((sum, each) => sum + each.bytes, 0);
    return observed(look, rights, settings, bytes);
  } finally {
    for (const api of apis) api.close();
  }
}

/** What was read and found, before it is told. */
export interface Look {
  readonly first: View;
  readonly views: readonly View[];
  readonly scope: Scope;
  readonly placed: readonly Placed[];
  readonly declaration: Declaration;
  readonly world: World | undefined;
  readonly begun: number;
  readonly disagreements: readonly Disagreement[];
  /** Which servers show the past, in words. */
  readonly behind: readonly string[];
}

async function lookAt(
  apis: readonly ApiServer[],
  declaration: Declaration,
  settings: Settings,
): Promise<Omit<Look, 'begun'>> {
  const facts: ServerFacts[] = [];
  for (const api of apis) facts.push(await factsOf(api));
  assertOneCluster(apis, facts, settings);
  const [api] = apis;
  const [own] = facts;
  if (api === undefined || own === undefined) throw new Error('there is a target');
  const scope = await scopeOf(new Discovery(api), declaration, settings);
  const first = await viewOf(api, own, scope);
  const views = [first];
  for (const [i, other] of apis.entries()) {
    const theirs = facts[i];
    if (i === 0 || theirs === undefined) continue;
    views.push(
      await viewOf(
        other,
        theirs,
        scope,
        views.map(newestOf).reduce((a, b) => (a > b ? a : b)),
      ),
    );
  }
  const placed = placedObjects(declaration, scope.resources, settings);
  if (settings.what.has('objects') && installed(placed).length === 0)
    throw refuse(
      'config-invalid',
      'nothing of these kinds is declared for these namespaces, and comparing with nothing proves nothing',
    );
  const world = settings.what.has('objects')
    ? compareWorld(placed, declaration, { view: first, scope }, settings)
    : undefined;
  const found: Disagreement[] = [];
  for (const view of views.slice(1))
    if (view.facts.version === own.version) found.push(...(await disagreements(first, view)));
  if (world !== undefined) found.push(...(await hiddenInLists(first, world.deleted)));
  const newest = views.map(newestOf).reduce((a, b) => (a > b ? a : b));
  const behind: string[] = [];
  for (const view of views.slice(0, -1)) behind.push(...[(await behindReason(view, newest)) ?? []].flat());
  return { first, views, scope, placed, declaration, world, disagreements: found, behind };
}

/** Refuses `unavailable` if the servers are of several clusters, or of another than the claim names. */
function assertOneCluster(
  apis: readonly ApiServer[],
  facts: readonly ServerFacts[],
  { cluster }: Settings,
): void {
  const meant = cluster ?? facts[0]?.cluster;
  const at = facts.findIndex((each) => each.cluster !== meant);
  if (at < 0) return;
  throw refuse(
    'unavailable',
    `the API server ${apis[at]?.name ?? ''} is of another cluster than ${cluster === undefined ? 'the target' : 'the claim names'}`,
  );
}

const RBAC = ['Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding'].map((kind) => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind,
}));

/** The kinds and namespaces to list. */
async function scopeOf(discovery: Discovery, declaration: Declaration, settings: Settings): Promise<Scope> {
  const { what, kinds, namespaces, reviews } = settings;
  const namespace = homeOf(declaration, settings.namespace);
  const named: Pick<Resource, 'apiVersion' | 'kind'>[] = [];
  const declared = declaration.objects.filter((each) => !isSecret(each));
  if (what.has('objects')) named.push(...(kinds ?? declared));
  const closed = new Set(named.map(({ apiVersion, kind }) => `${apiVersion}/${kind}`));
  if (what.has('pods') || what.has('images')) named.push({ apiVersion: 'v1', kind: 'Pod' });
  if (what.has('images')) {
    const workloads = [...declared, ...declaration.hooks].filter(({ kind }) => WORKLOADS.includes(kind));
    named.push(...workloads);
    const makes = (kind: string): boolean => workloads.some((each) => each.kind === kind);
    if (makes('Deployment')) named.push({ apiVersion: 'apps/v1', kind: 'ReplicaSet' });
    if (makes('CronJob')) named.push({ apiVersion: 'batch/v1', kind: 'Job' });
  }
  if (what.has('rights')) named.push(...RBAC);
  const resources = new Map<string, Resource>();
  for (const each of named) resources.set(`${each.apiVersion}/${each.kind}`, await discovery.find(each));
  const places = declared
    .filter(({ apiVersion, kind }) => resources.get(`${apiVersion}/${kind}`)?.namespaced === true)
    .map((each) => each.namespace || namespace);
  const reviewed = what.has('rights') ? reviews.map((each) => each.namespace) : [];
  const all = [...(namespaces ?? places), ...reviewed].filter((each) => each !== '');
  const homeless = [...closed].find((each) => resources.get(each)?.namespaced === true);
  if (settings.closed && homeless !== undefined && (namespaces ?? places).length === 0)
    throw refuse(
      'config-invalid',
      `${homeless} is in namespaces, and no declared object is in one, so that none would be listed: give kubernetes@1 the parameter namespaces`,
    );
  const own = new Set((namespaces ?? places).filter((each) => each !== ''));
  return { resources: [...resources.values()], namespaces: [...new Set(all)].toSorted(), own, closed };
}

/** Members of the value that do not rest on the lists. A new one does, unless it is named here. */
const APART: ReadonlySet<string> = new Set([
  'version',
  'cluster',
  'servers',
  'kinds',
  'namespaces',
  'declared',
]);

/** Members that rest on the lists; `whole` also where it is absent. */
function restingIn(value: ValueMap): readonly string[] {
  return [...new Set([...Object.keys(value), 'whole'])].filter((name) => !APART.has(name));
}

function observed(look: Look, rights: Rights | undefined, settings: Settings, bytes: number): Observed {
  const { views, scope, world } = look;
  const { facts } = look.first;
  const confirmed = look.disagreements.filter((each) => each.isConfirmed);
  const parts = partsOf(look, settings, confirmed.length > 0);
  const value: ValueMap = {
    version: facts.version,
    cluster: facts.cluster,
    servers: views.length,
    ...(views.length > 1 && { agree: confirmed.length === 0 }),
    kinds: scope.resources.map(({ apiVersion, kind }) => `${apiVersion}/${kind}`),
    namespaces: scope.namespaces,
    conflicts: confirmed.map(({ path, what }) => ({ path, what })),
    ...parts.value,
    ...(rights !== undefined && { rights: rights.value }),
  };
  const against = confirmed.map(({ path, what }) => ({
    paths: restingIn(value)
      .filter((name) => name !== 'agree')
      .map((name) => `/${name}`),
    explain: `${path}: ${what}; asked twice`,
  }));
  return {
    value,
    grades: [{ path: '', evidence: 'E0' }, ...(rights?.grades ?? [])],
    attachments: [],
    contradictions: [...(rights?.contradictions ?? []), ...against],
    population: parts.population,
    ...(world !== undefined && {
      compared: { declared: installed(look.placed).length, ...world.leaves },
      ...(settings.closed && { undeclared: world.lists.undeclared }),
    }),
    withheld: [...parts.withheld, ...(rights?.withheld ?? []), ...doubtsOf(look, value)],
    bytes,
  };
}

/** What cannot be said, since lists are not whole, are old, or were seen to differ once. */
function doubtsOf(
  { first, views, disagreements: found, behind }: Look,
  value: ValueMap,
): readonly Withheld[] {
  const once = found.filter((each) => !each.isConfirmed);
  const [doubt] = [
    ...once.map(({ path, what }) => `seen once, which may be a change under way: ${what} (${path})`),
    ...views.flatMap((view) => view.faults),
    ...behind,
  ];
  // What two answers contradict is known to be wrong, whatever else is not known.
  const isContradicted = once.length < found.length;
  const isMixed = views.some((view) => view.facts.version !== first.facts.version);
  const mixed = 'the API servers are of several versions, which may show objects differently';
  return [
    ...(doubt === undefined || isContradicted
      ? []
      : restingIn(value).map((name) => ({ path: `/${name}`, reason: doubt }))),
    ...(isMixed ? [{ path: '/agree', reason: mixed }] : []),
  ];
}
