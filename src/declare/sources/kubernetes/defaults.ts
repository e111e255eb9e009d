/**
 * Leaves that an API server adds to declared objects: `commit kubernetes --defaults` finds them in a dry run and commits
 * them beside the declaration, below one step that names the server's minor version (`/defaults:v1.36/apps~1v1/…`). No
 * apiVersion has a colon. A value that the server chooses anew each time is committed as unknown.
 */
import { refuse } from '../../../bytes/refusal.ts';
import type { DeclaredLeaf } from '../../leaf.ts';
import { encodeCbor } from '../../../bytes/cbor.ts';

/** The step, with the version as its first group. */
export const DEFAULTS_STEP = /^defaults:(v[0-9]{1,3}\.[0-9]{1,4})$/;

/** Path of a default leaf. `path`: that of the leaf in a declaration. */
export function defaultsPath(minor: string, path: string): string {
  const step = `defaults:${minor}`;
  if (!DEFAULTS_STEP.test(step)) throw refuse('malformed-payload', 'the API server names no version');
  return `/${step}${path}`;
}

/** The volume that a Pod gets, under another name each time (k8s.io/kubernetes v1.36, plugin/pkg/admission/serviceaccount). */
const TOKEN_VOLUME = /^(\/spec\/volumes\/name=kube-api-access-)[a-z0-9]{5}(?=\/|$)/;

/** A path within an object, with a name that the server makes up replaced by one that stands for all of them. */
export function withoutChosenName(inside: string): string {
  return inside.replace(TOKEN_VOLUME, '$1*');
}

/** The value of a leaf that the server chooses. */
const CHOSEN = encodeCbor(new Map([['unknown', true]]));
/** The value of a declared leaf that the server does not keep, since it is what is there without it. */
const DROPPED = encodeCbor(new Map([['dropped', true]]));

/** What servers give out one by one, of each kind. A dry run may show the same one twice, since it gives nothing out. */
const GIVEN_OUT: ReadonlyMap<string, RegExp> = new Map([
  ['Service', /^\/spec\/(?:clusterIP|clusterIPs(?:\/.*)?|healthCheckNodePort|ports\/[^/]+\/nodePort)$/],
]);

/** Whether servers give a value out, one to each object. */
export function isGivenOut(kind: string, inside: string): boolean {
  return GIVEN_OUT.get(kind)?.test(inside) === true;
}

type Ran = ReadonlyMap<string, DeclaredLeaf>;

function named(run: Ran): Ran {
  return new Map([...run].map(([inside, leaf]) => [withoutChosenName(inside), leaf]));
}

/**
 * The defaults of one object: what a dry run has besides the declared leaves. `first` and `second`: the leaves of two dry
 * runs, by path within the object; what differs between the two is chosen by the server.
 */
export function defaultLeaves(
  declared: ReadonlyMap<string, DeclaredLeaf>,
  firstRun: Ran,
  secondRun: Ran,
  { kind, pathOf }: { readonly kind: string; readonly pathOf: (inside: string) => string },
): readonly DeclaredLeaf[] {
  const [first, second] = [named(firstRun), named(secondRun)];
  const leaves: DeclaredLeaf[] = [];
  const add = (inside: string, value: Uint8Array): void =>
    void leaves.push({ path: pathOf(inside), value, sensitive: false });
  for (const inside of new Set([...first.keys(), ...second.keys()])) {
    if (declared.has(inside)) continue;
    const [one, other] = [first.get(inside), second.get(inside)];
    const same =
      !isGivenOut(kind, inside) && one !== undefined && other !== undefined && isSame(one.value, other.value);
    add(inside, same ? one.value : CHOSEN);
  }
  for (const inside of declared.keys()) {
    const isThere = [...first.keys(), ...second.keys()].some(
      (path) => path === inside || path.startsWith(`${inside}/`),
    );
    if (!isThere) add(inside, DROPPED);
  }
  return leaves;
}

/** A leaf that may have any value, and anything below it. */
export function chosenLeaf(path: string): DeclaredLeaf {
  return { path, value: CHOSEN, sensitive: false };
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
