/**
 * What an API server adds to declared objects, found by a dry run of `kubectl apply --server-side`: for CI, which may write
 * anyway. Each object is applied under a name that there is none of, so that what somebody changed in the live object is not
 * taken for a default, and twice, so that what the server chooses is told from what it always adds. Nothing is stored.
 */
import { randomBytes } from 'node:crypto';
import { jsonOf } from '../bytes/json-text.ts';
import { refuse } from '../bytes/refusal.ts';
import { printable } from '../bytes/printable.ts';
import type { DeclaredLeaf, Exclusion, TreeMap } from '../declare/leaf.ts';
import {
  chosenLeaf,
  defaultLeaves,
  defaultsPath,
  isGivenOut,
} from '../declare/sources/kubernetes/defaults.ts';
import { leavesOfObject } from '../declare/sources/kubernetes/kubernetes.ts';
import { declaredValue, isUnknown } from '../probe/declared.ts';
import { ApiServer } from '../probe/kubernetes/api.ts';
import { compareObject, isOfCluster } from '../probe/kubernetes/compare.ts';
import { addressOf } from '../probe/kubernetes/address.ts';
import { readKubeconfig } from '../probe/kubernetes/credentials.ts';
import { Discovery, objectUrl, versionOf, type Resource } from '../probe/kubernetes/server.ts';
import { isSecret } from '../probe/kubernetes/settings.ts';
import { mapAt, textAt } from '../probe/tree.ts';

export interface ServerDefaults {
  /** To be committed beside the declared ones. */
  readonly leaves: readonly DeclaredLeaf[];
  /** Version of the API server, `v1.36.3`. */
  readonly version: string;
  /** Objects whose defaults could not be had, each with the reason, for people. */
  readonly leftOut: readonly string[];
  /** What the person who commits should look at, since the server's word for it becomes part of the declaration. */
  readonly doubtful: readonly string[];
}

const REQUEST_MS = 30_000;

interface DefaultsOptions {
  readonly ignore: readonly Exclusion[];
  /** Where objects are that name no namespace. Default: `default`. */
  readonly namespace?: string;
  readonly signal: AbortSignal;
}

/** Refuses `config-invalid`, `unavailable`, and what the server changes of the declaration. */
export async function serverDefaults(
  objects: readonly TreeMap[],
  kubeconfig: string,
  { ignore, namespace = 'default', signal }: DefaultsOptions,
): Promise<ServerDefaults> {
  const { server, trust, token } = readKubeconfig(kubeconfig);
  const api = new ApiServer({ ...addressOf(server), trust, timeoutMs: REQUEST_MS, signal }, token);
  try {
    const { minor, version } = await versionOf(api);
    const discovery = new Discovery(api);
    const leaves: DeclaredLeaf[] = [];
    const leftOut: string[] = [];
    for (const object of objects) {
      const kind = { apiVersion: textAt(object, 'apiVersion') ?? '', kind: textAt(object, 'kind') ?? '' };
      if (isSecret(kind)) continue;
      const { at, found } = await ofObject(api, await discovery.find(kind), object, { ignore, namespace });
      if (found === undefined)
        leftOut.push(
          `defaults of ${printable(at)} are not committed, so what is live beyond the declaration makes it UNKNOWN: ` +
            'the API server does not take it under another name',
        );
      // A leaf that may be anything at the path of the object itself says that nobody knows its defaults.
      for (const leaf of found ?? [chosenLeaf(at)])
        leaves.push({ ...leaf, path: defaultsPath(minor, leaf.path) });
    }
    return { leaves, version, leftOut, doubtful: doubtfulIn(leaves, ignore) };
  } finally {
    api.close();
  }
}

/** Most paths of one kind that are named. */
const MAX_NAMED = 10;

function told(paths: readonly string[] | undefined, what: string): readonly string[] {
  if (paths === undefined || paths.length === 0) return [];
  const named = paths.slice(0, MAX_NAMED).map((each) => printable(each));
  const more = paths.length > MAX_NAMED ? ` and ${paths.length - MAX_NAMED} more` : '';
  return [`${what}: ${named.join(', ')}${more}`];
}

