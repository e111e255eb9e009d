/** Containers that run against those that a commitment declares: by image, and which run that nobody declared. */
import type { Value, ValueMap } from '../../claim/value.ts';
import type { Withheld } from '../../claim/withheld.ts';
import { digestIn } from '../cri/images.ts';
import { nameOrWithheld } from '../harmless.ts';
import type { Container, Image } from './answers.ts';
import type { Declared, Wanted } from './declared.ts';

type State = 'same' | 'differing' | 'undeclared' | 'unpinned' | 'unresolved' | 'beside';

/** What a claim says of the containers that it is about. */
export interface Scope {
  readonly names: ReadonlySet<string> | undefined;
  /** Containers that may run besides the declared ones. */
  readonly beside: ReadonlySet<string>;
  /** Whether only containers of the project count. */
  readonly projectAlone: boolean;
}

export interface Compared {
  readonly counts: ValueMap;
  readonly differing: readonly Value[];
  readonly undeclared: readonly Value[];
  readonly missing: readonly Value[];
  readonly compared: { readonly declared: number; readonly compared: number; readonly excluded: number };
  readonly withheld: readonly Withheld[];
}

/** `imageOf`: an image by the digest that a container has as its image; undefined where the engine does not have it. */
export function comparedContainers(
  containers: readonly Container[],
  wanted: Wanted,
  { names, beside, projectAlone }: Scope,
  imageOf: (id: string) => Image | undefined,
  mark: (name: string) => string,
): Compared {
  const counts: Record<State, number> = {
    same: 0,
    differing: 0,
    undeclared: 0,
    unpinned: 0,
    unresolved: 0,
    beside: 0,
  };
  const lists = { differing: new Array<Value>(), undeclared: new Array<Value>() };
  const seen = new Set<Declared>();
  const up = new Set<Declared>();
  const pods = infrastructureOf(containers, wanted);
  for (const container of containers) {
    const { name, created: since } = container;
    if (names !== undefined && !names.has(name)) continue;
    const own = wanted.declared.filter(({ matches }) => matches(name));
    if (own.length === 0 && projectAlone && wanted.within?.(name) !== true) continue;
    const isBeside = own.length === 0 && (beside.has(name) || pods.has(container.id));
    const state = isBeside ? 'beside' : stateOf(container, own, imageOf(container.image));
    counts[state] += 1;
    for (const each of own) seen.add(each);
    if (isUp(container)) for (const each of own) up.add(each);
    if (state === 'undeclared') lists.undeclared.push({ mark: mark(name), since: timeOf(since) });
    if (state === 'differing')
      lists.differing.push({ container: nameOrWithheld(name), since: timeOf(since) });
  }
  const missing = wanted.declared
    .filter(
      (each) => !each.optional && !up.has(each) && (names === undefined || [...names].some(each.matches)),
    )
    .map(({ name }) => nameOrWithheld(name));
  const compared = counts.same + counts.differing;
  return {
    counts: { ...counts, compared },
    ...lists,
    missing,
    compared: { declared: wanted.declared.length, compared: seen.size, excluded: 0 },
    withheld: withheldOf(counts, compared, wanted.closed && names === undefined),
  };
}

/** One that is paused, or that is started again and again, does not run. */
function isUp({ running, paused, restarting }: Container): boolean {
  return running && !paused && !restarting;
}

/** A time of an engine, to the second. */
export function timeOf(text: string): string | null {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.exec(text)?.[0] ?? null;
}

/**
 * The containers that hold the namespaces of Podman's pods (`<id>-infra`), where a declared container joins one. By its name alone
 * anybody's container would be one.
 */
function infrastructureOf(containers: readonly Container[], wanted: Wanted): ReadonlySet<string> {
  const joined = new Set<string>();
  for (const { name, host } of containers) {
    if (!wanted.declared.some(({ matches }) => matches(name))) continue;
    for (const mode of [host.network, host.ipc])
      if (mode?.startsWith('container:') === true) joined.add(mode.slice('container:'.length));
  }
  return new Set(
    containers
      .filter(({ id, name }) => joined.has(id) && /^[0-9a-f]{12}-infra$/.test(name))
      .map(({ id }) => id),
  );
}

function stateOf(container: Container, own: readonly Declared[], image: Image | undefined): State {
  if (own.length === 0) return 'undeclared';
  const digests = digestsOf(container, image);
  // Two declared things of one name: each says what may run there, so all of them must agree.
  const states = own.map((each) => stateAgainst(digests, each));
  return (['differing', 'unresolved', 'unpinned'] as const).find((each) => states.includes(each)) ?? 'same';
}

interface Digests {
  readonly known: ReadonlySet<string>;
  /** Whether a digest of a registry is among them: of an image that was built here there is none. */
  readonly registered: boolean;
}

function digestsOf(container: Container, image: Image | undefined): Digests {
  const registered = (image?.digests ?? []).map(digestIn).filter((each) => each !== undefined);
  const others = [container.image, container.manifest, image?.id, image?.target].map((each) =>
    each === undefined ? undefined : digestIn(each),
  );
  return {
    known: new Set([...registered, ...others.filter((each) => each !== undefined)]),
    registered: registered.length > 0,
  };
}

function stateAgainst({ known, registered }: Digests, wanted: Declared): State {
  if (wanted.unpinned) return 'unpinned';
  for (const each of wanted.digests) if (known.has(each)) return 'same';
  // An engine that knows another digest may know the manifest of its platform, of which the declared index is one name more.
  const isTold = wanted.complete === 'all' ? known.size > 0 : wanted.complete === 'registered' && registered;
  return isTold ? 'differing' : 'unresolved';
}

const cut = (name: string, reason: string): Withheld => ({ path: `/${name}`, reason, only: 'members' });

function withheldOf(
  { unpinned, unresolved }: Readonly<Record<State, number>>,
  compared: number,
  closed: boolean,
): readonly Withheld[] {
  const found: Withheld[] = [];
  if (unpinned > 0)
    found.push(
      cut('differing', `${unpinned} containers are declared by a tag without a digest: commit @sha256:…`),
    );
  if (unresolved > 0)
    found.push(
      cut(
        'differing',
        `the engine knows ${unresolved} images by another digest, which may be that of their platform, or by none: name with platforms which digests stand for the declared one`,
      ),
    );
  if (compared === 0)
    for (const name of ['differing', 'undeclared'])
      found.push(cut(name, 'no declared container with a digest that could be compared runs here'));
  if (!closed) found.push(cut('undeclared', 'the claim names its containers, so no others were looked for'));
  return found;
}
