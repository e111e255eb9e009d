/** What a result discloses to everybody: the leaves that it names, as a tree of maps. Pure. */
import { decodeCbor } from '../bytes/cbor.ts';
import { Refusal } from '../bytes/refusal.ts';
import { nameOf } from '../claim/judge.ts';
import { unescaped, type Value, type ValueMap } from '../claim/value.ts';
import type { Claim } from '../statement/commitment.ts';
import type { Result, RuntimeProof } from '../statement/proof.ts';

/** Below the probe's name. Undefined if there is none. A list that is not disclosed whole looks like no list. */
export function disclosedIn(
  proof: Pick<RuntimeProof, 'disclosed'>,
  { leaves = [] }: Pick<Result, 'leaves'>,
  { probe }: Pick<Claim, 'probe'>,
): ValueMap | undefined {
  const named = new Set<number>(leaves);
  const shown = proof.disclosed?.filter(({ index }) => named.has(index)) ?? [];
  const facts: Branch = new Map();
  for (const { path, value } of shown) {
    // The first step of a leaf's path is the claim that its run was named after.
    const [, , ...steps] = path.split('/').map(unescaped);
    const scalar = value instanceof Uint8Array ? scalarOf(value) : undefined;
    if (scalar !== undefined && steps[0] === nameOf(probe)) putLeaf(facts, steps, scalar);
  }
  return facts.size === 0 ? undefined : mapOf(facts);
}

/** A tree while it is made. */
type Branch = Map<string, Branch | Scalar>;

function putLeaf(tree: Branch, steps: readonly string[], value: Scalar): void {
  let at = tree;
  for (const step of steps.slice(0, -1)) {
    const known = at.get(step);
    const below: Branch = known instanceof Map ? known : new Map();
    at.set(step, below);
    at = below;
  }
  at.set(steps.at(-1) ?? '', value);
}

/** `Object.fromEntries` makes own members of all names, `__proto__` too. */
function mapOf(tree: Branch): ValueMap {
  return Object.fromEntries(
    Array.from(tree, ([name, below]): [string, Value] => [name, below instanceof Map ? mapOf(below) : below]),
  );
}

type Scalar = string | number | boolean | null;

/** An agent wrote the leaf, so it may hold bytes that are no CBOR. */
function scalarOf(bytes: Uint8Array): Scalar | undefined {
  try {
    const value = decodeCbor(bytes);
    const isScalar =
      value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
    return isScalar ? value : undefined;
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}