/** Containers that a server adds, and values that it made anew in the second dry run: whatever stands there later is as declared. */
function doubtfulIn(leaves: readonly DeclaredLeaf[], ignore: readonly Exclusion[]): readonly string[] {
  const [added, chosen]: string[][] = [[], []];
  for (const { path, value } of leaves) {
    const steps = path.split('/');
    const inside = `/${steps.slice(6).join('/')}`;
    if (steps.length <= 6 || isIgnored(ignore, inside)) continue;
    if (/\/(?:containers|initContainers|ephemeralContainers)\/[^/]+\/image$/.test(inside)) added?.push(path);
    if (isUnknown(declaredValue(value)) && !isGivenOut(steps[3] ?? '', inside)) chosen?.push(path);
  }
  return [
    ...told(
      added,
      'the API server adds containers that nobody declared: what it added is committed as its default and is no drift, and a claim about images still names them as undeclared',
    ),
    ...told(chosen, 'the API server chooses these values anew each time, so they are not compared'),
  ];
}

/** Default leaves of one object, with paths as in a declaration; undefined if the server does not take it under another name. */
async function ofObject(
  api: ApiServer,
  resource: Resource,
  object: TreeMap,
  { ignore, namespace }: Required<Omit<DefaultsOptions, 'signal'>>,
): Promise<{ readonly at: string; readonly found: readonly DeclaredLeaf[] | undefined }> {
  const { at, leaves } = leavesOfObject(object);
  const declared = new Map(leaves.map((leaf) => [leaf.path.slice(at.length), leaf]));
  const [first, second] = [
    await dryRun(api, resource, object, namespace),
    await dryRun(api, resource, object, namespace),
  ];
  if (typeof first === 'number' || typeof second === 'number') return { at, found: undefined };
  for (const ran of [first, second]) assertKept(at, resource, declared, ran, ignore);
  const naming = { kind: resource.kind, pathOf: (inside: string): string => at + inside };
  const added = defaultLeaves(declared, first, second, naming).filter(
    ({ path }) => !isOfCluster(resource.kind, path.slice(at.length)),
  );
  // What the declaration leaves out by --ignore may have any value, also where the manifest gives it one.
  const others = added.filter(({ path }) => !isIgnored(ignore, path.slice(at.length)));
  return { at, found: [...others, ...ignore.map(({ path }) => chosenLeaf(at + path))] };
}

function isIgnored(ignore: readonly Exclusion[], inside: string): boolean {
  return ignore.some(({ path }) => inside === path || inside.startsWith(`${path}/`));
}

type Ran = ReadonlyMap<string, DeclaredLeaf>;

/** The leaves of an object as the server would store it, by path within it; the status if it does not take that name. */
async function dryRun(
  api: ApiServer,
  resource: Resource,
  object: TreeMap,
  home: string,
): Promise<Ran | number> {
  const metadata = mapAt(object, 'metadata') ?? new Map<string, never>();
  const namespace = resource.namespaced ? (textAt(metadata, 'namespace') ?? home) : '';
  const name = `tallystick-${randomBytes(6).toString('hex')}`;
  const query = new URLSearchParams({
    dryRun: 'All',
    fieldManager: 'tallystick-defaults',
    fieldValidation: 'Strict',
    force: 'true',
  });
  const renamed = new Map([...object, ['metadata', new Map([...metadata, ['name', name]])] as const]);
  const { status, body } = await api.ask({
    path: `${objectUrl(resource, namespace, name)}?${query.toString()}`,
    dryRunApply: jsonOf(renamed),
  });
  if (status === 422) return status;
  const shown = mapAt(body);
  if ((status !== 200 && status !== 201) || shown === undefined)
    throw api.refusal(
      status,
      `a dry run of ${resource.kind} (it needs create and patch on the kind, and its namespace)`,
    );
  const { at, leaves } = leavesOfObject(shown);
  return new Map(leaves.map((leaf) => [leaf.path.slice(at.length), leaf]));
}

/** Refuses `config-invalid` for a declared leaf that the server changes or does not keep: the live object never has it. */
function assertKept(
  at: string,
  { apiVersion, kind }: Resource,
  declared: Ran,
  ran: Ran,
  ignore: readonly Exclusion[],
): void {
  const leaves = new Map(
    [...declared]
      .filter(([inside]) => inside !== '/metadata/name')
      .map(([inside, leaf]) => [inside, declaredValue(leaf.value)]),
  );
  const wanted = { apiVersion, kind, namespace: '', name: '', leaves, defaults: new Map() };
  const { changed, absent } = compareObject(
    wanted,
    { leaves: ran },
    {
      knowsDefaults: false,
      key: undefined,
      ignores: (inside) => isIgnored(ignore, inside),
      declaredAt: at,
    },
  );
  const [inside] = [...changed, ...absent];
  if (inside === undefined) return;
  throw refuse(
    'config-invalid',
    `the API server changes ${printable(at + inside)} of what is declared, so the live object never is as declared: declare what it makes ` +
      '(`kubectl apply --dry-run=server -o yaml`), or ignore that path',
  );
}
